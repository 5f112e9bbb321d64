"""The join of bounded input: from the rows of items, in order, to the item changes of contacts, item by item.

Pure. Called by both hosts. An item's changes are held while the interest in it passes by, contact after contact, so
that an item that a million contacts watch takes no more memory than one that three watch, and time grows with the rows
and with what is given. The texts of an item's changes are shared by all contacts that are given them.
"""

from __future__ import annotations

from base64 import b64decode
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from kittiwake.batch.counts import Counts
from kittiwake.batch.items.rows import EVENT, START, Item, ItemRow
from kittiwake.input.bulk import Table, new_table
from kittiwake.kernel.items.changes import in_order, item_changes, without_duplicates
from kittiwake.kernel.items.facts import FactReader, ItemFact
from kittiwake.kernel.items.index import HeldInterest, ItemState, counted_in, decode, state_after
from kittiwake.kernel.items.interests import Interval, merged
from kittiwake.model import Event
from kittiwake.output.item_snapshots import INTERESTS_MAX, item_snapshot_line
from kittiwake.rules.compile.accounts import Plan, Programs
from kittiwake.values import parse_sound

TABLE_ROWS: Final = 10_000
"""Item changes that are handed on together, at least; a contact's of one item are not divided."""

IDS_BYTES: Final = 64
"""About what an item change takes in a batch besides its properties."""

Keep: TypeAlias = Callable[[bytes], None]
"""Takes a line of the snapshots of items."""

_item_of: Final = itemgetter(0, 1)
_contact_of: Final = itemgetter(3)
_key_of: Final = itemgetter(4, 6, 7)


class _Changes(NamedTuple):
    """The changes of an item in order, a list a field."""

    times_us: list[int]
    event_ids: list[str]
    types: list[str]
    properties: list[bytes]


def joined(
    programs: Programs, rows: Iterable[ItemRow], until_us: int, counts: Counts, keep: Keep | None = None
) -> Iterator[Table]:
    """The item changes of contacts before the end of the run, of rows in the order of `ItemRow`; counted.

    `keep` is given lines from which a stream goes on: what is known of each item, and the interest in it.
    """
    table, account_id, read = new_table(), None, None
    for item, own in groupby(rows, key=_item_of):
        plan = programs.plan(item[0])
        if plan.catalog is None:
            continue  # of an earlier run, whose rules of this account had catalogue rules
        if read is None or account_id != item[0]:
            account_id, read = item[0], FactReader(plan.versions, plan.catalog)
        known, others = _known_and_others(read, own, until_us, counts, with_rest=keep is not None)
        changes = _changes_of(plan, item[1], known)
        interests = _by_contact(others)
        if keep is not None:
            interests = _kept(plan, item, known, interests, until_us, keep)
        elif not changes.times_us:
            continue  # what is left of its rows is passed over
        for contact_id, intervals in interests:
            _give(table, item[0], contact_id, intervals, changes)
            if len(table.types) >= TABLE_ROWS:
                counts.item_changes += len(table.types)
                yield table
                table = new_table()
    counts.item_changes += len(table.types)
    yield table


def bytes_of_changes(table: Table) -> int:
    """About how many bytes a table of item changes takes in a batch."""
    return IDS_BYTES * len(table.types) + sum(map(len, table.properties))


class _Known(NamedTuple):
    """What a run knows of an item."""

    start: ItemState | None
    """In which an earlier run has left it; None: it starts with nothing."""
    facts: list[ItemFact]
    """Its events before the end of the run, in order."""


def _known_and_others(
    read: FactReader, rows: Iterator[ItemRow], until_us: int, counts: Counts, *, with_rest: bool
) -> tuple[_Known, Iterator[ItemRow]]:
    """What is known of an item, and its other rows. Events before its start are late, and counted."""
    start, from_us = None, 0
    facts: list[ItemFact] = []
    before: ItemRow | None = None
    for row in rows:
        if row[2] == START:
            start, from_us = _state_of(row, start), row[4]
            continue
        if row[2] != EVENT:
            return _Known(start, in_order(facts)), chain([row], rows)
        if row == before or not from_us <= row[4] < until_us:
            counts.unsettled += row[4] < from_us
            continue
        if before is not None and _key_of(row) == _key_of(before):
            facts[-1] = read.fact(_event(before)) if not facts[-1].rest else facts[-1]
            facts.append(read.fact(_event(row)))
        else:
            facts.append(read.fact(_event(row), with_rest=with_rest))
        before = row
    return _Known(start, in_order(facts)), iter(())


def _state_of(row: ItemRow, before: ItemState | None) -> ItemState | None:
    """The state that the rows of a start have so far: one of them has it, or none."""
    return decode(b64decode(row[-1])) if row[-1] else before


def _event(row: ItemRow) -> Event:
    account_id, item_id, _, _, time_us, _, event_id, event_type, properties = row
    return Event(time_us, event_id, event_type, parse_sound(properties), account_id, None, item_id)


def _changes_of(plan: Plan, item_id: str, known: _Known) -> _Changes:
    horizon_us, start = plan.versions.horizon_us, known.start
    last, counted_us = (None, None) if start is None else (start.last, counted_in(start, horizon_us))
    facts = without_duplicates(known.facts, horizon_us, counted_us)
    found = list(item_changes(item_id, facts, last))
    return _Changes(*map(list, zip(*found, strict=True))) if found else _Changes([], [], [], [])


def _by_contact(rows: Iterator[ItemRow]) -> Iterator[tuple[str, list[Interval]]]:
    """The interest in an item, by contact: the times that it covers."""
    for contact_id, own in groupby(rows, key=_contact_of):
        yield contact_id, merged([Interval(row[4], row[5]) for row in own])


def _give(table: Table, account_id: str, contact_id: str, intervals: list[Interval], changes: _Changes) -> None:
    """Put the changes that a contact's interest covers to a table."""
    for one in intervals:
        begin = bisect_left(changes.times_us, one.from_us)
        end = bisect_left(changes.times_us, one.to_us, lo=begin)
        if begin < end:
            table.account_ids.extend([account_id] * (end - begin))
            table.contact_ids.extend([contact_id] * (end - begin))
            table.times_us.extend(changes.times_us[begin:end])
            table.event_ids.extend(changes.event_ids[begin:end])
            table.types.extend(changes.types[begin:end])
            table.properties.extend(changes.properties[begin:end])


# ---------------------------------------------------------------- for a stream that goes on


def _kept(
    plan: Plan,
    item: Item,
    known: _Known,
    interests: Iterator[tuple[str, list[Interval]]],
    until_us: int,
    keep: Keep,
) -> Iterator[tuple[str, list[Interval]]]:
    """The interest in an item, while it passes by; lines of it, and of what is known of the item, are kept."""
    horizon_us = plan.versions.horizon_us
    upto_us = until_us - horizon_us
    is_known = known.facts or known.start is not None
    state = state_after(known.facts, upto_us, horizon_us, known.start) if is_known else None
    held: list[HeldInterest] = []
    for contact_id, intervals in interests:
        held.extend(HeldInterest(contact_id, *_bounds(one)) for one in intervals if one.to_us > upto_us)
        if len(held) >= INTERESTS_MAX:
            keep(item_snapshot_line(item, until_us, state, held))
            state, held = None, []
        yield contact_id, intervals
    if held or state is not None:
        keep(item_snapshot_line(item, until_us, state, held))


def _bounds(interval: Interval) -> tuple[int, int]:
    return interval.from_us, interval.to_us
