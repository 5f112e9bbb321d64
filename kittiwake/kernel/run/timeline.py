"""Time and events, instant by instant, through the versions in force: what `advance` and batch hosts share.

Works on a `Run`, forwards only. It is given events in the order `(time, event_id, type)`, of one place at most one,
none of them older than where the run stands; what comes late is the business of `correcting`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from kittiwake.kernel.evaluate.match import SINGLE
from kittiwake.kernel.evaluate.retention import outlives
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.run.audience import look
from kittiwake.kernel.run.episodes import fall_due
from kittiwake.kernel.run.execution import Run
from kittiwake.kernel.run.gating import gate_all
from kittiwake.kernel.run.migration import Before, bring_into_force, fits, forget_for_good, known_of, stamp, standing
from kittiwake.kernel.state.state import State
from kittiwake.kernel.state.trace import Step, StepKind, step_of
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome, Reason

_time_us: Final = attrgetter("time_us")


def start(versions: Versions, state: State, first_us: int, trace: list[Step] | None = None) -> Run:
    """A run that goes on from `state`, which it works on; of a new contact, from before its first instant."""
    settled_us = state.settled_us
    program = versions.at(first_us if settled_us is None else settled_us)
    if knows(versions, state):
        return Run(program, state, trace)
    assert settled_us is not None, "a new contact remembers nothing"
    decisions = bring_into_force(program, state, settled_us, Before())
    run = Run(program, state, trace)
    run.decisions.extend(decisions)
    return run


def knows(versions: Versions, state: State) -> bool:
    """Whether a state was left under the rules in force then; one that does not say is taken as left under them."""
    if state.settled_us is None or not (state.rules or state.records):
        return True
    program = versions.at(state.settled_us)
    stamp(program, state)
    return fits(program, state)


def pass_through(versions: Versions, run: Run, events: Sequence[Event], upto_us: int) -> Run:
    """Settle `events`, all before `upto_us`, and deadlines up to and at it; the run that has come so far."""
    at = 0
    since_us = run.program.effective_us
    for program in versions.coming(run.now_us if since_us is None else max(run.now_us, since_us), upto_us):
        effective_us = program.effective_us
        assert effective_us is not None
        end = bisect_left(events, effective_us, lo=at, key=_time_us)
        _walk(run, events[at:end], effective_us - 1)
        run = _come_into_force(versions, run, effective_us)
        at = end
    _walk(run, events[at:] if at else events, upto_us)
    return run


def _come_into_force(versions: Versions, before: Run, now_us: int) -> Run:
    """The run under the next version, before anything else of its first instant."""
    program = versions.at(now_us)
    forget_for_good(before, now_us)
    state = before.freeze(now_us - 1, now_us - 1 - before.program.allowed_lateness_us)
    decisions = bring_into_force(program, state, now_us, known_of(before))
    run = Run(program, state, before.trace, now_us - 1)
    run.begun_us = now_us
    run.decisions = before.decisions + decisions
    if run.trace is not None:
        _note_version(run, now_us, decisions)
    run.duplicates, run.forgotten, run.deferred = before.duplicates, before.forgotten, before.deferred
    run.unusable = before.unusable
    run.ids_forgotten = before.ids_forgotten
    for index, rule in enumerate(program.rules):
        if rule.audience is not None and not rule.foreseen and run.newest_us is not None:
            run.wake(now_us, index)
    return run


def _note_version(run: Run, now_us: int, decisions: Sequence[Decision]) -> None:
    """Trace that a version comes into force, and what it cancels."""
    assert run.trace is not None
    version = run.program.ruleset_version
    run.trace.append(Step(now_us, StepKind.IN_FORCE, None, None, {"ruleset_version": version}))
    run.trace.extend(step_of(decision) for decision in decisions)


# ---------------------------------------------------------------- one version


def _walk(run: Run, events: Sequence[Event], upto_us: int) -> None:
    """Walk from instant to instant: what falls due, then the events, then what they caused."""
    agenda, traced, takers, state = run.agenda, run.trace is not None, run.program.takers, run.state
    retention_us = run.program.policy.retention_us
    at, count = 0, len(events)
    while at < count:
        event = events[at]
        now_us = event.time_us
        if run.newest_us is None or now_us - run.newest_us >= retention_us:
            _forget(run, now_us)
        if agenda and agenda[0][0] <= now_us:
            _pass_time(run, now_us)
        run.now_us = now_us
        at += 1
        if at < count and events[at].time_us == now_us:
            at = _take_together(run, events, at - 1)
        elif traced:
            _take(run, event)
        else:
            if run.newest_us is None:
                state.first_us, run.first = now_us, event
            run.newest_us = now_us
            for take in takers.get(event.type) or run.program.takers_of(event.type):
                take(run, event)
        if agenda and agenda[0][0] <= now_us:
            for index, key in run.due_entries():
                fall_due(run, index, key)
        if run.caused:
            gate_all(run)
    if run.newest_us is None or upto_us - run.newest_us >= retention_us:
        _forget(run, upto_us)
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
    """Let one event do all it does; a trace shows it first."""
    if run.trace is not None:
        about = {"event_id": event.event_id, "type": event.type, "properties": dict(event.properties)}
        run.note(StepKind.EVENT, None, None, **about)
    if run.newest_us is None:
        run.state.first_us, run.first = event.time_us, event
    run.newest_us = event.time_us
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


# ---------------------------------------------------------------- retention


def _forget(run: Run, upto_us: int) -> None:
    """Forget what has to be forgotten of a silent contact up to and at an instant; what is due by then comes first."""
    while (forgets_us := run.forgets_us()) is not None and forgets_us <= upto_us:
        _pass_time(run, forgets_us)
        run.now_us = forgets_us
        profile_us = run.program.policy.profile_retention_us
        silent_us = forgets_us - _newest_us(run)
        _forget_now(run, wholly=profile_us is not None and silent_us >= profile_us)


def _newest_us(run: Run) -> int:
    """Time of the newest event of a contact that has had one."""
    if run.newest_us is not None:
        return run.newest_us
    assert run.state.profile is not None
    return run.state.profile.newest_us


def _forget_now(run: Run, *, wholly: bool) -> None:
    """Forget what a contact did, or all that is known of it; who leaves nothing to forget is not counted again."""
    if run.newest_us is None:
        run.forget(run.now_us)
    counts = run.newest_us is not None or run.keeps_something()
    if run.trace is not None and counts:
        run.note(StepKind.FORGOTTEN, None, None, wholly=wholly)
    for index, found in enumerate(run.rules):
        if found is None or (not wholly and outlives(run.program.rules[index])):
            continue
        for key, one in sorted(found.instances.items()):
            for candidate in standing(one):
                run.decide(index, key, candidate, Outcome.CANCELLED, Reason.FORGOTTEN)
    if wholly:
        run.empty()
        run.state.ended_us, run.state.ended_times = run.now_us, 0
    else:
        run.forget_deeds()
    run.forgotten += counts
