"""What both hosts find and tell of rules and copies, though they run to the end: equal counts, equal words, exit 1."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from kittiwake.batch.counts import EXAMPLES_MAX
from kittiwake.kernel.late.deduplication import is_duplicate
from kittiwake.kernel.state.state import State
from kittiwake.model import Event, rest_of
from kittiwake.rules.publishing import publish as publishing
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import HOUR_US, parse_instant
from kittiwake.transforms.batch import evaluate
from tests.cli.command import Ran, kittiwake, write
from tests.input.inputs import as_sets, record, rows, write_lines
from tests.pipelines.running import Job
from tests.rules.published import BROKEN, checked_by_a_newer_release
from tests.stream.generated_cases import arrival_of_line

ACME = "account: acme\nrules: [{id: cart, when: cart.item_added}]\n"
GLOBEX = ACME.replace("acme", "globex")
ITEM = BROKEN.decode()
SHARED = 'account: "*"\nrules: [{id: shared, when: cart.item_added}]\n'


def by_replay(rules: Path, events: Path, tmp_path: Path, *flags: str) -> Ran:
    return kittiwake("replay", "--rules", rules, "--input", events, "--output", tmp_path / "replay", *flags)


def summaries(job: Job, events: Path, tmp_path: Path, *flags: str) -> dict[str, Any]:
    """What both hosts count, which has to be one; both have ended with findings, and decided the same."""
    ran, command = job(events, *flags), by_replay(job.rules, events, tmp_path, *flags)
    assert (ran.code, command.code) == (Exit.FINDINGS, 1), ran.err + command.err
    assert as_sets(tmp_path / "replay", without=["mode"]) == as_sets(ran.output, without=["mode"])
    of_job, of_replay = (json.loads((one / "summary.json").read_bytes()) for one in (ran.output, tmp_path / "replay"))
    for name in set(of_job) - {"mode", "start"}:
        assert of_job[name] == of_replay[name], name
    for text in of_job["findings"]:
        assert f"FINDING: {text}\n" in ran.out
        assert f"FINDING: {text}\n" in command.out
    return dict(of_job)


# ---------------------------------------------------------------- rules of one account


@pytest.fixture
def events(tmp_path: Path) -> Path:
    accounts = ["acme", "globex", "globex", "initech", "Globex"]
    lines = [record(event_id=f"e{n}", account_id=name, contact_id="c") for n, name in enumerate(accounts)]
    lines.append(record(event_id="z", account_id="globex", type="contact.updated", properties={"timezone": "?"}))
    return write_lines(tmp_path / "events.jsonl", [*lines, record(event_id="odd", account_id="globex", more=1)])


@pytest.mark.parametrize("bad", [GLOBEX.replace("when", "wen"), ITEM, GLOBEX + "policy: {"])
def test_events_of_an_account_whose_rules_are_refused_decide_nothing_and_are_counted(
    bad: str, job: Job, events: Path, tmp_path: Path
) -> None:
    job.rules = tmp_path / "rules"
    write(job.rules / "acme.yaml", ACME)
    write(job.rules / "globex.yaml", bad)
    write(job.rules / "all.yaml", SHARED)
    said = summaries(job, events, tmp_path)
    (refused,) = said["refused_accounts"]
    assert (refused["account_id"], refused["keeps"], refused["events"]) == ("globex", None, 4)
    assert "globex.yaml:" in refused["errors"][0]
    assert said["unknown_zones"] == {}
    fired = {(row["account_id"], row["rule_id"]) for row in said["decisions"]}
    assert fired == {("acme", "cart"), ("acme", "shared"), ("initech", "shared"), ("Globex", "shared")}
    assert (said["events"], said["contacts"], said["unneeded"]) == (7, 3, 0)


def test_strict_refuses_everything(job: Job, events: Path, tmp_path: Path) -> None:
    job.rules = tmp_path / "rules"
    write(job.rules / "acme.yaml", ACME)
    write(job.rules / "globex.yaml", ITEM)
    ran, command = job(events, "--strict"), by_replay(job.rules, events, tmp_path, "--strict")
    assert (ran.code, command.code) == (Exit.UNUSABLE, 2)
    assert "globex.yaml" in ran.err
    assert "globex.yaml" in command.err
    assert not ran.output.exists()


def test_explain_tells_the_story_of_the_others(events: Path, tmp_path: Path) -> None:
    write(tmp_path / "rules" / "acme.yaml", ACME)
    write(tmp_path / "rules" / "globex.yaml", ITEM)
    command = ("explain", "--rules", tmp_path / "rules", "--input", events, "--contact", "c", "--account")
    assert kittiwake(*command, "acme").code == 0
    refused = kittiwake(*command, "globex")
    assert refused.code == 2
    assert "globex.yaml" in refused.err


def newer_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rules be published that this release refuses to run."""
    monkeypatch.setattr(publishing, "checked", checked_by_a_newer_release)


