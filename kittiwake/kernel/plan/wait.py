"""`wait`, compiled: silence after arming, a number of units, towards a date, or to a local day.

Read by `kernel.evaluate.wait`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, TypeAlias

import msgspec

from kittiwake.kernel.plan.calendar import CalendarWait, LocalDay
from kittiwake.time.instants import HOUR_US
from kittiwake.values import Path


class Delays(msgspec.Struct, frozen=True):
    """Silence after arming, one reminder each, rising."""

    delays_us: tuple[int, ...]
    numbered: bool
    """Written as a list: decisions carry `reminder`."""


class FieldWait(msgspec.Struct, frozen=True):
    """The number at `path` of the arming event, times the unit."""

    path: Path
    unit_us: int
    default_us: int | None
    numbered: ClassVar[bool] = False


class Repeat(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    RRULE = "rrule"


class UntilWait(msgspec.Struct, frozen=True):
    """Towards a date of the event or, `of_contact`, of the contact."""

    path: Path
    of_contact: bool
    offset_us: int = 0
    at_us: int = 9 * HOUR_US
    """Local time of day of a date without one, microseconds since midnight."""
    repeat: Repeat | None = None
    rrule: str = ""
    """For Repeat.RRULE: the text, without `RRULE:`."""
    local_day: LocalDay | None = None
    """Which local day, counted from that of the date, and when on it; None: the date itself, at its own time."""
    left_out: frozenset[int] = frozenset()
    """Ordinals of dates of the repetition that are no occurrences."""
    numbered: bool = False
    """Written as a list: decisions carry `reminder`. Such a wait does not repeat."""
    later: tuple[UntilWait, ...] = ()
    """Of a list: the reminders after the first, towards the same date."""

    def of_reminder(self, index: int) -> UntilWait:
        """The wait of one reminder of a list; the first's, where a version has shortened the list."""
        return self.later[index - 1] if 0 < index <= len(self.later) else self


Wait: TypeAlias = Delays | FieldWait | UntilWait | CalendarWait
