"""Lint of local days, and of durations that look like them.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.diagnostics import Diagnostic, each, span_us
from kittiwake.rules.errors import LintCode
from kittiwake.rules.model.calendar import WORKDAYS, CalendarWaitObject
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.wait import UntilWaitObject
from kittiwake.time.instants import DAY_US, HOUR_US


def lint_workdays(rule: Rule, *, has_calendar: bool) -> Iterator[Diagnostic[LintCode]]:
    """Workdays of accounts that say nothing of their holidays."""
    if has_calendar:
        return
    for path, one in each(rule.wait, ("wait",)):
        if isinstance(one, (UntilWaitObject, CalendarWaitObject)) and one.on == WORKDAYS:
            message = "the account has no calendar: holidays are workdays"
            advice = "Add calendar: with the dates of the holidays beside rules, or write [mon, tue, wed, thu, fri]"
            yield Diagnostic((*path, "on"), LintCode.WORKDAYS_WITHOUT_CALENDAR, message, advice)


def lint_local_days(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    """An offset that is written in days, which are then hours."""
    for path, wait in each(rule.wait, ("wait",)):
        if not isinstance(wait, UntilWaitObject) or wait.offset is None:
            continue
        offset_us = span_us(wait.offset)
        if offset_us and offset_us % DAY_US == 0 and not set("HMST").intersection(wait.offset.upper()):
            hours = abs(offset_us) // HOUR_US
            message = f"{wait.offset} is {hours} hours: across a change of clocks another local time"
            advice = f"Write days: {offset_us // DAY_US + (wait.days or 0)} in its place"
            yield Diagnostic((*path, "offset"), LintCode.OFFSET_IN_DAYS, message, advice)
