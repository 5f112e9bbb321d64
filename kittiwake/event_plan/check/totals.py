"""Checks of totals: counts and sums beyond what any contact can have come to.

Pure. A rule that looks for what is rare is not meant: only what all events that were seen do not come to is reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.event_plan.check.values import range_of
from kittiwake.event_plan.check.wording import events_words
from kittiwake.event_plan.known import Known
from kittiwake.event_plan.uses import Types, arming_types, types_of_match
from kittiwake.rules.check.conditions import histories
from kittiwake.rules.check.history import comparisons, measured
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.lint.queries import clauses_of
from kittiwake.rules.model.history import Count, Distinct, HistoryCondition, Sum
from kittiwake.rules.model.rule import Rule
from kittiwake.values import Number


def check_totals(rule: Rule, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Conditions that ask for more than there is, and the lowest threshold of `reaches`."""
    for written, path in clauses_of(rule):
        for where, condition in histories(written, path):
            if isinstance(condition, (Count, Distinct, Sum)):
                yield from _of_condition(condition, where, known)
    if rule.reaches is None or not rule.reaches.at:
        return
    types = arming_types(rule)
    most = most_of(types, known) if rule.reaches.sum is None else most_sum_of(types, rule.reaches.sum, known)
    lowest = rule.reaches.at[0]
    if most is not None and lowest > most:
        message = (
            f"the most that a contact can have come to is {most:,}, with {events_words(known, known.types(types))}"
        )
        yield Diagnostic(("reaches", "at", 0), LintCode.BEYOND_ALL_SEEN, message, "Check the threshold and its unit")


def _of_condition(condition: Count | Distinct | Sum, path: KeyPath, known: Known) -> Iterator[Diagnostic[LintCode]]:
    types = types_of_match(measured(condition)[1])
    most = _most(condition, types, known)
    if most is None:
        return
    for operator, bound in comparisons(condition):
        if (operator in ("gte", "eq") and bound > most) or (operator == "gt" and bound >= most):
            seen = events_words(known, known.types(types))
            message = (
                f"{operator} {bound} never held: the most that a contact can have come to is {most:,}, with {seen}"
            )
            advice = "Check the number, and the unit it is in"
            yield Diagnostic((*path, operator), LintCode.BEYOND_ALL_SEEN, message, advice)


def _most(condition: HistoryCondition, types: Types, known: Known) -> Number | None:
    if isinstance(condition, Sum):
        return most_sum_of(types, condition.sum, known)
    most = most_of(types, known)
    if not isinstance(condition, Distinct):
        return most
    answer = known.property_of(types, (condition.distinct,))
    distinct = [one.property.distinct for one in answer.found]
    if answer.unknown or not distinct or None in distinct:
        return most
    values = sum(one for one in distinct if one is not None)
    return values if most is None else min(most, values)


def most_of(types: Types, known: Known) -> int | None:
    """The most events of these types that one contact can have; None if that is not known."""
    seen = known.types(types)
    if not seen or not known.plan.complete:
        return None
    most = [_most_of_type(name, known) for name in seen]
    return None if None in most else sum(one for one in most if one is not None)


def _most_of_type(name: str, known: Known) -> int | None:
    event = known.events[name]
    return event.count if event.per_contact_max is None else event.per_contact_max


def most_sum_of(types: Types, path: str, known: Known) -> Number | None:
    """The most that a property can add up to for one contact."""
    total: Number = 0
    answer = known.property_of(types, (path,))
    if answer.unknown or not answer.found:
        return None
    for one in answer.found:
        seen, most = range_of([one]), _most_of_type(one.event_type, known)
        if seen is None or most is None:
            return None
        total += max(seen[1], 0) * most
    return total
