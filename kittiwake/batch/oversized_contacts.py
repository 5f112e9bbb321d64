"""A contact of more events than fit into memory: the decisions and counts of `contacts`, slice by slice.

Works on temporary files (`external_sort`). Called by hosts where `partitions` gives a contact's rows as a stream, in
their order. Duplicates are dropped on the way, and the kernel, which may be sliced anywhere, is given one slice after
the other. Nothing but the events of one instant, and the newest ids, has to fit into memory.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import groupby
from typing import Final, TypeAlias

import msgspec

from kittiwake.batch.contacts import (
    count_concerned,
    decide_at_once,
    decide_at_once_with_state,
    order_key,
    select_needed,
)
from kittiwake.batch.counts import Counts, count_decision, count_pending, count_unusable
from kittiwake.batch.differing_duplicates import DifferingDuplicates, same_of
from kittiwake.batch.event_rows import Row, event_of, key_of_row
from kittiwake.batch.external_sort import Sorter
from kittiwake.batch.feeds.late import late_by_feeds
from kittiwake.batch.gathering import ROW_BYTES, ROWS_AT_ONCE, Rows, size_of
from kittiwake.kernel import State, Versions, new_state, pending_in, unfinished
from kittiwake.model import Decision, Event
from kittiwake.rules.compile.accounts import Plan
from kittiwake.values import canonical, parse_json

SLICES: Final = 8
"""A slice is such a part of what may be held: parsed, with all that the kernel makes of it, it is as large as the whole
(some 50,000 ordinary events). Each costs a copy of the contact's state, milliseconds."""

_SpilledDecision: TypeAlias = tuple[int, str, str, int, str, str, bytes]
"""A decision on disk: what orders it, its threshold as text (integers beyond 64 bits are no msgpack), and the rest."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Decision).decode
_decode_spilled: Final = msgspec.msgpack.Decoder(list[_SpilledDecision])


Keep: TypeAlias = Callable[[State], None]
"""Takes the state in which a contact is left."""


def decide_contact(
    plan: Plan,
    contact_id: str,
    rows: Rows,
    until_us: int,
    counts: Counts,
    held_bytes: int,
    keep: Keep | None = None,
    start: State | None = None,
) -> Iterable[Decision]:
    """Decide everything of one contact up to the end of the run, and count it: at once, or slice by slice.

    Returned are the final decisions and those still deferred at the end, by due time, rule and instance. `keep` is
    given the state in which the contact is left, before the first decision comes out. A list is sorted in place. The
    contact starts with nothing, or from the state `start`, which an earlier run has left: events before that are late.
    """
    if isinstance(rows, list) and len(rows) <= ROWS_AT_ONCE:
        if keep is None and start is None:
            return decide_at_once(plan, contact_id, rows, until_us, counts)
        decisions, state = decide_at_once_with_state(plan, contact_id, rows, until_us, counts, start)
        if keep is not None:
            keep(state)
        return decisions
    if isinstance(rows, list):
        rows.sort()
    return decide_in_slices(plan, contact_id, rows, until_us, counts, held_bytes, keep, start)


def decide_in_slices(
    plan: Plan,
    contact_id: str,
    rows: Iterable[Row],
    until_us: int,
    counts: Counts,
    held_bytes: int,
    keep: Keep | None = None,
    start: State | None = None,
) -> Iterator[Decision]:
    """Decide everything of one contact up to the end of the run, and count it, in the order of `decide_at_once`.

    The rows come in the order of time, id and type, with duplicates. About `held_bytes` are held at once, a few times
    over. `keep` is given the state in which the contact is left, before the first decision comes out.
    """
    counts.contacts += 1
    if plan.catalog is not None:
        rows = count_concerned(rows, counts)
    if plan.changing:
        rows = select_needed(plan, rows, counts)
    # The kernel meets no duplicates, and need not remember ids, unless somebody goes on from there.
    versions = plan.versions if keep or start else plan.versions.without_horizon()
    counting = _drop_duplicates(plan, contact_id, rows, until_us, counts)
    with Sorter(_decode_spilled, held_bytes) as in_order:
        state = start or new_state(contact_id)
        late = [] if start is None else late_by_feeds(plan, start)
        for decision in _decide(versions, state, late, counting, until_us, held_bytes // SLICES, counts, keep):
            placed = _spill_decision(decision)
            in_order.put(placed, ROW_BYTES + len(placed[-1]))
        for placed in in_order.in_order():
            decision = _decision(placed)
            count_decision(counts, decision)
            yield decision


def _drop_duplicates(plan: Plan, contact_id: str, rows: Iterable[Row], until_us: int, counts: Counts) -> Iterator[Row]:
    """The rows of events before the end of the run and no duplicates of earlier ones; the others are counted only."""
    differing = DifferingDuplicates(counts, plan.versions, contact_id, until_us)
    for (time_us, _, _), equal in groupby(rows, key=key_of_row):
        same = same_of(_counted(equal, until_us, counts))
        counts.duplicates -= 1  # one of them is no duplicate
        if differing.count(same):
            yield same.counts
        elif time_us < until_us:
            counts.duplicates += 1
    counts.ids_forgotten += differing.ids_forgotten


def _counted(rows: Iterable[Row], until_us: int, counts: Counts) -> Iterator[Row]:
    """Rows of one time, id and type, each counted as a duplicate."""
    for row in rows:
        counts.duplicates += 1
        counts.unsettled += row[0] >= until_us
        yield row


def _decide(
    versions: Versions,
    state: State,
    events: list[Event],
    rows: Iterable[Row],
    until_us: int,
    slice_bytes: int,
    counts: Counts,
    keep: Keep | None,
) -> Iterator[Decision]:
    """Decisions as the kernel takes them, of `events` and then of rows.

    No slice ends within an instant: the kernel would have to keep its events.
    """
    size = 0
    for row in rows:
        if size > slice_bytes and row[0] > events[-1].time_us:
            state = yield from _advance_slice(versions, state, events, row[0], counts)
            events, size = [], 0
        events.append(event_of(row))
        size += size_of(row)
    state = yield from _advance_slice(versions, state, events, until_us, counts)
    yield from unfinished(versions, state)
    count_pending(counts, versions.newest.account_id, pending_in(versions, state))
    if keep is not None:
        keep(state)


def _advance_slice(
    versions: Versions, state: State, events: list[Event], upto_us: int, counts: Counts
) -> Generator[Decision, None, State]:
    """The decisions of a slice; its state is returned."""
    from kittiwake.kernel import advance  # noqa: PLC0415 - 20 ms, for such contacts only

    advanced = advance(versions, state, events, upto_us)
    counts.unsettled += len(advanced.late)
    counts.forgotten += advanced.forgotten
    counts.repeats += advanced.repeats
    counts.repeats_forgotten += advanced.repeats_forgotten
    count_unusable(counts, versions.newest.account_id, advanced.unusable)
    yield from advanced.decisions
    return advanced.state


def _spill_decision(decision: Decision) -> _SpilledDecision:
    if decision.threshold is None:
        return *order_key(decision), "", _encode(decision)
    rest = _encode(msgspec.structs.replace(decision, threshold=None))
    return *order_key(decision), canonical(decision.threshold), rest


def _decision(placed: _SpilledDecision) -> Decision:
    *_, threshold, rest = placed
    decision = _decode(rest)
    return msgspec.structs.replace(decision, threshold=parse_json(threshold)) if threshold else decision
