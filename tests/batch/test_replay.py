"""Replay on files: what is decided, what is written, and what stops it."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from kittiwake.batch import oversized_contacts
from kittiwake.batch import replay as driver
from kittiwake.batch.replay import replay
from kittiwake.batch.report import render
from kittiwake.batch.settings import RunSettings, Stop
from kittiwake.batch.summary import Summary, from_text, to_json
from kittiwake.batch.workers.progress import Progress
from kittiwake.input import reading, splits
from kittiwake.input.errors import InputError
from kittiwake.output.folder import OutputError
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.time.instants import format_instant, parse_instant
from tests.input.inputs import DEAD, START_US, as_sets, record, rows, write_lines, write_rules

CART_AT_NINE = record(event_id="e1", time="2026-11-02T09:00:00-05:00")
BOUGHT_AT_HALF_PAST = record(event_id="e2", type="order.completed", time="2026-11-02T09:30:00-05:00")
NEXT_DAY = record(event_id="e3", contact_id="c9", type="page.viewed", time="2026-11-03T09:00:00-05:00")


def run(folder: Path, lines: list[bytes], settings: RunSettings | None = None) -> Summary:
    """A replay of lines in one file, into `out`."""
    write_lines(folder / "events.jsonl", lines)
    programs = Programs(load(write_rules(folder / "rules.yaml")))
    return replay(programs, [str(folder / "events.jsonl")], folder / "out", settings or RunSettings(START_US))


def test_what_fired_is_in_triggers_and_in_decisions(tmp_path: Path) -> None:
    summary = run(tmp_path, [NEXT_DAY, CART_AT_NINE])
    (trigger,) = rows(tmp_path / "out" / "triggers")
    assert rows(tmp_path / "out" / "decisions") == [trigger]
    assert (trigger["rule_id"], trigger["time"], trigger["mode"]) == (
        "cart-abandonment", "2026-11-02T15:00:00Z", "replay"
    )  # fmt: skip
    assert trigger["include"] == {"product": "p1"}
    assert (summary.triggers, summary.decisions, summary.stopped) == (1, 1, None)


def test_what_was_disarmed_leaves_nothing(tmp_path: Path) -> None:
    run(tmp_path, [CART_AT_NINE, NEXT_DAY, BOUGHT_AT_HALF_PAST])
    assert rows(tmp_path / "out" / "decisions") == []


def test_deadlines_fall_due_up_to_and_at_the_end_and_events_before_it(tmp_path: Path) -> None:
    at_ten = parse_instant("2026-11-02T10:00:00-05:00")
    lines = [CART_AT_NINE, record(event_id="e2", type="order.completed", time="2026-11-02T10:00:00-05:00")]
    summary = run(tmp_path, lines, RunSettings(START_US, until_us=at_ten))
    assert (summary.triggers, summary.counts.unsettled, summary.until_us) == (1, 1, at_ten)
    summary = run(tmp_path, lines, RunSettings(START_US, until_us=at_ten - 1))
    assert (summary.triggers, summary.counts.unsettled) == (0, 1)


def test_what_is_held_when_the_run_ends_is_deferred(tmp_path: Path) -> None:
    lines = [record(event_id="e1", time="2026-11-02T21:30:00-05:00"), record(event_id="e2", contact_id="c2",
             type="page.viewed", time="2026-11-03T01:00:00-05:00")]  # fmt: skip
    summary = run(tmp_path, lines)
    (row,) = rows(tmp_path / "out" / "decisions")
    assert (row["decision"], row["reason"], row["fired_at"]) == ("deferred", "quiet_hours", None)
    assert (summary.decisions, rows(tmp_path / "out" / "triggers")) == (1, [])


def test_every_dead_letter_is_written_with_its_bytes_and_counted(tmp_path: Path) -> None:
    summary = run(tmp_path, [*DEAD.values(), CART_AT_NINE])
    written = {row["reason"]: row for row in rows(tmp_path / "out" / "dead_letters")}
    assert {reason: row["raw"] for reason, row in written.items() if row["raw_encoding"] == "utf-8"} == {
        reason: raw.decode() for reason, raw in DEAD.items() if reason != "not_utf8"
    }
    assert summary.counts.dead_letters == dict.fromkeys(DEAD, 1)
    assert summary.counts.examples["not_json"][0].source == f"{tmp_path}/events.jsonl:2"
    assert (summary.counts.records, summary.counts.events) == (len(DEAD) + 1, 1)


def test_counts_tell_duplicates_other_types_items_and_contacts_apart(tmp_path: Path) -> None:
    item = record(event_id="i1", contact_id=..., item_id="p1", type="item.updated", time="2026-11-05T00:00:00Z")
    counts = run(tmp_path, [CART_AT_NINE, CART_AT_NINE, BOUGHT_AT_HALF_PAST, NEXT_DAY, item]).counts
    assert (counts.events, counts.catalogue, counts.contacts) == (5, 1, 1)
    assert (counts.duplicates, counts.unneeded, counts.unsettled) == (1, 1, 0)
    assert counts.newest_us == parse_instant("2026-11-05T00:00:00Z")


def test_shuffled_and_repeated_lines_in_other_files_give_equal_rows(tmp_path: Path) -> None:
    dice = random.Random(5)
    lines = [
        record(
            event_id=f"e{number}",
            contact_id=f"c{dice.randrange(9)}",
            type=dice.choice(["cart.item_added", "order.completed"]),
            time=f"2026-11-{dice.randrange(1, 15):02d}T{dice.randrange(24):02d}:{dice.randrange(60):02d}:00Z",
            properties={"product_id": f"p{dice.randrange(3)}", "total": dice.randrange(200)},
        )
        for number in range(400)
    ] + list(DEAD.values())
    run(tmp_path, lines)
    one_file = as_sets(tmp_path / "out")
    assert len(one_file["triggers"]) > 20
    shuffled = dice.sample(lines, len(lines)) + dice.sample(lines, 100)
    write_lines(tmp_path / "part-a.jsonl", shuffled[:50], end=b"\r\n")
    write_lines(tmp_path / "part-b.jsonl", [])
    write_lines(tmp_path / "part-c.jsonl.gz", shuffled[50:])
    programs = Programs(load(tmp_path / "rules.yaml"))
    replay(programs, [str(tmp_path / "part-*")], tmp_path / "split", RunSettings(START_US))
    assert as_sets(tmp_path / "split") == one_file


def test_rows_stand_by_account_contact_and_time(tmp_path: Path) -> None:
    days = [
        record(event_id=f"{contact}-{day}", contact_id=contact, time=f"2026-11-{day:02d}T17:00:00Z")
        for day in (7, 3, 5) for contact in ("c2", "c1", "c10")
    ]  # fmt: skip
    run(tmp_path, [*days, NEXT_DAY])
    order = [(row["contact_id"], row["time"]) for row in rows(tmp_path / "out" / "decisions")]
    assert order == sorted(order)
    assert len(order) == 6


def test_an_empty_input_gives_empty_files_and_a_summary(tmp_path: Path) -> None:
    summary = run(tmp_path, [])
    assert as_sets(tmp_path / "out") == {"triggers": set(), "decisions": set(), "dead_letters": set()}
    assert (summary.counts.records, summary.until_us, summary.stopped) == (0, START_US + 1, None)
    assert from_text((tmp_path / "out" / "summary.json").read_text()) == summary


# ---------------------------------------------------------------- what stops it


def test_above_the_ratio_of_dead_letters_nothing_is_decided(tmp_path: Path) -> None:
    settings = RunSettings(START_US, max_dead_letter_ratio=Decimal("0.3"))
    summary = run(tmp_path, [CART_AT_NINE, NEXT_DAY, b"{"], settings)
    assert summary.stopped is Stop.DEAD_LETTERS
    assert (rows(tmp_path / "out" / "triggers"), rows(tmp_path / "out" / "decisions")) == ([], [])
    assert len(rows(tmp_path / "out" / "dead_letters")) == 1
    assert "1 of 3 records are dead letters" in render(summary)


def test_a_torn_file_leaves_the_output_as_it_was(tmp_path: Path) -> None:
    run(tmp_path, [CART_AT_NINE, NEXT_DAY])
    before = as_sets(tmp_path / "out")
    torn = write_lines(tmp_path / "torn.jsonl.gz", [CART_AT_NINE] * 9)
    torn.write_bytes(torn.read_bytes()[:-4])
    programs = Programs(load(tmp_path / "rules.yaml"))
    with pytest.raises(InputError, match=r"torn\.jsonl\.gz: the gzip file is cut off"):
        replay(programs, [str(tmp_path / "*.jsonl*")], tmp_path / "out", RunSettings(START_US))
    assert as_sets(tmp_path / "out") == before
    assert not (tmp_path / "out" / ".partial").exists()


@pytest.mark.parametrize("held_bytes", [0, 2_000, 40_000])
def test_what_goes_through_the_disk_comes_out_as_from_memory_to_the_byte(
    held_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small shop with one busy contact; all rows, and the states in which contacts are left."""
    dice, lines = random.Random(held_bytes), []
    for number in range(400):
        contact = dice.choice(("robot", "robot", *(f"c{n}" for n in range(40))))
        kind = dice.choice(("cart.item_added", "cart.item_added", "order.completed"))
        time = format_instant(START_US - dice.randrange(10**12))
        event_id = f"e{number - (number % 9 == 0)}"
        lines.append(record(event_id=event_id, type=kind, time=time, contact_id=contact, properties={"total": number}))
    programs, settings = Programs(load(write_rules(tmp_path / "rules.yaml"))), RunSettings(START_US, snapshots=True)
    path = str(write_lines(tmp_path / "events.jsonl", lines))
    replay(programs, [path], tmp_path / "memory", settings)
    monkeypatch.setattr(driver, "HELD_BYTES", held_bytes)
    monkeypatch.setattr(oversized_contacts, "ROWS_AT_ONCE", 20)
    replay(programs, [path], tmp_path / "disk", settings)
    assert files(tmp_path / "disk") == files(tmp_path / "memory")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_disk_that_fails_is_an_error_that_names_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "only_part", lambda *_: "gone/part.jsonl")  # a folder that is not there
    with pytest.raises(OutputError, match=r"^cannot write to the output .*/out: No such file or directory$"):
        run(tmp_path, [CART_AT_NINE])


