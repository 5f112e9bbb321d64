"""The kernel's first entrance: let time pass and events in, and return what became of it.

Called by every host that keeps a state. `advance` evaluates events and deadlines strictly before `upto_us` in
event-time order, then deadlines due at it. It changes nothing it is given and depends on nothing else: the same
arguments give the same result on every host. Slices add up, and late events inside the horizon are corrected for: the
newest revisions are what one call with all events would have decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from kittiwake.event_types import is_feed_notice
from kittiwake.kernel.evaluate.retention import memory_ends_us
from kittiwake.kernel.late.checkpoint import cut_short, is_due, is_too_much, moved, pass_on
from kittiwake.kernel.late.corrections import Corrected, correct
from kittiwake.kernel.late.deduplication import in_order, is_duplicate, newest_id_us, restored, stored
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.migration import concerned_us
from kittiwake.kernel.run.outputs import NOTHING_SILENT, NOTHING_UNUSABLE, Silent, Unusable
from kittiwake.kernel.run.timeline import knows, next_timer_us, start
from kittiwake.kernel.state.codec import bare, copied
from kittiwake.kernel.state.state import Since, State, corrected_from_us, keeps_ids
from kittiwake.kernel.state.trace import Step, StepKind, step_of
from kittiwake.model import Decision, Event

NO_TRACE: Final[tuple[Step, ...]] = ()


class Advanced(NamedTuple):
    """What `advance` returns."""

    state: State
    decisions: tuple[Decision, ...]
    """In the order in which they were taken: first corrections (`late`), then what time brought."""
    late: tuple[Event, ...]
    """Events beyond the horizon; they changed nothing."""
    duplicates: int
    """Duplicates that were dropped."""
    next_timer_us: int | None
    """The next instant at which something can happen without further events; None: never."""
    trace: tuple[Step, ...] = NO_TRACE
    """The steps taken, if asked for; of a correction only what it corrected."""
    corrected: int = 0
    """Late events that were corrected for."""
    forgotten: int = 0
    """How often the contact was forgotten, by `retention`."""
    horizon_cut: bool = False
    """Whether more came inside the horizon than a contact may keep (`Limits.correction_bytes`): it begins anew."""
    unusable: Mapping[Unusable, int] = NOTHING_UNUSABLE
    """Values that rules in force could not use, and how often; not of what a correction evaluates again."""
    ids_forgotten: int = 0
    """Ids of events that had to make room (`Limits.ids`) while duplicates of them could still come."""
    repeats: int = 0
    """Events that were dropped for a value that one brought before which counted; not of what a correction evaluates
    again."""
    repeats_forgotten: int = 0
    """Values that had to make room (`Limits.repeats`) while events could still bring them again."""
    silent: Mapping[Silent, int] = NOTHING_SILENT
    """What was due for the first time while a feed was silent, or armed by a flood; not what is evaluated again."""


def advance(
    rules: Program | Versions,
    state: State,
    events: Sequence[Event],
    upto_us: int,
    *,
    clock_us: int | None = None,
    trace: bool = False,
) -> Advanced:
    """Evaluate what lies before `upto_us`; events at or after it wait in the state.

    Events may come in any order and more than once, and belong to the state's contact; of types that no version in
    force wants, they are as if they had not happened. An `upto_us` before the evaluated time lets no time pass, nor
    does one beyond the instant at which the rule set is frozen. `clock_us` is the host's clock, by which triggers are
    `stale`; without one nothing is.
    """
    versions = as_versions(rules)
    work = _opened(versions, state)
    evaluated_to_us, upto_us = state.evaluated_to_us, _clamped(versions, state.evaluated_to_us, upto_us)
    needed = versions.needed(events)
    late = _sort_out(versions, work, needed)
    corrected = correct(versions, work, late.inside, clock_us) if late.inside else Corrected(work, [], 0, [])
    work = corrected.state
    coming = [event for event in needed if evaluated_to_us is None or event.time_us >= evaluated_to_us]
    inbox, dropped = _inbox(versions, state, coming)
    due = [event for event in inbox if event.time_us < upto_us]
    steps: list[Step] | None = [] if trace else None
    run = start(versions, bare(work), min([upto_us, *(event.time_us for event in due[:1])]), steps)
    passed = pass_on(versions, work.since or Since(), work.from_us, run, due, upto_us, clock_us)
    found = moved(versions, passed.state) if is_due(versions, passed.state) else passed.state
    is_cut = is_too_much(versions, found)
    if is_cut:
        found = cut_short(versions, found)
    found.inbox = [stored(event) for event in inbox if event.time_us >= upto_us]
    if steps is not None:
        steps.extend(_steps_of_late(corrected, late.beyond, evaluated_to_us))
        steps.extend(_shown(versions, events, evaluated_to_us, upto_us))
    return Advanced(
        found,
        (*corrected.rows, *passed.rows),
        tuple(late.beyond),
        late.duplicates + corrected.duplicates + dropped + passed.run.outputs.duplicates,
        _next_timer_us(versions, passed.run, found),
        NO_TRACE if steps is None else tuple(sorted(steps, key=_time_of_step)),
        sum(not is_feed_notice(event.type) for event in corrected.placed),
        passed.run.outputs.forgotten,
        is_cut,
        passed.run.outputs.unusable,
        corrected.ids_forgotten + passed.run.outputs.ids_forgotten,
        passed.run.outputs.repeats,
        passed.run.outputs.repeats_forgotten,
        passed.run.outputs.silent,
    )


# ---------------------------------------------------------------- what is given


def _opened(versions: Versions, state: State) -> State:
    """A copy to work on, without its inbox; left under rules that nobody knows, it can be corrected no more."""
    if state.evaluated_to_us is None:
        return State(state.contact_id)
    work, kept, from_us = copied(bare(state)), state.since or Since(), state.from_us
    since = Since(kept.checkpoint, list(kept.chunks), list(kept.revoked), list(kept.pending))
    if from_us is None or not knows(versions, work):
        since, from_us = Since(None, [], since.revoked, since.pending), state.evaluated_to_us
    return bare(work, since, from_us if versions.horizon_us else None)


def _clamped(versions: Versions, evaluated_to_us: int | None, upto_us: int) -> int:
    if versions.frozen_at_us is not None:
        upto_us = min(upto_us, versions.frozen_at_us)
    return upto_us if evaluated_to_us is None else max(upto_us, evaluated_to_us)


class _Late(NamedTuple):
    """Events older than the evaluated time."""

    inside: list[Event]
    beyond: list[Event]
    """Without duplicates of what is still known."""
    duplicates: int


def _sort_out(versions: Versions, state: State, events: list[Event]) -> _Late:
    evaluated_to_us = state.evaluated_to_us
    late = [event for event in events if evaluated_to_us is not None and event.time_us < evaluated_to_us]
    if not late or evaluated_to_us is None:
        return _Late([], [], 0)
    edge_us = corrected_from_us(state, evaluated_to_us, versions.horizon_us)
    inside = [event for event in late if event.time_us >= edge_us]
    before = [event for event in late if event.time_us < edge_us]
    beyond = [event for event in before if not is_duplicate(state, event, versions.horizon_us)]
    return _Late(inside, beyond, len(before) - len(beyond))


def _inbox(versions: Versions, state: State, coming: Sequence[Event]) -> tuple[list[Event], int]:
    """What is not evaluated yet, in order, and how many duplicates were dropped.

    What has waited is asked again whether it is needed: a version may have become known meanwhile.
    """
    events = [*versions.needed(map(restored, state.inbox)), *coming]
    ordered = in_order(events)
    return ordered, len(events) - len(ordered)


# ---------------------------------------------------------------- trace


def _steps_of_late(corrected: Corrected, beyond: Iterable[Event], evaluated_to_us: int | None) -> Iterator[Step]:
    for event in beyond:
        if is_feed_notice(event.type):
            continue
        yield Step(event.time_us, StepKind.LATE, None, None, {"event_id": event.event_id, "type": event.type})
    for event in corrected.placed:
        if is_feed_notice(event.type):
            continue
        details = {"event_id": event.event_id, "type": event.type, "time_us": event.time_us}
        yield Step(evaluated_to_us or event.time_us, StepKind.CORRECTED, None, None, details)
    yield from map(step_of, corrected.rows)


def _shown(versions: Versions, events: Iterable[Event], evaluated_to_us: int | None, upto_us: int) -> Iterator[Step]:
    """The events that nobody needs: a trace shows them in their order."""
    for event in events:
        if versions.at(event.time_us).wants(event.type):
            continue
        about = {"event_id": event.event_id, "type": event.type}
        if evaluated_to_us is not None and event.time_us < evaluated_to_us:
            yield Step(event.time_us, StepKind.LATE, None, None, about)
        elif event.time_us < upto_us:
            yield Step(event.time_us, StepKind.EVENT, None, None, {**about, "properties": dict(event.properties)})


def _time_of_step(step: Step) -> int:
    return step.time_us


# ---------------------------------------------------------------- when to come again


def _next_timer_us(versions: Versions, run: Execution, state: State) -> int | None:
    """The next instant at which something falls due, an event waits, a version matters, or traces have to go."""
    assert state.evaluated_to_us is not None
    found = [next_timer_us(run), _trace_ends_us(versions, state), _memory_ends_us(versions, state)]
    if state.inbox:
        found.append(state.inbox[0].time_us + 1)
    in_force = versions.at(state.evaluated_to_us)
    found += [concerned_us(program, in_force, state) for program in versions.later(state.evaluated_to_us)]
    return min((due_us for due_us in found if due_us is not None), default=None)


def _trace_ends_us(versions: Versions, state: State) -> int | None:
    """When the horizon has passed the traces of a contact that was deleted or forgotten: first events, then ids."""
    if state.first_us is not None or not (state.since or keeps_ids(state)):
        return None
    if state.since is not None and state.since.chunks:
        return state.since.chunks[0].newest_us + versions.horizon_us + 1
    newest_us = newest_id_us(state)
    return None if newest_us is None else newest_us + 2 * versions.horizon_us + 1


def _memory_ends_us(versions: Versions, state: State) -> int | None:
    """When a forgotten contact can let go of the last thing that it keeps only for a time."""
    evaluated_to_us = state.evaluated_to_us
    assert evaluated_to_us is not None
    ends_us = None if state.first_us is not None else memory_ends_us(versions.at(evaluated_to_us), state)
    return None if ends_us is None else max(ends_us, evaluated_to_us) + versions.horizon_us + 1
