"""Local dates that repeat: the next occurrence on or after a day.

Pure. Keywords are worked out from the day in question, RRULEs through dateutil (RFC 5545).
Called by `waits`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from dateutil.rrule import rrule, rruleset, rrulestr

from kittiwake.kernel.program import Repeat

YEAR_MAX: Final = 9_000
"""No occurrence is looked for beyond it: local clocks need some room below year 9999."""


def occurrences(repeat: Repeat, rule_text: str, first: date, after: date) -> Iterator[date]:
    """The occurrences later than `after`, rising, starting from the series' `first` date."""
    start = max(first, after + timedelta(days=1))
    if repeat is Repeat.RRULE:
        return _of_rule(rule_text, first, start)
    if repeat in (Repeat.YEARLY, Repeat.MONTHLY):
        return _of_months(12 if repeat is Repeat.YEARLY else 1, first, start)
    return _of_days(7 if repeat is Repeat.WEEKLY else 1, first, start)


def _of_days(step: int, first: date, start: date) -> Iterator[date]:
    ordinal = first.toordinal() + -(-(start - first).days // step) * step
    while (day := date.fromordinal(ordinal)).year <= YEAR_MAX:
        yield day
        ordinal += step


def _of_months(step: int, first: date, start: date) -> Iterator[date]:
    """Every `step` months; a day the month lacks is the first of the next month."""
    months_of_first = first.year * 12 + first.month - 1
    passed = (start.year * 12 + start.month - 1) - months_of_first
    index = max(0, passed // step - 1)
    while True:
        year, month = divmod(months_of_first + index * step, 12)
        if year > YEAR_MAX:
            return
        day = _day_of_month(year, month + 1, first.day)
        if day >= start:
            yield day
        index += 1


def _day_of_month(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)


def _of_rule(text: str, first: date, start: date) -> Iterator[date]:
    rule = _parsed(text, first)
    moment: datetime | None = rule.after(datetime(start.year, start.month, start.day), inc=True)
    while moment is not None and moment.year <= YEAR_MAX:
        yield moment.date()
        moment = rule.after(moment)


@lru_cache(maxsize=4_096)
def _parsed(text: str, first: date) -> rrule | rruleset:
    return rrulestr(text, dtstart=datetime(first.year, first.month, first.day))