# ---------------------------------------------------------------- what is told


def test_whoever_waits_is_told_of_reading_and_of_deciding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "BLOCK_BYTES", 300)
    monkeypatch.setattr(reading, "BLOCK_BYTES", 300)
    monkeypatch.setattr("kittiwake.batch.workers.progress.CONTACTS_PER_REPORT", 1)
    told: list[Progress] = []
    path = write_lines(tmp_path / "events.jsonl", [CART_AT_NINE, BOUGHT_AT_HALF_PAST, NEXT_DAY])
    programs = Programs(load(write_rules(tmp_path / "rules.yaml")))
    replay(programs, [str(path)], tmp_path / "out", RunSettings(START_US), told.append)
    assert [(far.records, far.contacts, far.contacts_total) for far in told] == [
        (1, 0, 0), (3, 0, 0), (3, 0, 1), (3, 1, 1),
    ]  # fmt: skip
    assert {far.bytes_total for far in told} == {path.stat().st_size} == {told[-1].bytes_read}


@pytest.mark.parametrize(
    ("files", "tables", "line"),
    [(0, 1, "1 table, 4"), (2, 1, "2 files and 1 table, 4"), (0, 2, "2 tables, 4"), (0, 0, "0 files, 4")],
)
def test_the_report_calls_a_table_no_file(tmp_path: Path, files: int, tables: int, line: str) -> None:
    summary = run(tmp_path, [CART_AT_NINE, CART_AT_NINE, NEXT_DAY, b"{"])
    counted = replace(summary, counts=replace(summary.counts, files=files, tables=tables))
    assert render(counted).splitlines()[2] == f"read {line} records"


