"""Local dates that repeat: the next occurrence on or after a day.

Pure. Keywords are worked out from the day in question, RRULEs through dateutil (RFC 5545).
Called by `waits`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final

from kittiwake.kernel.program import Repeat

YEAR_MAX: Final = 9_000
"""No occurrence is looked for beyond it: local clocks need some room below year 9999."""

LOOK_AHEAD_YEARS: Final = 10
"""How far an RRULE is looked ahead at least; one that pauses for longer has ended."""


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
    decade = start.year // 10 * 10
    series = _series(text, first, min(decade + LOOK_AHEAD_YEARS + 10, YEAR_MAX))
    for at in range(bisect_left(series, start.toordinal()), len(series)):
        yield date.fromordinal(series[at])


@lru_cache(maxsize=128)
def _series(text: str, first: date, last_year: int) -> list[int]:
    """Ordinals of a rule's dates up to the end of `last_year`: dateutil counts from the first one at every question.

    COUNT and UNTIL are taken off and cut here, so that the bound holds for every rule.
    """
    from dateutil.rrule import rrule, rrulestr  # noqa: PLC0415 - what few rules need, and a command need not load

    parts = dict(part.split("=", 1) for part in text.upper().split(";"))
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    bound = datetime(last_year, 12, 31)
    if until is not None:
        bound = min(bound, datetime(int(until[:4]), int(until[4:6]), int(until[6:8])))
    rule = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=_midnight(first))
    assert isinstance(rule, rrule), "the loader takes one rule, without DTSTART"
    dates = rule.replace(until=bound)
    return [moment.toordinal() for moment in islice(dates, None if count is None else int(count))]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
