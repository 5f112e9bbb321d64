"""A run that goes on from the snapshots of an earlier one: day by day is as one run over all."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from examples.shop.generate import lines as shop_lines
from kittiwake.batch.contacts import order_key
from kittiwake.batch.counts import Counts
from kittiwake.batch.event_rows import Row, Subject
from kittiwake.batch.oversized_contacts import decide_contact
from kittiwake.batch.partitions import contacts_with_states, start_state
from kittiwake.batch.record_batches import RecordBatcher, partition_of
from kittiwake.input.bulk import Table
from kittiwake.input.events import parse_event
from kittiwake.kernel.state.state import State
from kittiwake.model import Decision, Event
from kittiwake.output.rows import Mode, decision_line
from kittiwake.output.snapshots import snapshot_line, state_of
from kittiwake.reasons import Outcome
from kittiwake.rules.compile.accounts import Plan, Programs
from kittiwake.rules.loader import load
from kittiwake.time.instants import DAY_US
from kittiwake.values import canonical_bytes, parse_json

HELD_BYTES = 1 << 20
CONTACTS = 20


@pytest.fixture(scope="module")
def programs(root: Path) -> Programs:
    return Programs(load(root / "examples" / "shop" / "rules"))


def rows_by_contact(seed: int) -> dict[Subject, list[Row]]:
    """The events of a shop's contacts, without those of items."""
    found: dict[Subject, list[Row]] = {}
    for raw in shop_lines(contacts=CONTACTS, seed=seed, days=9):
        event = parse_event(raw, "", 2**62)
        if isinstance(event, Event) and event.contact_id is not None:
            row = (event.time_us, event.event_id, event.type, canonical_bytes(event.properties))
            found.setdefault((event.account_id, event.contact_id), []).append(row)
    return found


def snapshot(plan: Plan, state: State) -> State | None:
    """The state as the next run reads it."""
    line = snapshot_line(plan.versions, state)
    if line is None:
        return None
    found = state_of(parse_json(line))
    assert isinstance(found, State), found
    return found


def day_by_day(plan: Plan, contact_id: str, rows: list[Row], cuts: list[int], dice: Random) -> list[Decision]:
    """What runs say, each from one cut to the next; what an earlier one says is deferred a later one decides."""
    told: list[Decision] = []
    start: State | None = None
    for from_us, to_us in pairwise(cuts):
        some = sorted(row for row in rows if from_us <= row[0] < to_us)
        given = iter(some) if dice.random() < 0.3 else some  # as one that does not fit into memory
        kept: list[State] = []
        found = list(decide_contact(plan, contact_id, given, to_us, Counts(), HELD_BYTES, kept.append, start))
        told += [one for one in found if one.decision is not Outcome.DEFERRED or to_us == cuts[-1]]
        start = snapshot(plan, kept[0])
    return told


def shown(decisions: list[Decision]) -> list[str]:
    return [decision_line(one, Mode.BACKFILL).decode() for one in sorted(decisions, key=order_key)]


def test_day_by_day_is_as_one_run_over_all_wherever_it_is_cut(programs: Programs, seed: int) -> None:
    dice, decided = Random(seed), 0
    for (account_id, contact_id), rows in rows_by_contact(seed).items():
        plan, times = programs.plan(account_id), sorted(row[0] for row in rows)
        until_us = times[-1] + dice.choice((1, DAY_US, 3 * DAY_US))
        inside = sorted(dice.choice(times) + dice.choice((0, 1, DAY_US // 3)) for _ in range(dice.randint(1, 5)))
        cuts = [0, *(one for one in inside if one < until_us), until_us]
        whole = list(decide_contact(plan, contact_id, list(rows), until_us, Counts(), HELD_BYTES))
        assert shown(day_by_day(plan, contact_id, rows, cuts, dice)) == shown(whole), (contact_id, cuts)
        decided += len(whole)
    assert decided > CONTACTS, "too few decisions to tell anything"


def test_every_contact_of_a_partition_has_its_turn_with_its_rows_and_its_state(seed: int) -> None:
    dice = Random(seed)
    names = [f"c{number}" for number in range(30)]
    with_rows, with_states = dice.sample(names, 15), dice.sample(names, 15)
    batcher = RecordBatcher(1)
    for name in with_rows:
        batcher.add(Table(["acme"], [name], [1], ["e1"], ["a"], [b"{}"]))
    elements = [batch for _, batch in batcher.batches()]
    elements += [start_state(("acme", name), name.encode(), 1)[1] for name in with_states]
    dice.shuffle(elements)
    found = list(contacts_with_states(iter(elements), dice.choice((1, HELD_BYTES))))
    assert [one.subject[1] for one in found] == sorted({*with_rows, *with_states})
    for one in found:
        name = one.subject[1]
        assert len(list(one.rows)) == (name in with_rows)
        assert one.state == (name.encode() if name in with_states else None)
    assert list(contacts_with_states(iter([]), HELD_BYTES)) == []
    assert start_state(("acme", "c1"), b"", 64)[0] == partition_of(("acme", "c1"), 64)
