"""From written local days to the kernel's.

Pure. Called by `compile.wait`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.calendar import EVERY_DAY, CalendarWait, LocalDay
from kittiwake.rules.model.calendar import WEEKDAYS, CalendarWaitObject, DaysOn
from kittiwake.rules.model.time import time_of_day_us


def calendar_wait_of(written: list[CalendarWaitObject], *, numbered: bool) -> CalendarWait:
    """Local days counted from that of the arming event."""
    return CalendarWait(tuple(local_day_of(one.days, one.at, one.on) for one in written), numbered)


def local_day_of(days: int | None, at: str | None, on: DaysOn | None) -> LocalDay:
    """So many days after a base, moved on to a weekday, at a time."""
    return LocalDay(days or 0, None if at is None else time_of_day_us(at), _weekdays(on))


def _weekdays(on: DaysOn | None) -> frozenset[int]:
    if on is None:
        return EVERY_DAY
    return frozenset(map(WEEKDAYS.index, [on] if isinstance(on, str) else on))
