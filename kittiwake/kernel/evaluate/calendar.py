"""Local days counted from a base: that of the arming event, or a date.

Pure. Called by `evaluate.wait`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import msgspec

from kittiwake.kernel.plan.calendar import CalendarWait, LocalDay
from kittiwake.time.zones import instant_of_local, local_day, local_time_of_day_us


class Base(msgspec.Struct, frozen=True):
    """What days are counted from: a local day, at a local time; `instant_us` where it is an instant."""

    ordinal: int
    time_us: int
    instant_us: int | None


def base_of_instant(zone: str, instant_us: int) -> Base:
    """An instant as a zone's clock shows it."""
    return Base(local_day(zone, instant_us), local_time_of_day_us(zone, instant_us), instant_us)


def first_day(wanted: LocalDay, base: Base) -> int:
    """The ordinal of the day so many days after the base, moved on to one that is wanted."""
    return moved_on(wanted, base.ordinal + wanted.days)


def moved_on(wanted: LocalDay, ordinal: int) -> int:
    """The first wanted day from a day on."""
    weekdays, holidays = wanted.weekdays, wanted.holidays
    while (ordinal - 1) % 7 not in weekdays or ordinal in holidays:  # the first of January of year 1 was a Monday
        ordinal += 1
    return ordinal


@lru_cache(maxsize=1_024)
def reach_of_move(wanted: LocalDay) -> int:
    """The most days that `moved_on` goes."""
    before = [holiday - days for holiday in wanted.holidays for days in range(7)]
    return max([6, *(moved_on(wanted, ordinal) - ordinal for ordinal in before)])


def due_us(wanted: LocalDay, base: Base, ordinal: int, zone: str) -> int:
    """When a wanted day is due; the base's own day, without a time that is written, at the base's own instant."""
    if wanted.at_us is not None:
        return instant_of_local(zone, date.fromordinal(ordinal), wanted.at_us)
    if base.instant_us is not None and ordinal == base.ordinal:
        return base.instant_us
    return instant_of_local(zone, date.fromordinal(ordinal), base.time_us)


def dues_us(
    wait: CalendarWait, base_us: int, zone: str, pending: Sequence[int] | None, not_before_us: int
) -> list[int]:
    """When the days of a wait are due, each after the one before; of the `pending` alone, and not before an instant.

    `pending` None: all of them.
    """
    base = base_of_instant(zone, base_us)
    found: list[tuple[int, int]] = []
    least_us = base_us
    for wanted in wait.days:
        found.append(_from(wanted, base, first_day(wanted, base), zone, least_us))
        least_us = found[-1][1] + 1
    if pending is None:
        return [at_us for _, at_us in found]
    moved, least_us = [], not_before_us
    for index in pending:
        at_us = _from(wait.days[index], base, found[index][0], zone, least_us)[1]
        moved.append(at_us)
        least_us = at_us + 1
    return moved


def _from(wanted: LocalDay, base: Base, ordinal: int, zone: str, least_us: int) -> tuple[int, int]:
    """The first wanted day from `ordinal` on that is due at an instant or after it, and when it is due."""
    while (at_us := due_us(wanted, base, ordinal, zone)) < least_us:
        ordinal = moved_on(wanted, ordinal + 1)
    return ordinal, at_us
