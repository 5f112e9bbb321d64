"""Local dates that repeat: the next occurrence on or after a day.

Pure. Computed from the day in question, as of RRULEs (RFC 5545) in `kittiwake.time.recurrences`.
Called by `evaluate.wait`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import takewhile
from typing import Final

from kittiwake.kernel.plan.wait import Repeat
from kittiwake.time.recurrences import dates, parse_recurrence

YEAR_MAX: Final = 9_000
"""The last year whose days are given an instant: local clocks need some room below year 9999."""

YEAR_LOOKED_FOR_MAX: Final = 9_900
"""No occurrence is sought beyond it."""


def occurrences(repeat: Repeat, rule_text: str, first: date, after: date) -> Iterator[date]:
    """The occurrences later than `after`, rising, of a series that starts with `first`, up to `YEAR_LOOKED_FOR_MAX`."""
    start = max(first, after + timedelta(days=1))
    if repeat is Repeat.RRULE:
        found = dates(parse_recurrence(rule_text), first, start)
        return takewhile(lambda day: day.year <= YEAR_LOOKED_FOR_MAX, found)
    if repeat in (Repeat.YEARLY, Repeat.MONTHLY):
        return _of_months(repeat, first, start)
    return _of_days(7 if repeat is Repeat.WEEKLY else 1, first, start)


def _of_days(step: int, first: date, start: date) -> Iterator[date]:
    ordinal = first.toordinal() + -(-(start - first).days // step) * step
    while (day := date.fromordinal(ordinal)).year <= YEAR_LOOKED_FOR_MAX:
        yield day
        ordinal += step


def _of_months(repeat: Repeat, first: date, start: date) -> Iterator[date]:
    step = 12 if repeat is Repeat.YEARLY else 1
    months_of_first = first.year * 12 + first.month - 1
    passed = (start.year * 12 + start.month - 1) - months_of_first
    index = max(0, passed // step - 1)
    while True:
        year, month = divmod(months_of_first + index * step, 12)
        if year > YEAR_LOOKED_FOR_MAX:
            return
        day = _day_of_month(repeat, year, month + 1, first.day)
        if day >= start:
            yield day
        index += 1


def _day_of_month(repeat: Repeat, year: int, month: int, day: int) -> date:
    """What stands for a day that the month lacks: its last one, of 29 February, every year, the first of March."""
    last = monthrange(year, month)[1]
    if day <= last:
        return date(year, month, day)
    return date(year, month, last) if repeat is Repeat.MONTHLY else date(year, month + 1, 1)
