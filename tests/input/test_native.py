"""The accelerator, an optimisation that may say "not me": whatever it takes, the full parser gives the same event."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from kittiwake.batch.counts import Counts
from kittiwake.batch.intake import Intake
from kittiwake.batch.native.gathering import kept_events
from kittiwake.batch.replay import HELD_BYTES, replay
from kittiwake.batch.settings import RunSettings
from kittiwake.input import events
from kittiwake.input.bulk import Table, read_tables
from kittiwake.input.events import parse_event
from kittiwake.input.lines import Block, TextLines
from kittiwake.input.native import blocks as native
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.model import DeadLetter, Event
from kittiwake.output.rows import Mode
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load, load_files
from kittiwake.time.instants import parse_instant
from kittiwake.values import canonical, parse_sound
from tests.accelerator import needed
from tests.input.damaged_records import OTHER, PLAIN, TIMES, damaged
from tests.input.inputs import DEAD, GOOD, RULES, record, write_lines, write_rules
from tests.input.shaped import CLOUDEVENTS, SEGMENT, as_cloudevent, as_segment

START_US = parse_instant("2026-11-02T00:00:00Z")
LATEST_US = START_US + events.AHEAD_MAX_US
EXPORTS = Path(__file__).parent / "exports"

ITEM = PLAIN.replace(b'"contact_id"', b'"item_id"')
ODD = (
    PLAIN.replace(b'"p1"', b'"\xf0\x9f\x90\xa6 \xe2\x80\xa8"'), PLAIN.replace(b'"p1"', rb'"\u00e9\n\"\\\/"'),
    PLAIN.replace(b"cart.item_added", b"b\xc3\xa9"), PLAIN.replace(b'"c1"', b'"' + b"\xc3\xa9" * 128 + b'"'),
    PLAIN.replace(b",", b" , ").replace(b":", b" : ", 9), PLAIN + b"\r", b"\xef\xbb\xbf" + PLAIN, PLAIN + b" \t",
    PLAIN.replace(b"68.74", b"-0.10"), PLAIN.replace(b"68.74", b"01"), PLAIN.replace(b'"deep":{', b'"deep":{"":'),
)  # fmt: skip
RECORDS = [
    PLAIN, OTHER, ITEM, *ODD, *(one for one in DEAD.values() if len(one) < 10_000),
    *(record(time=time) for time in TIMES), as_segment(GOOD), as_cloudevent({**GOOD, "event_id": "/shop e1"}),
    *(line for path in sorted(EXPORTS.glob("*.jsonl")) for line in path.read_bytes().splitlines()[:3]),
]  # fmt: skip
"""Every shape of record that the tests have."""


@pytest.fixture(params=[15, pytest.param(3_000, marks=pytest.mark.nightly)])
def blocks(request: pytest.FixtureRequest, seed: int) -> Iterator[list[bytes]]:
    """Blocks of records, most of them damaged."""
    dice = random.Random(seed)
    return ([_drawn(dice) for _ in range(dice.choice((1, 2, 40, 200)))] for _ in range(request.param))


def _drawn(dice: random.Random) -> bytes:
    """A record as a producer would write it, damaged in its text or in its bytes, or made of two."""
    kind = dice.randrange(6)
    if kind == 0:
        return dice.choice(RECORDS)
    if kind == 1:
        return damaged(dice)
    if kind == 2:
        return _rewritten(dice)
    if kind == 3:
        one, other = dice.choice(RECORDS), dice.choice(RECORDS)
        return one[: dice.randrange(len(one) + 1)] + other[dice.randrange(len(other) + 1) :]
    raw = bytearray(dice.choice(RECORDS))
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(raw))
        raw[at : at + dice.randint(0, 2)] = bytes(
            dice.choices(b'{}[]",:\\u0123456789aeE+-. \t\r\x00\x1f\x7f\xc3\xa9\xff')
        )
    return bytes(raw).replace(b"\n", b" ")


def _rewritten(dice: random.Random) -> bytes:
    """Fields in another order, of another length, twice, null, or of another kind."""
    fields: list[tuple[str, Any]] = list(json.loads(dice.choice((PLAIN, OTHER, ITEM))).items())
    dice.shuffle(fields)
    for _ in range(dice.randint(0, 2)):
        name, _ = dice.choice(fields)
        value = dice.choice([None, "", "x" * 127, "é" * 128, "x" * 129, 5, {}, {"a": [[{}]]}, [], "a.b", "a..b", "a*"])
        fields.insert(dice.randrange(len(fields) + 1), (name, value))
    if dice.random() < 0.5:
        del fields[dice.randrange(len(fields))]
    separators = dice.choice([(",", ":"), (", ", ": ")])
    texts = [json.dumps({name: value}, ensure_ascii=False, separators=separators)[1:-1] for name, value in fields]
    return ("{" + separators[0].join(texts) + "}").encode()


def _events_of(table: Table) -> Iterator[Event]:
    for account_id, contact_id, time_us, event_id, event_type, text in zip(*table, strict=True):
        yield Event(time_us, event_id, event_type, parse_sound(text), account_id, contact_id)


def _taken(lines: list[bytes]) -> tuple[list[Event], list[int]]:
    found = native.installed()
    assert found is not None
    bounds: Any = events.TIME_MIN_US, LATEST_US, lambda _: None
    of_lines = found.module.read_lines(lines, *bounds)
    assert found.module.read_text(b"\n".join(lines), *bounds) == of_lines
    columns, taken, newest_us, left, pairs, kept = of_lines
    assert kept == 0
    read = list(_events_of(Table(*columns)))
    assert taken == len(read) == len(lines) - len(left)
    assert newest_us == max((event.time_us for event in read), default=newest_us)
    assert set(pairs) == {(event.account_id, event.type) for event in read}
    return read, left


@needed
def test_what_it_takes_are_the_events_of_the_full_parser(blocks: Iterator[list[bytes]]) -> None:
    taken = 0
    for lines in blocks:
        read, left = _taken(lines)
        expected = [parse_event(line, "here", START_US) for at, line in enumerate(lines) if at not in set(left)]
        assert read == expected
        taken += len(read)
    assert taken


@needed
def test_ordinary_records_are_taken() -> None:
    """Or all would be right, and slow."""
    ordinary = [PLAIN, OTHER, PLAIN + b"\r", PLAIN.replace(b'"p1"', rb'"\u00e9\"\/"'), PLAIN.replace(b":", b": ", 5)]
    ordinary += [
        record(properties=...),
        PLAIN.replace(b"c1", b"\xc3\xa9" * 128),
        record(time="2026-11-01T10:00:00.25-05:30"),
    ]
    assert _taken(ordinary)[1] == []


@needed
@pytest.mark.parametrize("reason", DEAD)
def test_it_takes_no_dead_letter_and_no_event_that_nobody_may_have(reason: str) -> None:
    late = record(time="2026-11-02T00:10:00.000001Z")
    assert _taken([DEAD[reason], late, ITEM])[1] == [0, 1, 2] if reason != "time_in_future" else True


@needed
@pytest.mark.parametrize("shape", [CANONICAL, SEGMENT, CLOUDEVENTS], ids=str)
def test_intake_is_the_same_without_it(
    shape: InputShape, blocks: Iterator[list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Programs(load_files({"rules.yaml": RULES.encode()}, []))
    own, theirs = Counts(), Counts()
    settings = RunSettings(START_US, shape=shape)
    with_it, without = Intake(settings, programs, own), Intake(settings, programs, theirs)
    for lines in blocks:
        text = b"\n".join(lines)
        block = Block(1, TextLines(text), len(text))
        found = with_it.take("events.jsonl", block)
        with monkeypatch.context() as patched:
            patched.setattr(native, "installed", lambda: None)
            expected = without.take("events.jsonl", block._replace(lines=lines))
        assert _letters(found.dead_letters) == _letters(expected.dead_letters)
        assert _texts(found.table) == _texts(expected.table)
        assert _texts(found.items) == _texts(expected.items)
        assert own == theirs


def _texts(table: Table) -> list[tuple[str, ...]]:
    """Events as texts, in one order; that of their properties is their producer's, or the full parser's."""
    return sorted(
        (one.account_id, str(one.contact_id), str(one.time_us), one.event_id, one.type, canonical(one.properties))
        for one in _events_of(table)
    )


def _letters(dead: list[DeadLetter]) -> list[str]:
    return sorted(map(str, dead))


@needed
@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz", "events.jsonl.zst"])
def test_replay_writes_the_same_to_the_byte_without_it(
    name: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    lines = [*RECORDS, *(_drawn(dice).replace(b"e1", b"e%d" % dice.randrange(40)) for _ in range(400))]
    path = write_lines(tmp_path / name, lines)
    if path.suffix == ".zst":
        path.write_bytes(zstandard.compress(path.read_bytes()))
    programs = Programs(load(write_rules(tmp_path / "rules.yaml")))
    replay(programs, [str(path)], tmp_path / "with", RunSettings(START_US))
    monkeypatch.setattr(native, "installed", lambda: None)
    replay(programs, [str(path)], tmp_path / "without", RunSettings(START_US))
    assert _files(tmp_path / "with") == _files(tmp_path / "without")


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@needed
def test_only_wanted_types_are_kept_and_wants_are_asked_once_for_an_account_and_type() -> None:
    asked: list[str] = []

    def wants(account_id: str) -> frozenset[str]:
        asked.append(account_id)
        return frozenset({"page.viewed"})

    lines = [PLAIN, OTHER.replace(b"cart.item_added", b"page.viewed"), PLAIN]
    found = native.read_blocks(lines, events.TIME_MIN_US, LATEST_US, wants, wants)
    assert [event.type for event in _events_of(found.contacts.table)] == ["page.viewed"]
    assert (found.contacts.taken, asked) == (3, ["acme", "acme"])


@needed
def test_lines_of_which_all_are_taken_are_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = TextLines(b"\n".join([PLAIN, OTHER]))
    monkeypatch.setattr(TextLines, "cut", None)
    found = native.read_blocks(lines, events.TIME_MIN_US, LATEST_US, lambda _: None, lambda _: None)
    assert (found.contacts.taken, len(lines)) == (2, 2)


@needed
def test_what_is_wanted_is_asked_once_of_a_run_for_an_account_and_type(tmp_path: Path) -> None:
    asked: list[str] = []

    def wants(account_id: str) -> None:
        asked.append(account_id)

    kept = kept_events(Programs(load(write_rules(tmp_path / "rules.yaml"))), Mode.REPLAY, HELD_BYTES)
    assert kept is not None
    text = b"\n".join([PLAIN, OTHER.replace(b"cart.item_added", b"page.viewed"), PLAIN])
    for _ in range(3):
        _, taken, _, left, pairs, _ = kept.keeping.read_text(text, events.TIME_MIN_US, LATEST_US, wants)
        assert (taken, left) == (3, [])
        assert pairs == [("acme", "cart.item_added"), ("acme", "page.viewed")]
    assert asked == ["acme", "acme"]


def test_without_it_python_reads_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "installed", lambda: None)
    wanted: Any = lambda _: None  # noqa: E731
    found = native.read_blocks([PLAIN, b"{", ITEM], events.TIME_MIN_US, LATEST_US, wanted, wanted)
    expected = read_tables([PLAIN, b"{", ITEM], events.TIME_MIN_US, LATEST_US, wanted, wanted)
    assert [one.table for one in found] == [one.table for one in expected]
    assert native.described() == ""


ASK = """
import sys, types
module = types.ModuleType("kittiwake_native")
module.__version__, module.FORM, module.read_lines = "9.0", int(sys.argv[1]), None
sys.modules["kittiwake_native"] = module
from kittiwake.cli.main import app
app(["--version"])
"""


@pytest.mark.parametrize(
    ("form", "switch", "said"),
    [
        (native.FORM, "1", "(kittiwake-native 9.0)"),
        (native.FORM, "0", "(kittiwake-native 9.0, off by KITTIWAKE_NATIVE=0)"),
        (native.FORM, " Off", "(kittiwake-native 9.0, off by KITTIWAKE_NATIVE=off)"),
        (
            99,
            "1",
            f"(kittiwake-native 9.0, not used: it answers in form 99, and this release reads form {native.FORM})",
        ),
    ],
)
def test_the_version_says_which_is_in_use(form: int, switch: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.SWITCH, switch)
    command = [sys.executable, "-c", ASK, str(form)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.rstrip().endswith(said)
