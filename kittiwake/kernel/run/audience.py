"""Audiences: membership as a function of history and time, and the edges it takes.

Evaluated after every event that concerns the rule, by what it asks of history or of attributes, at every instant a
look-back ends, and at the instant the rule is ready. Called by `run.dispatch` and `run.timeline`.
"""

from __future__ import annotations

from kittiwake.kernel.evaluate.conditions import tree_holds
from kittiwake.kernel.evaluate.history import measured, measured_plainly, next_end_us
from kittiwake.kernel.evaluate.include import included
from kittiwake.kernel.evaluate.match import SINGLE
from kittiwake.kernel.plan.history import Measured, answer
from kittiwake.kernel.run.arming import candidate_of_event, cause
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.state.state import Candidate, RuleState
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Kind


def evaluate_membership(run: Execution, index: int, event: Event | None) -> None:
    """Evaluate membership now; an edge becomes a candidate. `event` is None at an instant without one."""
    rule = run.program.rules[index]
    assert rule.audience is not None
    found = run.rule_state(index)
    values = [
        (measured_plainly if condition.plain else measured)(condition, slots, "", run.now_us, rule.keep_us, run.zone)
        for condition, slots in zip(rule.conditions, found.history, strict=True)
    ]
    answers = [answer(condition, value) for condition, value in zip(rule.conditions, values, strict=True)]
    member = run.state.first_us is not None and tree_holds(rule.audience.tree, answers.__getitem__, run.attributes)
    if found.entered_fired and run.is_lacking(index):
        member = True  # it cannot know yet: who has entered stays until it can
    readied = event is None and run.ready_us(index) == run.now_us and not _is_evaluated(run, run.now_us)
    if run.trace is not None and (member != found.member or event is not None):
        _trace_membership(run, index, member, values, event)
    if member != found.member or (member and readied):
        found.member = member
        _edge(run, index, member, event)
    _wake_at_ends(run, index, found)


def _is_evaluated(run: Execution, now_us: int) -> bool:
    return run.state.evaluated_to_us is not None and now_us <= run.state.evaluated_to_us


def _edge(run: Execution, index: int, member: bool, event: Event | None) -> None:
    rule = run.program.rules[index]
    kind = Kind.ENTERED if member else Kind.EXITED
    if event is not None:
        cause(run, index, SINGLE, candidate_of_event(run, rule, event, [], kind))
        return
    include = included(rule, None, run.attributes, run.program.limits.include_bytes)
    cause(run, index, SINGLE, Candidate(kind, run.now_us, None, run.now_us, None, 1, include, []))


def _wake_at_ends(run: Execution, index: int, found: RuleState) -> None:
    rule = run.program.rules[index]
    for condition, slots in zip(rule.conditions, found.history, strict=True):
        end_us = next_end_us(condition, slots, rule.keep_us, run.now_us, run.zone)
        if end_us is not None:
            run.timers.set(end_us, index)


def _trace_membership(run: Execution, index: int, member: bool, values: list[Measured], event: Event | None) -> None:
    cause = None if event is None else event.event_id
    run.note(StepKind.MEMBERSHIP, index, SINGLE, member=member, values=values, cause=cause)
