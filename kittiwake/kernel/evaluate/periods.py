"""Calendar periods: when the one of an instant began by a local clock, and when the next one begins.

Pure. Called by `evaluate.history` and `run.thresholds`. Periods follow one another without gap or overlap: a day begins
at the first instant at which its clock shows midnight, or at the end of the gap that skips it, and that of an instant
is the one that began last.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from kittiwake.kernel.plan.periods import Period
from kittiwake.time.instants import BEFORE_ALL_US, END_OF_TIME_US
from kittiwake.time.zones import instant_of_local, local_day

LAST_YEAR: Final = 9_998
"""Clocks are asked for no day after this year."""


def first_day(period: Period, zone: str, time_us: int) -> int:
    """The local date on which the period of an instant began, as an ordinal."""
    day = max(local_day(zone, time_us), 1)
    if _begins_us(zone, day + 1) <= time_us:
        day += 1  # the clock was set back over midnight: this day has begun all the same
    return _first_day(period, day)


def start_us(period: Period, zone: str, time_us: int) -> int:
    """The instant at which the period of an instant began."""
    return _begins_us(zone, first_day(period, zone, time_us))


def next_start_us(period: Period, zone: str, time_us: int) -> int:
    """The instant at which the period of an instant ends and the next one begins."""
    return _begins_us(zone, _after(period, first_day(period, zone, time_us)))


@lru_cache(maxsize=16_384)
def _begins_us(zone: str, day: int) -> int:
    if day < 1:
        return BEFORE_ALL_US
    if day >= date.max.toordinal():
        return END_OF_TIME_US
    found = date.fromordinal(day)
    return END_OF_TIME_US if found.year > LAST_YEAR else instant_of_local(zone, found, 0)


def _first_day(period: Period, day: int) -> int:
    if period is Period.TODAY:
        return day
    if period is Period.THIS_WEEK:  # weeks begin on Mondays, as ordinal 1 did
        return (day - 1) // 7 * 7 + 1
    found = date.fromordinal(day)
    return found.replace(day=1).toordinal() if period is Period.THIS_MONTH else date(found.year, 1, 1).toordinal()


def _after(period: Period, first: int) -> int:
    """The first day of the next period."""
    if period is Period.TODAY:
        return first + 1
    if period is Period.THIS_WEEK:
        return first + 7
    found = date.fromordinal(first)
    if period is Period.THIS_MONTH and found.month < 12:
        return date(found.year, found.month + 1, 1).toordinal()
    return first + 31 if found.year == date.max.year else date(found.year + 1, 1, 1).toordinal()
