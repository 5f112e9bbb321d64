"""Calendar waits, compiled: local days counted from a base, and the time on them.

Read by `kernel.evaluate.calendar`.
"""

from __future__ import annotations

from typing import Final

import msgspec

EVERY_DAY: Final = frozenset(range(7))
"""The days of a week, Monday 0."""


class LocalDay(msgspec.Struct, frozen=True):
    """A local day: so many days after that of a base, moved on to the first that is one of its weekdays."""

    days: int = 0
    at_us: int | None = None
    """Local time of day, microseconds since midnight; None: that of the base."""
    weekdays: frozenset[int] = EVERY_DAY
    holidays: frozenset[int] = frozenset()
    """Ordinals of days that are passed over though they are such weekdays."""


class CalendarWait(msgspec.Struct, frozen=True):
    """Local days counted from that of the arming event, one reminder each."""

    days: tuple[LocalDay, ...]
    numbered: bool
    """Written as a list: decisions carry `reminder`."""
