"""A run that goes on from the snapshots of an earlier one: day by day is as one run over all."""

from __future__ import annotations

from itertools import chain, pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from examples.shop.generate import lines as shop_lines
from kittiwake.batch.counts import Counts
from kittiwake.batch.event_rows import Row, Subject
from kittiwake.batch.intake import Intake
from kittiwake.batch.items.gathering import ItemGathering
from kittiwake.batch.items.join import joined
from kittiwake.batch.items.rows import EVENT, INTEREST, InterestRows, ItemRow, rows_of_items, rows_of_snapshot
from kittiwake.batch.oversized_contacts import decide_contact
from kittiwake.batch.partitions import contacts_with_states, start_state
from kittiwake.batch.record_batches import RecordBatcher, partition_of
from kittiwake.batch.settings import RunSettings
from kittiwake.input.bulk import Table
from kittiwake.input.events import parse_event
from kittiwake.kernel.items.index import HeldInterest, ItemState
from kittiwake.kernel.state.state import State
from kittiwake.model import Decision, Event
from kittiwake.output.item_snapshots import ItemSnapshot, item_snapshot_of
from kittiwake.output.rows import Mode, decision_line
from kittiwake.output.snapshot_set import SnapshotSetError
from kittiwake.output.snapshots import snapshot_line, state_of
from kittiwake.reasons import Outcome
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load, load_files
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant
from kittiwake.values import parse_json
from tests.batch.items import RULES
from tests.batch.items import lines as item_lines
from tests.input.test_shape_table import block_of

HELD_BYTES = 1 << 20
NOW_US = parse_instant("2027-01-01T00:00:00Z")

OF_ITEMS = ("price-drop", "back-in-stock", '"back"')
"""In the decisions of catalogue rules."""


class Left(NamedTuple):
    """What a run leaves to the next: lines of its snapshots, as they are read again."""

    states: dict[Subject, State]
    items: list[bytes]


def world(root: Path, number: int, seed: int) -> tuple[Programs, list[bytes]]:
    """Rules with catalogue rules, and events: of a shop, or random ones with many duplicates that differ."""
    if number:  # with a lateness in which many of the duplicates lie, also those of another day
        rules = load_files({"acme.yaml": RULES.format(account="acme").encode()})
        return Programs(rules, number * 4 * HOUR_US), item_lines(Random(f"{seed} {number}"), 250, ("acme",))
    return Programs(load(root / "examples" / "shop" / "rules")), list(shop_lines(contacts=30, seed=seed, days=25))


def decided(
    programs: Programs, written: list[bytes], until_us: int, start: Left, dice: Random
) -> tuple[Left, list[Decision]]:
    """What a run over some events says and leaves: items are joined first, then contacts are decided."""
    taken = Intake(RunSettings(NOW_US), programs, Counts()).take("here", block_of(written))
    rows: dict[Subject, list[Row]] = {subject: [] for subject in start.states}
    left, said = Left({}, []), list[Decision]()
    with ItemGathering(dice.choice((20_000, HELD_BYTES))) as items:
        for line in start.items:
            found = item_snapshot_of(parse_json(line))
            assert isinstance(found, ItemSnapshot), found
            items.add(rows_of_snapshot(found))
        items.add(rows_of_items(taken.items))
        items.add(InterestRows(programs).of(taken.table))
        tables = [taken.table, *joined(programs, items.in_order(), until_us, Counts(), left.items.append)]
    for account_id, contact_id, *row in chain.from_iterable(zip(*table, strict=True) for table in tables):
        rows.setdefault((account_id, contact_id), []).append(tuple(row))
    for subject, own in rows.items():
        plan, kept = programs.plan(subject[0]), list[State]()
        given = iter(sorted(own)) if dice.random() < 0.3 else own  # as one that does not fit into memory
        state = start.states.get(subject)
        said += decide_contact(plan, subject[1], given, until_us, Counts(), HELD_BYTES, kept.append, state)
        if (line := snapshot_line(plan.versions, kept[0])) is not None:
            again = state_of(parse_json(line))
            assert isinstance(again, State), again
            left.states[subject] = again
    return left, said


def one_by_one(programs: Programs, written: list[bytes], cuts: list[int], dice: Random) -> tuple[Left, list[str]]:
    """What runs say, each from one cut to the next; what an earlier one says is deferred a later one decides."""
    left, told = Left({}, []), list[Decision]()
    times = [parse_instant(parse_json(line)["time"]) for line in written]
    for from_us, to_us in pairwise(cuts):
        some = [line for line, at_us in zip(written, times, strict=True) if from_us <= at_us < to_us]
        left, said = decided(programs, some, to_us, left, dice)
        told += [one for one in said if one.decision is not Outcome.DEFERRED or to_us == cuts[-1]]
    return left, sorted(decision_line(one, Mode.BACKFILL).decode() for one in told)


@pytest.mark.parametrize("number", range(4))
def test_day_by_day_is_as_one_run_over_all_wherever_it_is_cut(root: Path, seed: int, number: int) -> None:
    """Catalogue rules are among them: what is known of items, and the interest in them, goes on as well."""
    programs, written = world(root, number, seed)
    written = [line for line in written if parse_event(line, "", NOW_US).__class__ is Event]
    dice, times = Random(f"{seed} {number}"), sorted(parse_instant(parse_json(line)["time"]) for line in written)
    until_us = times[-1] + dice.choice((1, DAY_US, 3 * DAY_US))
    inside = sorted(dice.choice(times) + dice.choice((0, 1, DAY_US // 3)) for _ in range(dice.randint(2, 6)))
    cuts = [0, *(one for one in inside if one < until_us), until_us]
    whole, wanted = one_by_one(programs, written, [0, until_us], dice)
    found, told = one_by_one(programs, written, cuts, dice)
    assert told == wanted, cuts
    assert sorted(found.items) == sorted(whole.items), cuts
    assert found.states.keys() == whole.states.keys()
    assert sum(any(name in line for name in OF_ITEMS) for line in wanted) > 3, "too few to tell anything"


def test_an_event_from_before_the_snapshots_counts_only_of_an_item_that_they_do_not_know() -> None:
    programs = Programs(load_files({"acme.yaml": RULES.format(account="acme").encode()}))
    start_us, counts = parse_instant("2026-11-02T12:00:00Z"), Counts()
    interest = HeldInterest("c1", start_us - HOUR_US, start_us + HOUR_US)
    known = ItemSnapshot("acme", "known", start_us, ItemState(), (interest,))
    unknown: list[ItemRow] = [("acme", "new", INTEREST, "c1", start_us - HOUR_US, start_us + HOUR_US, "", "", b"")]
    priced: list[ItemRow] = [
        ("acme", name, EVENT, "", start_us - 1, 0, "e1", "price.changed", b'{"price":1}') for name in ("known", "new")
    ]
    rows = sorted([*rows_of_snapshot(known), *unknown, *priced])
    (table,) = joined(programs, rows, start_us + 1, counts)
    assert table.types == ["*price.changed*new"]
    assert counts.unsettled == 1


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


def test_two_states_of_one_contact_are_refused_in_whatever_order_they_come() -> None:
    one, other = (start_state(("acme", "c1"), state, 1)[1] for state in (b"1", b"2"))
    for elements in ([one, other], [other, one]):
        with pytest.raises(SnapshotSetError, match="two states of one contact"):
            list(contacts_with_states(iter(elements), HELD_BYTES))
    assert [found.state for found in contacts_with_states(iter([one, one]), HELD_BYTES)] == [b"1"]
