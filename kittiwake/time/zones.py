"""IANA time zones, from the `tzdata` package alone, and local clocks.

Pure but for reading that package's data. The operating system's zone files are never
consulted: two workers with different system data would decide differently. Called by the
kernel (quiet hours, calendar caps, dates) and the loader.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kittiwake.time.instants import DAY_US, EPOCH, EPOCH_ORDINAL, SECOND_US, WEEK_US

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

UTC_NAME: Final = "UTC"

EPOCH_WEEKDAY: Final = 3
"""1970 began with a Thursday; weeks begin with Monday, 0."""


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every zone there is."""
    from importlib.resources import files  # noqa: PLC0415 - whoever names no zone waits for none of it

    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def is_zone(name: object) -> bool:
    """Whether `name` is the name of a zone."""
    return isinstance(name, str) and name in zone_names()


def zone_of(value: object) -> str | None:
    """The zone that the value of an attribute names; None if it names none.

    Case is let pass, and so are blanks around a name or for its `_`: whoever writes `europe/berlin` can mean one zone
    only. An offset, an abbreviation or a name of Windows is none of them: each stands for several zones.

    >>> zone_of(" america/new york"), zone_of("+05:30")
    ('America/New_York', None)
    """
    if not isinstance(value, str):
        return None
    return value if value in zone_names() else _meant(value)


NAMES_KEPT: Final = 4_096
"""Spellings remembered of names that are not quite one, or none: producers have a handful."""
NAME_CHARS_MAX: Final = 64
"""Twice the longest name of a zone: what is longer is none, and is not remembered."""


def _meant(name: str) -> str | None:
    return _spelled(name) if len(name) <= NAME_CHARS_MAX and name.isascii() else None


@lru_cache(maxsize=NAMES_KEPT)
def _spelled(name: str) -> str | None:
    return _spellings().get(name.strip(" \t\r\n").replace(" ", "_").lower())


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    return {name.lower(): name for name in zone_names()}


@lru_cache(maxsize=1_024)
def zone(name: str) -> ZoneInfo:
    """The zone called `name`, which `is_zone`."""
    assert is_zone(name), name
    from importlib.resources import files  # noqa: PLC0415 - as above
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def offset_us(name: str, time_us: int) -> int:
    """Microseconds the local clock is ahead of UTC at `time_us`."""
    if name == UTC_NAME:
        return 0
    steady_us = _steady_offset_us(name, time_us // DAY_US)
    return _offset_us(name, time_us) if steady_us is None else steady_us


@lru_cache(maxsize=16_384)
def _steady_offset_us(name: str, day: int) -> int | None:
    """The offset of a whole day of UTC; None of a day on which it changes.

    It is known by the day's two ends: no zone changes its clock and changes it back within a day.
    """
    first_us = _offset_us(name, day * DAY_US)
    return first_us if _offset_us(name, (day + 1) * DAY_US - 1) == first_us else None


def _offset_us(name: str, time_us: int) -> int:
    moment = (EPOCH + timedelta(microseconds=time_us)).replace(tzinfo=zone(name))
    return _span_us(zone(name).fromutc(moment).utcoffset())


def local_us(name: str, time_us: int) -> int:
    """What the local clock shows, as microseconds since 1970 on that clock."""
    return time_us + offset_us(name, time_us)


def local_day(name: str, time_us: int) -> int:
    """The local date at `time_us`, as an ordinal."""
    return (time_us + offset_us(name, time_us)) // DAY_US + EPOCH_ORDINAL


def local_date(name: str, time_us: int) -> date:
    """The local date at `time_us`."""
    return date.fromordinal(local_day(name, time_us))


def local_time_of_day_us(name: str, time_us: int) -> int:
    """Microseconds since local midnight, by the local wall clock."""
    return (time_us + offset_us(name, time_us)) % DAY_US


def local_time_of_week_us(name: str, time_us: int) -> int:
    """Microseconds since the beginning of Monday, by the local wall clock."""
    return (time_us + offset_us(name, time_us) + EPOCH_WEEKDAY * DAY_US) % WEEK_US


def instant_of_local(name: str, day: date, time_of_day_us: int) -> int:
    """The instant at which the local clock first shows `time_of_day_us` on `day`.

    A time shown twice is its first showing; one the clock skips is the first instant after the gap.
    """
    shown_us = (day.toordinal() - EPOCH_ORDINAL) * DAY_US + time_of_day_us
    if name == UTC_NAME:
        return shown_us
    wall = datetime(day.year, day.month, day.day) + timedelta(microseconds=time_of_day_us)
    first = shown_us - _span_us(wall.replace(tzinfo=zone(name), fold=0).utcoffset())
    if local_us(name, first) == shown_us:
        return first
    # In a gap, fold=0 reads the clock before it and fold=1 the clock after it: the change lies between.
    early = shown_us - _span_us(wall.replace(tzinfo=zone(name), fold=1).utcoffset())
    return next_change_us(name, min(first, early), max(first, early))


def next_change_us(name: str, after_us: int, until_us: int) -> int:
    """The instant in `(after_us, until_us]` at which the offset changes from that at `after_us`.

    At most one change lies between; without one, `until_us`.
    """
    before = offset_us(name, after_us)
    low, high = after_us, until_us
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_us(name, middle) == before else (low, middle)
    return high


def _span_us(span: timedelta | None) -> int:
    assert span is not None
    return (span.days * 86_400 + span.seconds) * SECOND_US + span.microseconds
