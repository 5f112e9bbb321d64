"""The kernel's one contract: let time pass and events in, and say what became of it.

`advance` settles events and deadlines strictly before `upto_us` in event-time order, then
deadlines due at it. It changes nothing it is given, and depends on nothing else: the same
arguments give the same result on every host. Slices add up: two calls with the events in
between them equal one call with all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple

from kittiwake.kernel.audiences import look
from kittiwake.kernel.codec import copied
from kittiwake.kernel.decisions import decision_of
from kittiwake.kernel.episodes import fall_due
from kittiwake.kernel.gating import gate_all
from kittiwake.kernel.matching import SINGLE
from kittiwake.kernel.program import Program
from kittiwake.kernel.run import Run
from kittiwake.kernel.state import State, Unsettled
from kittiwake.kernel.trace import Step, StepKind
from kittiwake.model import Decision, Event, rest_of
from kittiwake.reasons import Outcome, Reason
from kittiwake.values import canonical, parse_json


class Advanced(NamedTuple):
    """What `advance` returns."""

    state: State
    decisions: tuple[Decision, ...]
    """Final decisions, in the order in which they were taken."""
    late: tuple[Event, ...]
    """Events older than the settled time; they changed nothing."""
    duplicates: int
    """Copies that were dropped."""
    wake_at_us: int | None
    """The next instant at which something can happen without further events; None: never."""
    trace: tuple[Step, ...]
    """The steps taken, if asked for."""


def advance(program: Program, state: State, events: Sequence[Event], upto_us: int, *, trace: bool = False) -> Advanced:
    """Settle what lies before `upto_us`; events at or after it are kept in the state, unsettled.

    Events may come in any order and more than once, and belong to the state's contact; of types that the program does
    not want, they are as if they had not happened. An `upto_us` before the settled time lets no time pass.
    """
    run = Run(program, _working_copy(state), trace=trace)
    settled_us = state.settled_us
    needed = [event for event in events if program.wants(event.type)]
    late = [event for event in needed if settled_us is not None and event.time_us < settled_us]
    upto_us = upto_us if settled_us is None else max(upto_us, settled_us)
    inbox = _in_order(run, [event for event in needed if settled_us is None or event.time_us >= settled_us])
    counted = _that_count(run, [event for event in inbox if event.time_us < upto_us])
    shown = [] if not trace else [event for event in events if not program.wants(event.type)]
    _settle(run, _with_shown(counted, shown, settled_us, upto_us), upto_us)
    run.state.inbox = [_stored(event) for event in inbox if event.time_us >= upto_us]
    late = _without_copies(run, state, late)
    _note_late(run, late + [event for event in shown if settled_us is not None and event.time_us < settled_us])
    state = run.freeze(upto_us)
    return Advanced(state, tuple(run.decisions), tuple(late), run.duplicates, _wake_at_us(run), _in_time(run.trace))


def walk(program: Program, contact_id: str, events: Sequence[Event], until_us: int) -> list[Decision]:
    """Decide a whole history from nothing to its end, what is still deferred then included; no state is left.

    The events are in order, without copies, before `until_us`, and of types that the program wants.
    """
    state = State(contact_id)
    run = Run(program, state, trace=False)
    _settle(run, events, until_us)
    state.settled_us = until_us
    return [*run.decisions, *unfinished(program, state)] if run.deferred else run.decisions


def unfinished(program: Program, state: State) -> tuple[Decision, ...]:
    """The decisions of a run that ends here: what is still deferred leaves `deferred`, reason `quiet_hours`."""
    found = []
    for index, rule in enumerate(program.rules):
        remembered = state.rules.get(rule.rule_id)
        if remembered is None or not remembered.instances:
            continue
        held = [(key, one.held) for key, one in remembered.instances.items() if one.held is not None]
        for key, deferred in sorted(held, key=itemgetter(0)):
            candidate, decided_us = deferred.candidate, state.settled_us or deferred.candidate.due_us
            found.append(
                decision_of(
                    program,
                    index,
                    state.contact_id,
                    key,
                    candidate,
                    Outcome.DEFERRED,
                    Reason.QUIET_HOURS,
                    decided_us,
                )
            )
    return tuple(found)


def _in_time(trace: list[Step] | None) -> tuple[Step, ...]:
    """The steps in the order of time; copies were found before time was walked."""
    return tuple(sorted(trace or (), key=lambda step: step.time_us))


# ---------------------------------------------------------------- events in


def _working_copy(state: State) -> State:
    return State(state.contact_id) if state.settled_us is None and not state.inbox else copied(state)


_place: Final = attrgetter("time_us", "event_id")


def _in_order(run: Run, events: list[Event]) -> list[Event]:
    """New events and those kept, by `(time, event_id)`; of copies that share both, the one that counts."""
    kept = [Event(one.time_us, one.event_id, one.type, parse_json(one.properties)) for one in run.state.inbox]
    ordered = sorted(kept + events, key=_place)
    if len(set(map(_place, ordered))) == len(ordered):
        return ordered
    found = []
    for _, copies in groupby(ordered, key=_place):
        group = list(copies)
        found.append(group[0] if len(group) == 1 else min(group, key=rest_of))
        run.duplicates += len(group) - 1
    return found


def _with_shown(counted: list[Event], shown: list[Event], settled_us: int | None, upto_us: int) -> list[Event]:
    """The events that count and, in their places, those of this stretch of time that nobody needs, for the trace."""
    due = [event for event in shown if (settled_us is None or event.time_us >= settled_us) and event.time_us < upto_us]
    return sorted(due + counted, key=_place) if due else counted


def _stored(event: Event) -> Unsettled:
    return Unsettled(event.time_us, event.event_id, event.type, canonical(event.properties))


def _that_count(run: Run, events: list[Event]) -> list[Event]:
    """The events that are no copies of earlier ones."""
    seen = run.state.seen
    if not seen and len({event.event_id for event in events}) == len(events):
        seen.update((event.event_id, event.time_us) for event in events)
        return events
    return _without_duplicates(run, events)


def _without_duplicates(run: Run, events: list[Event]) -> list[Event]:
    found = []
    seen, horizon_us = run.state.seen, run.program.allowed_lateness_us
    for event in events:
        counted_us = seen.get(event.event_id)
        if counted_us is None or event.time_us - counted_us > horizon_us:
            seen[event.event_id] = event.time_us
            found.append(event)
            continue
        run.duplicates += 1
        if run.trace is not None:
            run.now_us = event.time_us
            run.note(StepKind.DUPLICATE, None, None, event_id=event.event_id, type=event.type)
    return found


def _without_copies(run: Run, before: State, late: list[Event]) -> list[Event]:
    """The late events that are no copies of one settled earlier."""
    horizon_us = run.program.allowed_lateness_us
    found = []
    for event in late:
        counted_us = before.seen.get(event.event_id)
        if counted_us is not None and 0 <= event.time_us - counted_us <= horizon_us:
            run.duplicates += 1
            continue
        found.append(event)
    return found


def _note_late(run: Run, late: list[Event]) -> None:
    if run.trace is not None:
        for event in late:
            run.note(StepKind.LATE, None, None, event_id=event.event_id, type=event.type)


# ---------------------------------------------------------------- time


def _settle(run: Run, events: Sequence[Event], upto_us: int) -> None:
    """Walk from instant to instant: what falls due, then the events, then what they caused."""
    agenda, traced, takers = run.agenda, run.trace is not None, run.program.takers
    at, count = 0, len(events)
    while at < count:
        event = events[at]
        now_us = event.time_us
        if agenda and agenda[0][0] <= now_us:
            _pass_time(run, now_us)
        run.now_us = now_us
        at += 1
        if at < count and events[at].time_us == now_us:
            at = _take_together(run, events, at - 1)
        elif traced:
            _take(run, event)
        else:
            run.state.started = True
            for take in takers.get(event.type) or run.program.takers_of(event.type):
                take(run, event)
        if agenda and agenda[0][0] <= now_us:
            for index, key in run.due_entries():
                fall_due(run, index, key)
        if run.caused:
            gate_all(run)
    _pass_time(run, upto_us)


def _take_together(run: Run, events: Sequence[Event], at: int) -> int:
    """Take the several events of one instant from `at` on: one may disarm what another opens. Where the next begins."""
    now_us = events[at].time_us
    run.together = True
    while at < len(events) and events[at].time_us == now_us:
        _take(run, events[at])
        at += 1
    run.together = False
    run.unless_taken.clear()
    run.opened.clear()
    return at


def _take(run: Run, event: Event) -> None:
    """Let one event do all it does; a trace shows it first, also if nobody wants it."""
    if run.trace is not None:
        about = {"event_id": event.event_id, "type": event.type, "properties": dict(event.properties)}
        run.note(StepKind.EVENT, None, None, **about)
        if not run.program.wants(event.type):
            return
    run.state.started = True
    for take in run.program.takers_of(event.type):
        take(run, event)


def _pass_time(run: Run, until_us: int) -> None:
    """Let fall due, instant by instant, what is due up to and at `until_us`.

    An entry of the agenda may be stale (a restart moved the deadline): then nothing of it is due.
    """
    agenda, rules = run.agenda, run.program.rules
    while agenda and agenda[0][0] <= until_us:
        run.now_us = agenda[0][0]
        entries = run.due_entries()
        if run.trace is not None and any(run.is_due(index, key) for index, key in entries):
            run.note(StepKind.INSTANT, None, None)
        for index, key in entries:
            fall_due(run, index, key)
            if rules[index].audience is not None and key == SINGLE:
                look(run, index, None)
        if run.caused:
            gate_all(run)


def _wake_at_us(run: Run) -> int | None:
    due_us = run.next_wake_us()
    if not run.state.inbox:
        return due_us
    event_us = run.state.inbox[0].time_us + 1
    return event_us if due_us is None else min(due_us, event_us)
