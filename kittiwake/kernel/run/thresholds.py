"""Thresholds (`reaches`): totals over all matches of an instance, and what they cross upwards.

Each threshold is used up by its first crossing, even one that `given` refuses. Made by `run.dispatch`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kittiwake.kernel.evaluate.match import SINGLE, amount
from kittiwake.kernel.evaluate.periods import first_day
from kittiwake.kernel.evaluate.retention import is_total_forgotten
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.thresholds import Reaches
from kittiwake.kernel.run.arming import candidate_of_event, cause, refuse_for_room
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.reactions import NO_VALUES, Given, Reaction
from kittiwake.kernel.run.unusable import refuse_number
from kittiwake.kernel.state.state import Reached, State
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Clause, Kind
from kittiwake.values import EXACT, canonical

ONE = Decimal(1)


def reaching(index: int, rule: RuleProgram, given: Given | None) -> Reaction:
    """The reaction of a rule with `reaches`: count the match; `given` is asked if it crosses a threshold.

    Of a rule that is not in force yet, thresholds are used up and nothing else comes of it.
    """
    reaches = rule.reaches
    assert reaches is not None

    def react(run: Execution, event: Event, key: str = SINGLE, same: list[str] = NO_VALUES) -> None:
        added = _added(reaches, event)
        if added is None:
            assert reaches.path is not None
            refuse_number(run, index, Clause.REACHES, reaches.path, event)
            return
        one = run.instance_or_new(index, key)
        if one is None:
            refuse_for_room(run, index, key, event, "keys")
            return
        if one.reached is None or is_total_forgotten(rule, one.reached, run.now_us):
            one.reached = Reached(Decimal(0), [], run.now_us)
        if reaches.period is not None:
            _pass_to(one.reached, first_day(reaches.period, run.zone, run.now_us))
        before = one.reached.total
        one.reached.total = EXACT.add(before, added)
        one.reached.newest_us = run.now_us
        crossed = _cross(reaches, one.reached, before)
        if run.trace is not None:
            _trace_total(run, index, key, event, before, one.reached)
        if crossed and not rule.foreseen and (given is None or given(run, event, key, same)):
            _fire(run, index, key, event, same, [reaches.at[i] for i in crossed], one.reached.period)

    return react


def _pass_to(reached: Reached, period: int) -> None:
    """Count anew in a period later than that of the match before; never in an earlier one, whatever the zone does."""
    if reached.period is None or period > reached.period:
        reached.total, reached.used, reached.period = Decimal(0), [], period


def _added(reaches: Reaches, event: Event) -> Decimal | None:
    """What a match adds; None if it adds nothing, is not remembered and needs no room."""
    return ONE if reaches.path is None else amount(reaches.path, event.properties)


def _cross(reaches: Reaches, reached: Reached, before: Decimal) -> list[int]:
    """Indices of the thresholds crossed now for the first time, rising; they are used up."""
    crossed = [
        i for i, threshold in enumerate(reaches.at) if before < threshold <= reached.total and i not in reached.used
    ]
    reached.used.extend(crossed)
    return crossed


def _fire(
    run: Execution,
    index: int,
    key: str,
    event: Event,
    same: list[str],
    thresholds: list[int | Decimal],
    period: int | None,
) -> None:
    rule = run.program.rules[index]
    for threshold in thresholds:
        candidate = candidate_of_event(run, rule, event, same, Kind.FIRED)
        candidate.threshold = Decimal(threshold)
        if candidate.opened_type:
            candidate.crossing = crossing_of(rule, run.state, run.now_us, period)
        cause(run, index, key, candidate, superseded=threshold != thresholds[-1])


def crossing_of(rule: RuleProgram, state: State, now_us: int, period: int | None = None) -> str:
    """Which time it is that a threshold is crossed, whatever event does it, as canonical JSON (semantics 8).

    It can be crossed again under a text of the rule that counts anew; after the contact was deleted, merged or wholly
    forgotten; with `per` once `keep` has passed without a match, so that it is crossed once at most in each of the
    `keep`s since 1970; and in the next calendar period, which has the date of its first day.
    """
    ended = None if state.ended_us is None else [state.ended_us, state.ended_times]
    which = [rule.anew_us, ended, now_us // rule.keep_us if rule.per else None]
    return canonical(which if period is None else [*which, date.fromordinal(period).isoformat()])


def _trace_total(run: Execution, index: int, key: str, event: Event, before: Decimal, reached: Reached) -> None:
    reaches = run.program.rules[index].reaches
    assert reaches is not None
    left = [threshold for i, threshold in enumerate(reaches.at) if i not in reached.used]
    ahead = next((threshold for threshold in left if threshold > reached.total), None)
    run.note(StepKind.TOTAL, index, key, event_id=event.event_id, before=before, after=reached.total, next=ahead)
