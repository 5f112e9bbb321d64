"""The timeline: time and events, instant by instant, through the versions in force; `advance` and `batch` share it.

Works on an `Execution`, forwards only. Events come in the order `(time, event_id, type)`, without duplicates, none of
them older than where the execution stands; what comes late is the business of `kernel.late`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from kittiwake.kernel.evaluate.match import SINGLE
from kittiwake.kernel.plan.preparation import UNPREPARED
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.run.audience import evaluate_membership
from kittiwake.kernel.run.dispatch import Handlers, handlers_of
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.gating import BY_EVENTS, gate_all
from kittiwake.kernel.run.migration import Before, activate, fits, forget_for_good, known_of, stamp
from kittiwake.kernel.run.outputs import Outputs
from kittiwake.kernel.run.preparation import prepared_handlers_of
from kittiwake.kernel.run.retention import forget_silent, forgets_us, freeze, keeps_something
from kittiwake.kernel.run.shared_instant import SharedInstant
from kittiwake.kernel.run.taking import take
from kittiwake.kernel.run.timer_queue import next_due_us
from kittiwake.kernel.run.wait import fall_due
from kittiwake.kernel.state.state import State
from kittiwake.kernel.state.trace import Step, StepKind, step_of
from kittiwake.model import Decision, Event

_time_us: Final = attrgetter("time_us")


def start(versions: Versions, state: State, first_us: int, trace: list[Step] | None = None) -> Execution:
    """A run that goes on from `state`, which it works on; of a new contact, from before its first instant."""
    evaluated_to_us = state.evaluated_to_us
    program = versions.at(first_us if evaluated_to_us is None else evaluated_to_us)
    if knows(versions, state):
        return Execution(program, state, Outputs(trace), silences=versions.silences)
    assert evaluated_to_us is not None, "a new contact remembers nothing"
    decisions = activate(program, state, evaluated_to_us, Before())
    run = Execution(program, state, Outputs(trace), silences=versions.silences)
    run.outputs.decisions.extend(decisions)
    return run


def knows(versions: Versions, state: State) -> bool:
    """Whether a state was left under the rules in force then; one that does not say is taken as left under them."""
    if state.evaluated_to_us is None or not (state.rules or state.records):
        return True
    program = versions.at(state.evaluated_to_us)
    stamp(program, state)
    return fits(program, state)


def pass_through(versions: Versions, run: Execution, events: Sequence[Event], upto_us: int) -> Execution:
    """Evaluate `events`, all before `upto_us`, and deadlines up to and at it; the run that has come so far."""
    at = 0
    since_us = run.program.effective_us
    for program in versions.coming(run.now_us if since_us is None else max(run.now_us, since_us), upto_us):
        effective_us = program.effective_us
        assert effective_us is not None
        end = bisect_left(events, effective_us, lo=at, key=_time_us)
        _walk(run, events[at:end], effective_us - 1)
        run = _activate(versions, run, effective_us)
        at = end
    _walk(run, events[at:] if at else events, upto_us)
    return run


def _activate(versions: Versions, before: Execution, now_us: int) -> Execution:
    """The run under the next version, before anything else of its first instant."""
    program = versions.at(now_us)
    forget_for_good(before, now_us)
    state = freeze(before, now_us - 1, now_us - 1 - before.program.allowed_lateness_us)
    decisions = activate(program, state, now_us, known_of(before))
    run = Execution(program, state, before.outputs, now_us - 1, versions.silences)
    run.begun_us = now_us
    run.outputs.decisions.extend(decisions)
    if run.trace is not None:
        _note_version(run, now_us, decisions)
    for index, rule in enumerate(program.rules):
        if rule.audience is not None and not rule.foreseen and run.newest_us is not None:
            run.timers.set(now_us, index)
    return run


def _note_version(run: Execution, now_us: int, decisions: Sequence[Decision]) -> None:
    """Trace that a version comes into force, and what it cancels."""
    assert run.trace is not None
    version = run.program.ruleset_version
    run.trace.append(Step(now_us, StepKind.IN_FORCE, None, None, {"ruleset_version": version}))
    run.trace.extend(step_of(decision) for decision in decisions)


# ---------------------------------------------------------------- one version


def _walk(run: Execution, events: Sequence[Event], upto_us: int) -> None:
    """Walk from instant to instant: what falls due, then the events, then what they caused."""
    routes = run.program.routes
    if routes.preparation is not UNPREPARED or routes.of_item or run.program.policy.feeds:
        _walk_prepared(run, events, upto_us)
        return
    timers, traced, state = run.timers.heap, run.trace is not None, run.state
    handlers = handlers_of(run.program)
    by_type = handlers.by_type
    retention_us = run.program.policy.retention_us
    at, count = 0, len(events)
    while at < count:
        event = events[at]
        now_us = event.time_us
        if run.newest_us is None or now_us - run.newest_us >= retention_us:
            _forget(run, now_us)
        if timers and timers[0][0] <= now_us:
            _pass_time(run, now_us)
        run.now_us = now_us
        at += 1
        if at < count and events[at].time_us == now_us:
            at = _take_together(run, handlers, events, at - 1)
        elif traced:
            take(run, handlers.of(event.type), event)
        else:
            if run.newest_us is None:
                state.first_us, run.first = now_us, event
            run.newest_us = now_us
            for handle in by_type.get(event.type) or handlers.of(event.type):
                handle(run, event)
        if timers and timers[0][0] <= now_us:
            for index, key in run.timers.take_due(now_us):
                fall_due(run, index, key)
        if run.caused:
            gate_all(run, BY_EVENTS)
    if run.newest_us is None or upto_us - run.newest_us >= retention_us:
        _forget(run, upto_us)
    _pass_time(run, upto_us)


def _walk_prepared(run: Execution, events: Sequence[Event], upto_us: int) -> None:
    """As `_walk`, where events are prepared before the rules see them, or items change."""
    taking_of, timers = prepared_handlers_of(run.program).of, run.timers.heap
    retention_us = run.program.policy.retention_us
    at, count = 0, len(events)
    while at < count:
        event = events[at]
        now_us = event.time_us
        if run.newest_us is None or now_us - run.newest_us >= retention_us:
            _forget(run, now_us)
        if timers and timers[0][0] <= now_us:
            _pass_time(run, now_us)
        run.now_us = now_us
        at += 1
        if at < count and events[at].time_us == now_us:
            run.shared_instant = SharedInstant()
            taking_of(event.type)(run, event)
            while at < count and events[at].time_us == now_us:
                taking_of(events[at].type)(run, events[at])
                at += 1
            run.shared_instant = None
        else:
            taking_of(event.type)(run, event)
        if timers and timers[0][0] <= now_us:
            for index, key in run.timers.take_due(now_us):
                fall_due(run, index, key)
        if run.caused:
            gate_all(run, BY_EVENTS)
    if run.newest_us is None or upto_us - run.newest_us >= retention_us:
        _forget(run, upto_us)
    _pass_time(run, upto_us)


def _take_together(run: Execution, handlers: Handlers, events: Sequence[Event], at: int) -> int:
    """Take the several events of one instant from `at` on: one may disarm what another opens. Where the next begins."""
    now_us = events[at].time_us
    run.shared_instant = SharedInstant()
    while at < len(events) and events[at].time_us == now_us:
        take(run, handlers.of(events[at].type), events[at])
        at += 1
    run.shared_instant = None
    return at


def _pass_time(run: Execution, until_us: int) -> None:
    """Let fall due, instant by instant, what is due up to and at `until_us`."""
    timers, rules = run.timers.heap, run.program.rules
    while timers and timers[0][0] <= until_us:
        run.now_us = timers[0][0]
        due = run.timers.take_due(run.now_us)
        if run.trace is not None and any(_is_due(run, index, key) for index, key in due):
            run.note(StepKind.INSTANT, None, None)
        for index, key in due:
            fall_due(run, index, key)
            if rules[index].audience is not None and key == SINGLE:
                evaluate_membership(run, index, None)
        if run.caused:
            gate_all(run)


def _is_due(run: Execution, index: int, key: str) -> bool:
    """Whether anything falls due now: the timer may be stale. Audiences are evaluated in any case."""
    one = run.instance(index, key)
    due_us = None if one is None else next_due_us(one)
    return run.program.rules[index].audience is not None or (due_us is not None and due_us <= run.now_us)


def next_timer_us(run: Execution) -> int | None:
    """The next instant at which something falls due, or the contact is forgotten; None: never."""
    due_us = run.next_due_us()
    if run.newest_us is None and not keeps_something(run):
        return due_us
    at_us = forgets_us(run)
    return at_us if due_us is None or (at_us is not None and at_us < due_us) else due_us


# ---------------------------------------------------------------- retention


def _forget(run: Execution, upto_us: int) -> None:
    """Forget what has to be forgotten of a silent contact up to and at an instant; what is due by then comes first."""
    while (at_us := forgets_us(run)) is not None and at_us <= upto_us:
        _pass_time(run, at_us)
        run.now_us = at_us
        forget_silent(run)
