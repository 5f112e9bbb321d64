"""What rules could not use is counted alike by every host and in every way a contact is held, and printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kittiwake.batch.contacts import decide_at_once, decide_at_once_with_state
from kittiwake.batch.counts import Counts, Refusal
from kittiwake.batch.event_rows import Row
from kittiwake.batch.oversized_contacts import decide_in_slices
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import parse_instant
from tests.input.inputs import START_US, record, write_lines
from tests.pipelines.running import Job

RULES = """\
account: acme
rules:
  - id: dear
    when: {event: cart.item_added, where: {price: {gte: 20}}}
    wait: 1h
  - id: ends
    when: order.completed
    wait: {until: expires_at}
    per: sku
  - id: big
    audience: {sum: total, of: order.completed, within: 90d, gte: 1000}
  - id: fine
    when: cart.item_added
    wait: 1h
"""
EXPECTED = {
    Refusal("acme", "big", "audience", "total", "number_as_text"): 40,
    Refusal("acme", "dear", "when", "price", "number_as_text"): 60,
    Refusal("acme", "ends", "per", "sku", "missing"): 10,
    Refusal("acme", "ends", "wait", "expires_at", "number"): 30,
}


def _events() -> list[dict[str, Any]]:
    """Sixty carts with prices as texts; forty orders with totals as texts, ten of them without their sku."""
    minute = [f"2026-11-02T{9 + i // 60:02}:{i % 60:02}:00Z" for i in range(100)]
    carts = [{"type": "cart.item_added", "time": minute[i], "properties": {"price": "25"}} for i in range(60)]
    orders = [
        {
            "type": "order.completed",
            "time": minute[60 + i],
            "properties": {"total": "99.50", "expires_at": 1794218400, **({"sku": "a"} if i % 4 else {})},
        }
        for i in range(40)
    ]
    return [{**one, "event_id": f"e{i}"} for i, one in enumerate(carts + orders)]


def test_both_hosts_count_what_rules_cannot_use_and_say_so(job: Job, tmp_path: Path) -> None:
    lines = [record(contact_id=f"c{i % 7}", **one) for i, one in enumerate(_events())]
    events = write_lines(tmp_path / "events.jsonl", [*lines, lines[0], lines[70]])  # two came twice
    job.rules.write_text(RULES)
    by_replay = replay(Programs(load(job.rules)), [str(events)], tmp_path / "replay", RunSettings(START_US))
    assert by_replay.counts.unusable == EXPECTED
    for flags in ([], ["--snapshots"]):
        ran = job(events, *flags)
        assert ran.code == Exit.FINDINGS  # `big` leaves totals out that are text
        assert ran.summary.counts.unusable == EXPECTED
    lines = ran.out[ran.out.index("140 values that a rule needed and could not use") :].splitlines()
    assert lines.pop().startswith("FINDING: rule dear of account acme decided nothing: 60 times price was a text")
    assert lines.pop().startswith("FINDING: rule big of account acme: of total, 40 values are numbers sent as text")
    assert [line.split() for line in lines[1:]] == [
        ["rule", "clause", "path", "found", "number"],
        ["big", "audience", "total", "number_as_text", "40"],
        ["dear", "when", "price", "number_as_text", "60"],
        ["ends", "per", "sku", "missing", "10"],
        ["ends", "wait", "expires_at", "number", "30"],
    ]


def test_a_contact_counts_the_same_whole_kept_and_slice_by_slice(job: Job) -> None:
    job.rules.write_text(RULES)
    plan = Programs(load(job.rules)).plan("acme")
    rows: list[Row] = [
        (parse_instant(one["time"]), one["event_id"], one["type"], str(one["properties"]).replace("'", '"').encode())
        for one in _events()
    ]
    until_us = parse_instant("2026-11-03T09:00:00Z")
    whole, kept, oversized = Counts(), Counts(), Counts()
    decide_at_once(plan, "c1", list(rows), until_us, whole)
    decide_at_once_with_state(plan, "c1", list(rows), until_us, kept)
    assert len([*decide_in_slices(plan, "c1", sorted(rows), until_us, oversized, held_bytes=4_000)]) == 1
    assert whole.unusable == kept.unusable == oversized.unusable == EXPECTED