def test_in_a_target_an_account_keeps_its_last_good_version(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, noon_us = LocalTarget(tmp_path / "target"), parse_instant("2026-11-01T12:00:00Z")
    first = {"acme.yaml": ACME.encode(), "globex.yaml": GLOBEX.encode()}
    newer_release(monkeypatch)
    before = publishing.publish(target, first, None, 0)
    second = {"acme.yaml": ACME.replace("id: cart", "id: new").encode(), "globex.yaml": ITEM.encode()}
    after = publishing.publish(target, second, noon_us, noon_us - HOUR_US)
    job.rules = tmp_path / "target"
    lines = [
        record(event_id=f"{name}-{hour}", account_id=name, time=f"2026-11-01T{hour}:00:00Z")
        for name in ("acme", "globex") for hour in (11, 13)
    ]  # fmt: skip
    said = summaries(job, write_lines(tmp_path / "events.jsonl", lines), tmp_path)
    fired = {(row["account_id"], row["rule_id"]): row["count"] for row in said["decisions"]}
    assert fired == {("acme", "cart"): 1, ("acme", "new"): 1, ("globex", "cart"): 2}
    (refused,) = said["refused_accounts"]
    assert (refused["keeps"], refused["events"]) == (before.version.ruleset.version, 0)
    assert refused["ruleset_version"] == said["ruleset_version"] == after.version.ruleset.version
    command = ("explain", "--rules", job.rules, "--input", tmp_path / "events.jsonl", "--contact", "c1", "--account")
    assert "cart fired 2 times" in kittiwake(*command, "globex").out


# ---------------------------------------------------------------- copies


def invoice(rows: int, same_time: bool = True, **more: Any) -> list[bytes]:
    return [
        record(
            event_id="536365", type="order.completed", properties={"sku": f"p{n}", "quantity": n % 3, **more},
            time=f"2026-11-01T10:{0 if same_time else n:02d}:00Z",
        )
        for n in range(rows)
    ]  # fmt: skip


def test_rows_of_an_invoice_under_its_number_are_a_finding_with_an_example(job: Job, tmp_path: Path) -> None:
    others = [record(event_id=f"e{n}", contact_id=f"c{n}") for n in range(40)]
    said = summaries(job, write_lines(tmp_path / "events.jsonl", [*invoice(5), *others]), tmp_path)
    assert (said["duplicates"], said["copies_differ"]) == (4, 4)
    assert said["copies_differ_examples"] == [
        {
            "account_id": "acme",
            "contact_id": "c1",
            "event_id": "536365",
            "differs": ["properties.quantity", "properties.sku"],
        }
    ]
    (text,) = said["findings"]
    assert text.startswith("4 of 45 events (9 %) were dropped as duplicates")
    assert "rows of an invoice" in text


def test_up_to_a_hundredth_of_the_events_it_is_told_and_no_finding(job: Job, tmp_path: Path) -> None:
    for number, code in ((98, Exit.FINE), (97, Exit.FINDINGS)):
        others = [record(event_id=f"e{n}", contact_id=f"c{n}") for n in range(number)]
        ran = job(write_lines(tmp_path / "events.jsonl", [*invoice(2), *others]))
        assert (ran.code, ran.summary.counts.copies_differ) == (code, 1)
        assert "1 of the duplicates say something else than the event that counts: for example 536365" in ran.out


def test_the_same_event_again_in_whatever_form_differs_in_nothing(job: Job, tmp_path: Path) -> None:
    line = record(properties={"a": 1, "b": [1.0, "é"]})
    again = (
        b'{"type":"cart.item_added","event_id":"e1","time":"2026-11-01T11:00:00+01","properties":'
        b'{"b":[1e0,"\\u00e9"],"a":1.00},"contact_id":"c1","account_id":"acme","more":7}'
    )
    ran = job(write_lines(tmp_path / "events.jsonl", [line, again, line, again]))
    assert ran.code == Exit.FINE
    assert (ran.summary.counts.duplicates, ran.summary.counts.copies_differ) == (3, 0)


@pytest.mark.parametrize("number", range(3))
def test_on_disk_in_memory_and_with_snapshots_the_same_copies_differ(
    number: int, seed: int, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed * 100 + number)
    events = some_events(rng)
    lines = [record(event_id=e.event_id, type=e.type, properties=e.properties, time=time_of(e)) for e in events]
    rng.shuffle(lines)
    path = write_lines(tmp_path / "events.jsonl", lines)
    said = summaries(job, path, tmp_path)
    assert said["copies_differ"] == by_hand(events)
    assert 0 < len(said["copies_differ_examples"]) <= EXAMPLES_MAX
    kept = summaries(job, path, tmp_path, "--snapshots")
    monkeypatch.setattr(evaluate.EvaluateHistories.__init__, "__defaults__", (0,))
    spilled = job(path, "--format", "jsonl").summary.counts
    for name in ("copies_differ", "copies_differ_examples", "duplicates"):
        assert said[name] == kept[name], name
    assert (spilled.copies_differ, spilled.duplicates) == (said["copies_differ"], said["duplicates"])
    assert [one._asdict() | {"differs": list(one.differs)} for one in spilled.duplicate_examples] == said[
        "copies_differ_examples"
    ]


CART = "cart.item_added"
TIMES = [f"2026-11-01T{time}:00Z" for time in ("10:00", "10:30", "11:00", "11:01", "12:30")]


def some_events(rng: random.Random) -> list[Event]:
    """Ids that come back at once, within the horizon of an hour and beyond it, the same and other."""
    return [
        Event(parse_instant(rng.choice(TIMES)), rng.choice("abcdef"), CART, {"n": rng.choice([1, 1, 2])})
        for _ in range(60)
    ]


def time_of(event: Event) -> str:
    return next(time for time in TIMES if parse_instant(time) == event.time_us)


def by_hand(events: list[Event]) -> int:
    """One event after the other, by time and rest: whatever is a copy of one that counts, and is not that one again."""
    counted: dict[str, Event] = {}
    state, number = State("c1"), 0
    for event in sorted(events, key=lambda one: (one.time_us, rest_of(one))):
        if is_duplicate(state, event, HOUR_US):
            number += counted[event.event_id] != event
        else:
            counted[event.event_id] = event
            state.counted.setdefault(event.type, {})[event.event_id] = event.time_us
    return number


# ---------------------------------------------------------------- time zones


def test_time_zones_that_are_none_are_counted_by_what_they_say_and_are_no_finding(job: Job, tmp_path: Path) -> None:
    names = ["Mars/Olympus", "+05:30", "+05:30", "europe/berlin", None, 5, "x" * 100, "\x1b[2J"]
    lines = [
        record(event_id=f"e{n}", contact_id=f"c{n}", type="contact.updated", properties={"timezone": name})
        for n, name in enumerate(names)
    ]
    lines.append(record(event_id="f", contact_id="f", type="contact.updated", properties={"tier": "gold"}))
    lines.append(lines[0].replace(b'"timezone"', rb'"time\u007aone"').replace(b"e0", b"e9"))
    ran = job(write_lines(tmp_path / "events.jsonl", lines))
    assert ran.code == Exit.FINE
    assert ran.summary.counts.unknown_zones == {
        "+05:30": 2, "5": 1, "Mars/Olympus": 2, "x" * 63 + "…": 1, "\x1b[2J": 1,
    }  # fmt: skip
    assert "7 that set a timezone which is no IANA zone: the account's is used instead" in ran.out
    assert "2 times 'Mars/Olympus'" in ran.out
    assert "\x1b" not in ran.out
    command = by_replay(job.rules, tmp_path / "events.jsonl", tmp_path, "--json")
    assert command.data["unknown_zones"] == ran.summary.counts.unknown_zones


# ---------------------------------------------------------------- ids that look alike

ALIKE = [
    "ann",
    "Ann",
    "ANN",
    "an\u006e\u0303",
    "a\u00f1",
    "\u212a",
    "K",
    "\ufb01",
    "fi",
    "ann ",
    "\u00e9",
    "e\u0301",
    "a/n",
    "a\\n",
    "..",
]


def test_ids_that_differ_in_case_or_composition_only_are_different_in_every_host(job: Job, tmp_path: Path) -> None:
    """Accounts and contacts are told apart by code point; each of them has one cart."""
    pairs = [(account, contact) for account in ALIKE for contact in ALIKE]
    lines = [
        record(event_id="e", account_id=account, contact_id=contact, properties={"whose": [account, contact]})
        for account, contact in pairs
    ]
    job.rules = write(tmp_path / "rules.yaml", SHARED.replace("}", ", include: {whose: whose}}"))
    path = write_lines(tmp_path / "events.jsonl", lines)
    ran, command = job(path, "--snapshots"), by_replay(job.rules, path, tmp_path, "--snapshots", "--json")
    assert (ran.code, command.code, command.data["contacts"]) == (Exit.FINE, 0, len(pairs))
    for output in (ran.output, tmp_path / "replay"):
        fired = rows(output / "triggers")
        assert [[row["account_id"], row["contact_id"]] for row in fired] == [row["include"]["whose"] for row in fired]
        assert len({row["trigger_id"] for row in fired}) == len(fired) == len(pairs)
        kept = rows(output / "snapshots")
        assert {(row["account_id"], row["contact_id"]) for row in kept} == set(pairs)
    keys = {arrival_of_line(line)[0] for line in lines}
    assert len(keys) == len(pairs), "of the cells of a stream"


@pytest.mark.parametrize("contact", ALIKE)
def test_explain_tells_of_nobody_who_only_looks_alike(contact: str, tmp_path: Path) -> None:
    others = [record(event_id=other, contact_id=other) for other in ALIKE if other != contact]
    rules = write(tmp_path / "rules.yaml", ACME)
    command = ("explain", "--rules", rules, "--contact", contact, "--input")
    assert kittiwake(*command, write_lines(tmp_path / "others.jsonl", others)).code == 1
    mine = [record(event_id="mine", contact_id=contact), *others]
    assert "cart fired once" in kittiwake(*command, write_lines(tmp_path / "all.jsonl", mine)).out
