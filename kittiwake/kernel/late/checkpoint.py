"""The checkpoint: the state as it was a horizon ago, from which a correction evaluates everything again.

Pure. Called by `advance`. Nothing is written twice without need: where a contact has been silent for a horizon, the
state itself is the checkpoint, and remembers what time has passed since; where not, the checkpoint stays where it is
until half of what was evaluated since lies behind the horizon. How far back a late event is corrected for does not
depend on it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple

from msgspec.structs import replace

from kittiwake.kernel.late.deduplication import restored, stored, without_duplicates
from kittiwake.kernel.late.emitted import (
    chunk_of,
    current_rows,
    events_of,
    forget_final,
    joined,
    revised,
    size_of,
    weight_of,
)
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.retention import freeze
from kittiwake.kernel.run.timeline import next_timer_us, pass_through, start
from kittiwake.kernel.state.codec import bare, copied, decoded, encoded, in_one_order
from kittiwake.kernel.state.state import Since, State, keeps_ids
from kittiwake.model import Decision, Event

_time_us: Final = attrgetter("time_us")


class Passed(NamedTuple):
    """An execution that has come to `upto_us`, its state with all that a correction needs."""

    run: Execution
    state: State
    rows: list[Decision]
    """As they are emitted."""


def pass_on(
    versions: Versions,
    since: Since,
    from_us: int | None,
    run: Execution,
    due: Sequence[Event],
    upto_us: int,
    clock_us: int | None,
) -> Passed:
    """Evaluate the events `due`, all before `upto_us`, on `run`.

    `since`, which is changed, is what was kept for corrections from `from_us` on.
    """
    edge_us, evaluated_to_us = upto_us - versions.horizon_us, run.state.evaluated_to_us
    if not versions.horizon_us:
        run = pass_through(versions, run, without_duplicates(run, due), upto_us)
        emitted = revised(run.outputs.decisions, since, versions, clock_us)
        state = freeze(run, upto_us, upto_us)
        return Passed(run, bare(state, begun_anew(versions, since, state)), emitted)
    if evaluated_to_us is None or evaluated_to_us <= edge_us:
        return _past_a_horizon(versions, since, run, due, edge_us, upto_us, clock_us)
    assert from_us is not None
    return _within_a_horizon(versions, since, from_us, run, due, upto_us, clock_us)


def _past_a_horizon(
    versions: Versions,
    since: Since,
    run: Execution,
    due: Sequence[Event],
    edge_us: int,
    upto_us: int,
    clock_us: int | None,
) -> Passed:
    """All that was evaluated before is final: the checkpoint is met on the way."""
    cut = bisect_left(due, edge_us, key=_time_us)
    run = pass_through(versions, run, without_duplicates(run, due[:cut]), edge_us)
    checkpoint = freeze(run, edge_us, edge_us)
    final = revised(run.outputs.decisions, since, versions, clock_us)
    after = due[cut:]
    since = Since(None, [], since.revoked, since.pending)
    forget_final(versions, since, checkpoint, after)
    if not after and _is_quiet(versions, run, edge_us, upto_us):
        return Passed(run, bare(freeze(run, upto_us, edge_us), _unless_empty(since), edge_us), final)
    since.checkpoint = encoded(bare(checkpoint))
    run.outputs.decisions = []
    counted = without_duplicates(run, after)
    run = pass_through(versions, run, counted, upto_us)
    emitted = revised(run.outputs.decisions, since, versions, clock_us)
    since.chunks = [chunk_of(list(map(stored, counted)), emitted, upto_us)]
    return Passed(run, bare(freeze(run, upto_us, edge_us, upto_us), since, edge_us), [*final, *emitted])


def _within_a_horizon(
    versions: Versions,
    since: Since,
    from_us: int,
    run: Execution,
    due: Sequence[Event],
    upto_us: int,
    clock_us: int | None,
) -> Passed:
    """The checkpoint stays; what is evaluated now is kept beside what was.

    What was decided because the execution began under other rules than before is emitted, and corrected by nothing.
    """
    evaluated_to_us = run.state.evaluated_to_us
    assert evaluated_to_us is not None
    final, run.outputs.decisions = revised(run.outputs.decisions, since, versions, clock_us), []
    if not due and _is_quiet(versions, run, evaluated_to_us, upto_us):
        forgotten_us = from_us if since.checkpoint is None else upto_us
        return Passed(run, bare(freeze(run, upto_us, from_us, forgotten_us), _unless_empty(since), from_us), final)
    if since.checkpoint is None:
        since.checkpoint = encoded(_as_of(run.state, from_us))
    counted = without_duplicates(run, due)
    run = pass_through(versions, run, counted, upto_us)
    emitted = revised(run.outputs.decisions, since, versions, clock_us)
    since.chunks = joined([*since.chunks, chunk_of(list(map(stored, counted)), emitted, upto_us)])
    return Passed(run, bare(freeze(run, upto_us, from_us, upto_us), since, from_us), [*final, *emitted])


def _as_of(state: State, from_us: int) -> State:
    """The state of a contact of whom nothing has happened since an instant, as it was then."""
    found = bare(state)
    found.evaluated_to_us = from_us
    return found


def _is_quiet(versions: Versions, run: Execution, after_us: int, upto_us: int) -> bool:
    """Whether nothing happens by time alone after an instant, up to and at another."""
    due_us = next_timer_us(run)
    return (due_us is None or due_us > upto_us) and not versions.coming(after_us, upto_us)


def _unless_empty(since: Since) -> Since | None:
    return since if since.checkpoint is not None or since.revoked or since.pending else None


# ---------------------------------------------------------------- moving it


def is_due(versions: Versions, state: State) -> bool:
    """Whether half of what is kept for corrections lies behind the horizon; of a contact that is gone, any of it."""
    since, evaluated_to_us, from_us = state.since, state.evaluated_to_us, state.from_us
    if evaluated_to_us is None or from_us is None:
        return False
    edge_us = evaluated_to_us - versions.horizon_us
    if state.first_us is None:
        return from_us < edge_us and bool(since or keeps_ids(state))
    chunks = since.chunks if since is not None else []
    behind = sum(weight_of(chunk) for chunk in chunks if chunk.newest_us < edge_us)
    return behind > 0 and behind * 2 >= sum(map(weight_of, chunks))


def is_too_much(versions: Versions, state: State) -> bool:
    """Whether what is kept for corrections is more than a contact may keep."""
    if state.since is None or not state.since.chunks:
        return False
    kept = sum(len(chunk.events) + len(chunk.emitted) for chunk in state.since.chunks)
    beside = size_of(state.since.revoked) + size_of(state.since.pending)
    return kept + beside + len(state.since.checkpoint or b"") > versions.newest.limits.correction_bytes


def cut_short(versions: Versions, state: State) -> State:
    """The state with its horizon begun anew: nothing that is evaluated can be corrected any more."""
    assert state.since is not None
    return replace(state, since=begun_anew(versions, state.since, state), from_us=state.evaluated_to_us)


def begun_anew(versions: Versions, since: Since, state: State) -> Since | None:
    """What stays of `since` where nothing can be corrected any more: what is revoked or pending and may come."""
    found = Since(None, [], list(since.revoked), list(since.pending))
    forget_final(versions, found, state, ())
    return _unless_empty(found)


def moved(versions: Versions, state: State) -> State:
    """The state with its checkpoint exactly a horizon behind the evaluated time; what it decides stays as it is."""
    evaluated_to_us, from_us = state.evaluated_to_us, state.from_us
    if evaluated_to_us is None or from_us is None or from_us >= evaluated_to_us - versions.horizon_us:
        return state
    edge_us = evaluated_to_us - versions.horizon_us
    since = state.since or Since()
    base = decoded(since.checkpoint) if since.checkpoint is not None else copied(_as_of(bare(state), from_us))
    events = [restored(kept) for kept in events_of(since)]
    cut = bisect_left(events, edge_us, key=_time_us)
    run = start(versions, base, from_us)
    run = pass_through(versions, run, without_duplicates(run, events[:cut]), edge_us)
    checkpoint = freeze(run, edge_us, edge_us)
    final = {row.trigger_id for row in run.outputs.decisions}
    after = list(map(stored, events[cut:]))
    emitted = [row for trigger_id, row in current_rows(since).items() if trigger_id not in final]
    found = Since(None, [], list(since.revoked), list(since.pending))
    forget_final(versions, found, checkpoint, after)
    if after or not _is_quiet(versions, run, edge_us, evaluated_to_us):
        found.checkpoint, found.chunks = encoded(bare(checkpoint)), [chunk_of(after, emitted, evaluated_to_us)]
        front = freeze(
            Execution(versions.at(evaluated_to_us), copied(bare(state))), evaluated_to_us, edge_us, evaluated_to_us
        )
    else:  # nothing has happened since: what the state forgot at its evaluated time is still needed
        front = replace(checkpoint, evaluated_to_us=evaluated_to_us)
    front = bare(front, _unless_empty(found), edge_us)
    front.inbox = state.inbox
    return front


def compacted(rules: Program | Versions, state: State) -> State:
    """The state in its one shortest form, whatever calls have led to it: what a snapshot holds."""
    versions = as_versions(rules)
    found = moved(versions, state)
    counted = {name: _sorted(times_us) for name, times_us in sorted(found.counted.items())}
    found = replace(found, seen=_sorted(found.seen), counted=counted)
    since, evaluated_to_us = found.since, found.evaluated_to_us
    if since is None or evaluated_to_us is None:
        return found
    checkpoint = None if since.checkpoint is None else in_one_order(since.checkpoint)
    chunks = [chunk_of(events_of(since), current_rows(since).values(), evaluated_to_us)] if since.chunks else []
    return replace(found, since=replace(since, checkpoint=checkpoint, chunks=chunks))


def _sorted(times_us: dict[str, int]) -> dict[str, int]:
    """Ids by their time."""
    return dict(sorted(times_us.items(), key=itemgetter(1, 0)))
