"""Lint of history conditions: those that never or always hold, and those that exclude one another.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from kittiwake.kernel.evaluate.unusable import comparisons
from kittiwake.kernel.plan.history import Condition, Measure
from kittiwake.kernel.plan.match import Match, Operator
from kittiwake.rules.check.conditions import histories
from kittiwake.rules.compile.history import condition_of
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.lint.queries import arming, clauses_of, covers, together
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.wait import UntilWaitObject
from kittiwake.time.durations import format_duration
from kittiwake.values import Number, canonical, is_number


def lint_history(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    """Lints of `given`, `still` and `audience`."""
    for path, condition in histories(rule.given, ("given",)):
        asked = condition_of(condition)
        least = 1 if covers(asked.of, arming(rule)) and not asked.near_us else 0
        yield from _of_condition(asked, path, least, "the arming event counts itself, so " if least else "")
        yield from _attributes_ever(asked, path)
    for path, condition in histories(rule.audience, ("audience",)):
        yield from _of_condition(condition_of(condition), path, 0, "")
        yield from _attributes_ever(condition_of(condition), path)
    for path, condition in histories(rule.still, ("still",)):
        asked = condition_of(condition)
        least = 1 if _counts_what_armed(asked, rule) else 0
        yield from _of_condition(asked, path, least, "the event that armed it counts, so " if least else "")
        yield from _attributes_ever(asked, path)
    for written, path in clauses_of(rule):
        conjuncts = [at for at, _ in together(written, path)]
        found = [(at, condition_of(leaf)) for at, leaf in histories(written, path) if at in conjuncts]
        yield from _excluding(found)
        yield from _leaving_out([(at, condition_of(leaf)) for at, leaf in histories(written, path)])


def _attributes_ever(condition: Condition, path: KeyPath) -> Iterator[Diagnostic[LintCode]]:
    """Attributes asked of the events of all time: once it held it holds for good, whatever they become."""
    bounded = condition.within_us is not None or condition.period is not None or condition.near_us
    if condition.measure is Measure.PRESENT and not bounded and all(map(_asks_of_contact_alone, condition.of)):
        message = "this asks whether there ever was an event while the attribute was so, and then holds for good"
        advice = "Write {contact: …} in place of the condition: it asks what the attribute is"
        yield Diagnostic(path, LintCode.ATTRIBUTE_EVER, message, advice)


def _asks_of_contact_alone(match: Match) -> bool:
    """Whether a match is of any event, and asks of the contact alone what it is."""
    if match.types or match.where is None:
        return False
    return all(one.of_contact for one in comparisons(match.where))


def _counts_what_armed(condition: Condition, rule: Rule) -> bool:
    """Whether a condition of `still` surely finds the event that armed the rule: nothing of it can have ended by then.

    A wait that comes again may outlive what the contact did.
    """
    comes_again = isinstance(rule.wait, UntilWaitObject) and rule.wait.repeat is not None
    ever = condition.within_us is None and not condition.same and not comes_again
    return ever and covers(condition.of, arming(rule))


def _of_condition(condition: Condition, path: KeyPath, least: int, why: str) -> Iterator[Diagnostic[LintCode]]:
    verdict = _verdict(condition, least)
    if verdict is False:
        advice = "Ask for what can be, or delete the rule"
        yield Diagnostic(path, LintCode.NEVER_HOLDS, f"{why}this condition never holds", advice)
    elif verdict is True:
        yield Diagnostic(path, LintCode.ALWAYS_HOLDS, f"{why}this condition always holds", "Delete it")


def _leaving_out(conditions: list[tuple[KeyPath, Condition]]) -> Iterator[Diagnostic[LintCode]]:
    """An `absent` between two times, where no other condition asks what there was since the nearer one."""
    for path, condition in conditions:
        if condition.measure is not Measure.ABSENT or not condition.near_us or "not" in path:
            continue
        if any(other.of == condition.of for _, other in conditions if other is not condition):
            continue
        near = format_duration(condition.near_us)
        message = f"what happened in the last {near} does not count here: this holds for who did it a moment ago, too"
        advice = f"Add absent with within: {near}, or write within for between"
        yield Diagnostic((*path, "between"), LintCode.BETWEEN_LEAVES_OUT, message, advice, at_key=True)


def _verdict(condition: Condition, least: int) -> bool | None:
    """Whether a condition always or never holds, its events numbering at least so many."""
    match condition.measure:
        case Measure.PRESENT:
            return True if least else None
        case Measure.ABSENT:
            return False if least else None
        case Measure.COUNT:
            return _of_number(condition.operator, condition.bound, least)
        case Measure.DISTINCT:
            return _of_number(condition.operator, condition.bound, 0)
    return None


def _of_number(operator: Operator | None, bound: Number, least: int) -> bool | None:
    """Whether a whole number of at least `least` always or never compares so."""
    match operator:
        case Operator.GTE:
            return True if bound <= least else None
        case Operator.GT:
            return True if bound < least else None
        case Operator.LT:
            return False if bound <= least else None
        case Operator.LTE:
            return False if bound < least else None
    return False if bound < least or isinstance(bound, Decimal) else None


# ---------------------------------------------------------------- together


def _excluding(conditions: list[tuple[KeyPath, Condition]]) -> Iterator[Diagnostic[LintCode]]:
    """Conditions on the same number, all of which have to hold, and cannot."""
    for i, (path, later) in enumerate(conditions):
        if any(_exclude(earlier, later) for _, earlier in conditions[:i]):
            message = "this condition and one above exclude each other: they never hold together"
            yield Diagnostic(path, LintCode.CONTRADICTION, message, "Mend or delete one of them")


def _exclude(a: Condition, b: Condition) -> bool:
    about_a, about_b = ((c.of, c.within_us, c.period, c.near_us, c.path, c.same) for c in (a, b))
    if about_a != about_b:
        return False
    if {a.measure, b.measure} == {Measure.PRESENT, Measure.ABSENT}:
        return True
    if a.measure is not b.measure or a.operator is None or b.operator is None:
        return False
    if a.measure is Measure.LAST and not all(map(_is_of_number, (a, b))):
        return a.operator is b.operator is Operator.EQ and canonical(a.operand) != canonical(b.operand)
    (low_a, closed_a, high_a, shut_a), (low_b, closed_b, high_b, shut_b) = map(_interval, (a, b))
    return _empty(low_a, closed_a, high_b, shut_b) or _empty(low_b, closed_b, high_a, shut_a)


def _is_of_number(condition: Condition) -> bool:
    return condition.operator is not Operator.IN and is_number(condition.operand)


def _interval(condition: Condition) -> tuple[Any, bool, Any, bool]:
    """The numbers a comparison admits: lower bound, whether it is in, upper bound, whether it is in."""
    bound = condition.operand if condition.measure is Measure.LAST else condition.bound
    match condition.operator:
        case Operator.GT:
            return bound, False, None, False
        case Operator.GTE:
            return bound, True, None, False
        case Operator.LT:
            return None, False, bound, False
        case Operator.LTE:
            return None, False, bound, True
    return bound, True, bound, True


def _empty(low: Any, closed: bool, high: Any, shut: bool) -> bool:
    return low is not None and high is not None and (low > high or (low == high and not (closed and shut)))
