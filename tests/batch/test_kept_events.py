"""Contacts that the accelerator keeps and decides: whatever it takes, a run without it writes the same bytes."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any, Self

import pytest

from kittiwake.batch import replay as driver
from kittiwake.batch.counts import Counts
from kittiwake.batch.deciding.lines import cut, lines_of
from kittiwake.batch.event_rows import Row
from kittiwake.batch.gathering import Gathering, Undecided
from kittiwake.batch.native import gathering as kept
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.input.bulk import Table
from kittiwake.input.native import blocks as native
from kittiwake.output.formats import Format
from kittiwake.output.rows import Mode
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant, parse_instant
from tests.accelerator import needed
from tests.batch.known_worlds import known_world
from tests.input.shaped import CLOUDEVENTS, as_cloudevent

FIRST_US = parse_instant("2026-09-01T00:00:00Z")
START_US = parse_instant("2026-11-02T00:00:00Z")

TYPES = ("a", "b", "c", "contact.updated", "page.viewed")
MATCHES: tuple[Any, ...] = ("a", "b", ["a", "b"], ["a", "c"], {"event": "c"})
WAITS: tuple[Any, ...] = ("30m", "1h", ["30m", "1h"], ["15m", "45m", "90m"])
CONTACTS = (
    "c1",
    "c2",
    "c3",
    "c4",
    "c5",
    "é 🐦",
    "\u2028",
    "\u0085",
    'a "b"',
    "\\",
    "\x7f",
    "c6/",
    "contact-1",
    "contact-10",
    "contact-2",
)
ACCOUNTS = ("acme", "globex", "other", "née", "\u2029")
PROPERTIES: tuple[dict[str, Any], ...] = (
    {}, {"k": 1}, {"k": 1.5, "note": "é"}, {"timezone": "Europe/Paris"}, {"timezone": "Mars"}, {"k": "\u2028\\"},
)  # fmt: skip
LIMITS = ("", "", "policy: {retention: 30d}\n")


def _rules(dice: random.Random, account_id: str, file: int) -> bytes:
    rules = []
    for number in range(dice.randint(1, 3)):
        rule = {"id": f"r{file}{9 - number}", "when": dice.choice(MATCHES), "wait": dice.choice(WAITS)}
        if dice.random() < 0.7:
            rule["unless"] = dice.choice(MATCHES)
        if dice.random() < 0.1:
            rule["include"] = {"value": "k"}
        if dice.random() < 0.1:
            rule["variants"] = {"control": 50, "new": 50}
        rules.append(rule)
    more = dice.choice(LIMITS)
    return (f"account: {json.dumps(account_id)}\n{more}rules: {json.dumps(rules)}\n").encode()


def drawn_programs(dice: random.Random) -> Programs:
    accounts = dice.sample(("*", *ACCOUNTS[:2]), dice.randint(1, 3))
    files = {f"{number}.yaml": _rules(dice, account_id, number) for number, account_id in enumerate(accounts)}
    return Programs(load_files(files, []))


def _event(dice: random.Random, number: int, days: int) -> dict[str, Any]:
    """On a coarse grid, most moved a little so that no two of a contact share an instant."""
    moved = number if dice.random() < 0.95 else 0
    time_us = FIRST_US + dice.randrange(days) * DAY_US + dice.randrange(96) * 15 * MINUTE_US + moved
    is_ending = dice.random() < 0.01
    return {
        "event_id": f"e{number}" if dice.random() < 0.97 else dice.choice(["e1", "e2", "\u2028", '"']),
        "account_id": dice.choice(ACCOUNTS),
        "contact_id": dice.choice(CONTACTS),
        "type": "contact.deleted" if is_ending else dice.choice(TYPES),
        "time": format_instant(time_us),
        **({} if dice.random() < 0.3 else {"properties": dice.choice(PROPERTIES)}),
    }


def drawn_lines(dice: random.Random, number: int) -> list[bytes]:
    """Records as a producer writes them: some twice, some twice and otherwise, some late, some that are no events."""
    days = dice.choice((1, 2, 60))
    lines = []
    for at in range(number):
        event = _event(dice, at, days)
        copies = [event]
        if dice.random() < 0.05:
            copies.append(event)
        if dice.random() < 0.02:
            copies.append({**event, "properties": {"k": at}})
        if dice.random() < 0.02:
            copies.append({**event, "time": format_instant(FIRST_US + at)})
        lines += [json.dumps(one, ensure_ascii=dice.random() < 0.1).encode() for one in copies]
        if dice.random() < 0.02:
            lines.append(dice.choice([b"{", b"", b'{"event_id":""}', lines[-1].replace(b'"time"', b'"when"')]))
    dice.shuffle(lines)
    return lines


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _both(folder: Path, dice: random.Random, events: int, written: Format = Format.JSONL) -> None:
    """Decide the same lines with it and without; both write the same."""
    programs, source = drawn_programs(dice), folder / "events.jsonl"
    source.write_bytes(b"\n".join(drawn_lines(dice, events)))
    until_us = dice.choice((None, FIRST_US + 5 * HOUR_US, FIRST_US + 2 * DAY_US, FIRST_US + 90 * DAY_US))
    _compare(programs, source, folder, RunSettings(START_US, until_us), written)


def _compare(
    programs: Programs, source: Path, folder: Path, settings: RunSettings, written: Format = Format.JSONL
) -> None:
    replay(programs, [str(source)], folder / "with", settings, written=written)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(native, "installed", lambda: None)
        replay(programs, [str(source)], folder / "without", settings, written=written)
    assert files_of(folder / "with") == files_of(folder / "without")


@needed
@pytest.mark.parametrize("runs", [12, pytest.param(1_000, marks=pytest.mark.nightly)])
def test_a_run_writes_the_same_bytes_without_it(
    runs: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    decided = count_lines(monkeypatch)
    for number in range(runs):
        folder = tmp_path / str(number)
        folder.mkdir()
        _both(folder, dice, dice.choice((1, 30, 400)))
    assert len(decided) > runs / 4, "hardly any contact was decided by it: all would be right, and slow"


def count_lines(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many contacts the accelerator has decided at once, each time."""
    found: list[int] = []

    class Counted(kept.Lines):
        def __new__(cls, all: bytes, fired: bytes, contacts: int, rows: int) -> Self:  # noqa: A002
            found.append(contacts)
            return super().__new__(cls, all, fired, contacts, rows)

    monkeypatch.setattr(kept, "Lines", Counted)
    return found


