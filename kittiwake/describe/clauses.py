"""The clauses of a rule as parts of sentences: what begins it, conditions, waits, thresholds.

Pure. Called by `rules`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from kittiwake.explain.catalog import asked_words
from kittiwake.explain.rules import (
    SIGNS,
    condition_words,
    counted_words,
    match_words,
    period_words,
    predicate_words,
)
from kittiwake.explain.waits import due_words
from kittiwake.explain.wording import counted, listed, path_words, value_words
from kittiwake.kernel.plan.calendar import CalendarWait, LocalDay
from kittiwake.kernel.plan.conditions import AllHold, AnyHolds, Leaf, NotHolds, OfContact, Tree
from kittiwake.kernel.plan.history import Condition, Measure
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.thresholds import Reaches
from kittiwake.kernel.plan.wait import Delays, FieldWait, Repeat, UntilWait, Wait
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US

UNITS: Final = ((DAY_US, "days"), (HOUR_US, "hours"), (MINUTE_US, "minutes"), (SECOND_US, "seconds"))

DATES_SHOWN: Final = 12
"""Dates that are named of a list: a calendar of some years has a hundred holidays."""


def begins_words(rule: RuleProgram) -> str:
    """What has to happen: `When a contact sends order.completed`."""
    if rule.catalog is not None:
        shown = match_words(rule.catalog.interest)
        interest = f"showed interest in by {shown} within {format_duration(rule.catalog.within_us)}"
        named = f"named by {path_words(rule.catalog.item)}"
        return f"When {asked_words(rule.catalog)} of an item that a contact {interest} ({named})"
    if rule.sequence is not None:
        steps = ", then ".join(match_words(step) for step in rule.sequence.steps)
        within = format_duration(rule.sequence.within_us)
        return f"When a contact sends {steps}, the last less than {within} after the first"
    if rule.audience is not None:
        return f"A contact is in while {tree_words(rule, rule.audience.tree)}"
    return f"When a contact sends {match_words(rule.when)}"


# ---------------------------------------------------------------- conditions


def tree_words(rule: RuleProgram, tree: Tree) -> str:
    """A tree of conditions, as what has to hold."""
    match tree:
        case Leaf(index):
            return asked_condition_words(rule.conditions[index])
        case OfContact(where):
            return predicate_words(where)
        case NotHolds(part):
            return f"it is not so that ({tree_words(rule, part)})"
        case AllHold(parts):
            return " and ".join(_bracketed(rule, part) for part in parts)
        case AnyHolds(parts):
            return " or ".join(_bracketed(rule, part) for part in parts)


def _bracketed(rule: RuleProgram, part: Tree) -> str:
    words = tree_words(rule, part)
    return f"({words})" if isinstance(part, (AllHold, AnyHolds)) else words


def asked_condition_words(condition: Condition) -> str:
    """A condition on history with its bound: `the count of product.viewed within 1d ≥ 3`."""
    if condition.measure is Measure.PRESENT:
        return f"there was {counted_words(condition)}"
    if condition.measure is Measure.ABSENT:
        return f"there was no {counted_words(condition)}"
    assert condition.operator is not None
    operand = condition.bound if condition.measure is not Measure.LAST else condition.operand
    bound = listed([value_words(one) for one in operand], "or") if isinstance(operand, tuple) else value_words(operand)
    return f"the {condition_words(condition)} {SIGNS[condition.operator]} {bound}"


# ---------------------------------------------------------------- waits


def wait_words(wait: Wait) -> str:
    """When it falls due: `1h later`."""
    match wait:
        case Delays(delays_us):
            spans = [format_duration(one) for one in delays_us]
            return f"{listed(spans)} later" + (f", as {counted(len(spans), 'reminder')}" if wait.numbered else "")
        case FieldWait(path, unit_us, default_us):
            other = "and not at all" if default_us is None else f"or {format_duration(default_us)}"
            return f"after as many {_unit(unit_us)} as {path_words(path)} says, {other} without it"
        case CalendarWait(days):
            words = listed([_local_day_words(one, due_words(wait, at)) for at, one in enumerate(days)])
            return words + (f", as {counted(len(days), 'reminder')}" if wait.numbered else "")
        case UntilWait():
            words = listed([_until_words(wait.of_reminder(at)) for at in range(len(wait.later) + 1)])
            return words + (f", as {counted(len(wait.later) + 1, 'reminder')}" if wait.numbered else "")


def _unit(unit_us: int) -> str:
    return next((name for us, name in UNITS if us == unit_us), f"times {format_duration(unit_us)}")


def _local_day_words(day: LocalDay, words: str) -> str:
    at = "" if day.at_us is not None else " at the same time of day"
    return f"{words.removeprefix(' (').removesuffix(')')}{at}{_holiday_words(day)}, by the contact's clock"


def _until_words(wait: UntilWait) -> str:
    of = ("contact." if wait.of_contact else "") + path_words(wait.path)
    if wait.local_day is not None:
        base = _local_day_words(wait.local_day, due_words(wait, 0)).replace(", by", f"{_at_words(wait)}, by", 1)
    else:
        base = f"at {of}{_offset_words(wait.offset_us)}{_at_words(wait)}, by the contact's clock"
    return base + _repeat_words(wait)


def _at_words(wait: UntilWait) -> str:
    if wait.local_day is not None and wait.local_day.at_us is not None:
        return ""
    return f" (a date without a time: at {wait.at_us // HOUR_US:02}:{wait.at_us // MINUTE_US % 60:02})"


def _offset_words(offset_us: int) -> str:
    if not offset_us:
        return ""
    return f" {'plus' if offset_us > 0 else 'less'} {format_duration(abs(offset_us))}"


def _repeat_words(wait: UntilWait) -> str:
    if wait.repeat is None:
        return ""
    every = f"by the rule {wait.rrule}" if wait.repeat is Repeat.RRULE else str(wait.repeat)
    return f", {every} again" + (f", but for {_dates(wait.left_out)}" if wait.left_out else "")


def _holiday_words(day: LocalDay) -> str:
    return f" (holidays: {_dates(day.holidays)})" if day.holidays else ""


def _dates(ordinals: frozenset[int]) -> str:
    shown = [date.fromordinal(one).isoformat() for one in sorted(ordinals)[:DATES_SHOWN]]
    return listed([*shown, f"{len(ordinals) - DATES_SHOWN} more"] if len(ordinals) > DATES_SHOWN else shown)


def reaches_words(reaches: Reaches) -> str:
    """Which thresholds: `the sum of total reaches 250, 500 or 1000`."""
    what = "number of these" if reaches.path is None else f"sum of {path_words(reaches.path)}"
    at = listed([value_words(one) for one in reaches.at], "or")
    return f"the {what}{period_words(reaches.period)} reaches {at}"
