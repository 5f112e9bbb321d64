"""From written local days to the kernel's.

Pure. Called by `compile.wait`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.calendar import EVERY_DAY, CalendarWait, LocalDay
from kittiwake.rules.model.calendar import WEEKDAYS, WORKDAYS, CalendarWaitObject, DaysOn
from kittiwake.rules.model.time import time_of_day_us


def calendar_wait_of(written: list[CalendarWaitObject], holidays: frozenset[int], *, numbered: bool) -> CalendarWait:
    """Local days counted from that of the arming event."""
    return CalendarWait(tuple(local_day_of(one.days, one.at, one.on, holidays) for one in written), numbered)


def local_day_of(days: int | None, at: str | None, on: DaysOn | None, holidays: frozenset[int]) -> LocalDay:
    """So many days after a base, moved on to a weekday or a workday, at a time."""
    at_us = None if at is None else time_of_day_us(at)
    return LocalDay(days or 0, at_us, _weekdays(on), holidays if on == WORKDAYS else frozenset())


def _weekdays(on: DaysOn | None) -> frozenset[int]:
    if on is None:
        return EVERY_DAY
    if on == WORKDAYS:
        return frozenset(range(5))
    return frozenset(map(WEEKDAYS.index, [on] if isinstance(on, str) else on))