@needed
@pytest.mark.parametrize("runs", [3, pytest.param(300, marks=pytest.mark.nightly)])
def test_events_that_python_has_read_are_decided_by_it_to_the_same_bytes(
    runs: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    decided = count_lines(monkeypatch)
    for number in range(runs):
        folder = tmp_path / str(number)
        folder.mkdir()
        source = folder / "events.jsonl"
        source.write_bytes(b"\n".join(map(_shaped, drawn_lines(dice, dice.choice((30, 400))))))
        monkeypatch.setattr(driver, "HELD_BYTES", dice.choice((3_000, 10**9)))
        _compare(drawn_programs(dice), source, folder, RunSettings(START_US, shape=CLOUDEVENTS))
    assert sum(decided) > runs


def _shaped(text: bytes) -> bytes:
    """A CloudEvent, if a text is an event."""
    try:
        event = json.loads(text)
        return as_cloudevent({**event, "event_id": f"/shop {event['event_id']}"})
    except (ValueError, KeyError):
        return text


@needed
def test_tables_hold_the_same_rows_without_it(seed: int, tmp_path: Path) -> None:
    _both(tmp_path, random.Random(seed), 400, Format.PARQUET)


PLAIN = 'account: "*"\nrules: [{id: carts, when: a, wait: [1h, 2h], unless: b}]'


def _read(programs: Programs, lines: list[bytes]) -> kept.KeptEvents:
    events = kept.kept_events(programs, Mode.REPLAY, 10**9)
    assert events is not None
    columns, *_, number = events.keeping.read_lines(lines, 0, START_US, programs.wanted)
    assert columns[0] == []
    assert number == events.rows == len(lines)
    return events


def line(number: int, event_type: str = "a", minutes: int = 0) -> bytes:
    time = format_instant(FIRST_US + minutes * MINUTE_US)
    fields = {"event_id": f"e{number}", "account_id": "acme", "contact_id": f"c{number % 3}", "type": event_type}
    return json.dumps({**fields, "time": time}).encode()


@needed
def test_ordinary_contacts_are_decided_by_it_in_their_order_and_counted() -> None:
    programs, counts = Programs(load_files({"rules.yaml": PLAIN.encode()}, [])), Counts()
    lines = [line(5), line(4), line(3), line(3), line(6, "contact.updated", 10), line(8, "b", 90)]
    with Gathering(1_000_000) as gathering:
        (found,) = _read(programs, lines).by_contact(gathering, FIRST_US + 100 * MINUTE_US, counts)
    assert isinstance(found, kept.Lines)
    assert found.all == found.fired
    rows = [json.loads(line) for line in found.all.splitlines()]
    assert [(row["contact_id"], row["reminder"]) for row in rows] == [("c0", 0), ("c1", 0), ("c2", 0)]
    assert (found.contacts, found.rows, counts.contacts, counts.duplicates) == (3, 6, 3, 1)
    assert {verdict.rule_id: number for verdict, number in counts.verdicts.items()} == {"carts": 3}
    assert {rule.rule_id: one.number for rule, one in counts.pending.items()} == {"carts": 2}


@needed
def test_a_contact_of_which_python_has_read_an_event_is_left_to_python_whole() -> None:
    programs = Programs(load_files({"rules.yaml": PLAIN.encode()}, []))
    with Gathering(1_000_000) as gathering:
        events = _read(programs, [line(0), line(1), line(2), line(4)])
        gathering.add(_table("acme", "c1"))
        found = list(events.by_contact(gathering, START_US, Counts()))
    assert [type(one) for one in found] == [kept.Lines, Undecided, kept.Lines]
    assert isinstance(found[1], Undecided)
    assert sorted(row[1] for row in found[1].rows) == ["e1", "e4", "other"]


@needed
def test_of_a_table_those_events_are_kept_that_a_line_would_have_as_they_are() -> None:
    programs = Programs(load_files({"rules.yaml": PLAIN.encode()}, []))
    texts = [b"{}", b'{"k":1e3}', b'{"k":"\\n"}', b'{"k": 1}', b'{"k":[' + b"[" * 40 + b"]" * 41 + b"}"]
    number = len(texts)
    table = Table(["acme"] * number, [*"vwxyz"], [FIRST_US] * number, [*"vwxyz"], ["a"] * number, texts)
    events = kept.kept_events(programs, Mode.REPLAY, 10**9)
    assert events is not None
    left = events.add(table)
    assert (left.contact_ids, left.properties) == (["w", "z"], [texts[1], texts[4]])
    assert (events.rows, events.add(left)) == (3, left)


@needed
def test_a_contact_is_left_to_python_whole_if_an_event_that_python_has_read_is_not_kept() -> None:
    programs = Programs(load_files({"rules.yaml": PLAIN.encode()}, []))
    events = _read(programs, [line(0), line(1)])
    with Gathering(1_000_000) as gathering:
        for text in (b"{}", b'{"k":1e3}'):
            gathering.add(events.add(_table("acme", "c1")._replace(properties=[text])))
        found = list(events.by_contact(gathering, START_US, Counts()))
    assert [type(one) for one in found] == [kept.Lines, Undecided]
    assert isinstance(found[1], Undecided)
    assert sorted((row[1], row[3]) for row in found[1].rows) == [
        ("e1", b"{}"),
        ("other", b'{"k":1e3}'),
        ("other", b"{}"),
    ]


def _table(account_id: str, contact_id: str) -> Table:
    """One event that was read by Python."""
    return Table([account_id], [contact_id], [FIRST_US], ["other"], ["a"], [b"{}"])


def test_rows_that_show_more_than_goes_into_gaps_are_not_written_by_it() -> None:
    for more, is_written in (("include: {value: k}", True), ("variants: {control: 50, new: 50}", False)):
        rules = f"account: acme\nrules: [{{id: r, when: a, wait: 1h, {more}}}]"
        program = Programs(load_files({"rules.yaml": rules.encode()}, [])).plan("acme").versions.newest
        assert (lines_of(program, Mode.REPLAY) is not None) is is_written


def test_a_text_is_cut_only_where_each_mark_stands_once() -> None:
    marks = {"id": "<1>", "count": "<2>"}
    assert cut(b"a<1>b<2>", marks) == ([b"a", b"b", b""], ["id", "count"])
    for text in (b"a<1>b", b"a<1>b<2><2>", b"ab"):
        assert cut(text, marks) is None


def test_it_keeps_nothing_where_it_is_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = Programs(load_files({"rules.yaml": PLAIN.encode()}, []))
    found = native.Accelerator("1", "off by KITTIWAKE_NATIVE=0", None)
    monkeypatch.setattr(native, "installed", lambda: found)
    assert kept.kept_events(programs, Mode.REPLAY, 10**9) is None


# ---------------------------------------------------------------- all rules that it knows


@needed
@pytest.mark.parametrize("worlds", [12, pytest.param(2_000, marks=pytest.mark.nightly)])
def test_a_run_by_any_rules_that_it_knows_writes_the_same_bytes_without_it(
    worlds: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided = count_lines(monkeypatch)
    for number in range(worlds):
        folder = tmp_path / str(number)
        folder.mkdir()
        dice = random.Random(f"{seed} {number}")
        of = known_world(dice.randrange(1_000_000))
        histories = [of.rows, *(known_world(dice.randrange(1_000_000)).rows for _ in range(3))]
        if dice.random() < 0.5:
            of.document["policy"]["channels"] = {"email": {"frequency": [{"max": 2, "per": "day"}]}}
            of.document["rules"][0]["channel"] = "email"
        source = folder / "events.jsonl"
        source.write_bytes(b"\n".join(lines_of_histories(dice, histories)))
        programs = Programs(load_files({"rules.json": json.dumps(of.document).encode()}, []))
        _compare(programs, source, folder, RunSettings(END_US, of.until_us))
        shutil.rmtree(folder)
    assert sum(decided) > worlds


END_US = parse_instant("2028-01-01T00:00:00Z")


def lines_of_histories(dice: random.Random, histories: list[list[Row]]) -> list[bytes]:
    """Events of several contacts in some order, a few of them twice, or with what a line may not show as it is."""
    odd = dice.choice(("Ünï", "Ünï", "\u2028", "\u0085"))
    lines = []
    for contact_id, rows in zip(dice.sample(CONTACTS, len(histories)), histories, strict=True):
        for time_us, event_id, event_type, properties in rows:
            fields = {"event_id": event_id, "account_id": "acme", "contact_id": contact_id, "type": event_type}
            opening = json.dumps({**fields, "time": format_instant(time_us)}, ensure_ascii=False)[:-1]
            text = opening + ',"properties":' + properties.decode().replace("Ünï", odd) + "}"
            lines += [text.encode()] * (2 if dice.random() < 0.03 else 1)
    dice.shuffle(lines)
    return lines