def test_the_report_says_what_went_in_and_what_came_of_it(tmp_path: Path) -> None:
    summary = run(tmp_path, [CART_AT_NINE, CART_AT_NINE, NEXT_DAY, b"{"])
    assert render(summary) == (
        "EMPTY: rule loyalty of account acme saw no event of its type: order.completed never came\n"
        f"replay: rule set {summary.rules.ruleset_version}, until 2026-11-03T14:00:00.000001Z\n"
        "read 1 file, 4 records\n"
        "  3 events\n"
        "    1 of a type that no rule needs\n"
        "    2 of 1 contact\n"
        "    1 of these dropped as duplicates\n"
        "  types that came and no rule needs: page.viewed\n"
        "  types that rules need and never came: order.completed\n"
        "  1 dead letter\n"
        "    reason    number  for example\n"
        f"    not_json       1  {tmp_path}/events.jsonl:4: Input data was truncated\n"
        "    not_json: write one whole JSON object a line\n"
        "1 decision, 1 trigger\n"
        "    rule              kind   decision  reason  number\n"
        "    cart-abandonment  fired  fired                  1\n"
    )


def test_what_still_waits_is_counted_by_rule_with_the_next_due_time(tmp_path: Path) -> None:
    summary = run(tmp_path, [CART_AT_NINE])
    assert to_json(summary)["pending"] == [
        {"account_id": "acme", "rule_id": "cart-abandonment", "count": 1, "next_due": "2026-11-02T15:00:00Z"}
    ]
    assert "1 still waiting\n    rule              number  next due\n    cart-abandonment       1  2026" in render(
        summary
    )


def test_the_report_moves_no_cursor_and_tells_accounts_apart(tmp_path: Path) -> None:
    write_rules(tmp_path / "rules.yaml", 'account: "*"\nrules: [{id: cart, when: cart.item_added}]\n')
    path = write_lines(tmp_path / "events.jsonl", [record(account_id="a\x1b[2J"), record(account_id="b")])
    summary = replay(Programs(load(tmp_path / "rules.yaml")), [str(path)], tmp_path / "out", RunSettings(START_US))
    text = render(summary)
    assert r"a\x1b[2J" in text
    assert "\x1b" not in text
    assert "account" in text
    assert [row["account_id"] for row in json.loads((tmp_path / "out/summary.json").read_text())["decisions"]] == [
        "a\x1b[2J", "b",
    ]  # fmt: skip
