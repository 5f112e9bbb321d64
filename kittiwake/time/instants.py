"""RFC 3339 instants and plain dates, to and from integer microseconds.

Pure. Called by the parser of events, the loader of rules and every output. Times are
integers of microseconds since 1970-01-01T00:00:00Z; finer digits are cut, never rounded.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
WEEK_US: Final = 7 * DAY_US

END_OF_TIME_US: Final = 2**62
"""When what never happens does: later than any instant an event may have, a wait more included."""
BEFORE_ALL_US: Final = -(2**62)
"""Earlier than any instant an event may have, an hour more included: also the time of a text that is no instant."""

MINUTES_KEPT: Final = 10_000
"""Minutes whose text is remembered, a week of them: 2 MB."""

EPOCH: Final = datetime(1970, 1, 1)
EPOCH_ORDINAL: Final = EPOCH.toordinal()

_INSTANT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class BadTimeError(ValueError):
    """A text that is no instant."""


class NoOffsetError(BadTimeError):
    """An instant that does not say its offset from UTC."""


def parse_instant(text: str) -> int:
    """Microseconds of an RFC 3339 instant with offset, which may also be written as ISO 8601 has it: `+0530`, `+05`.

    >>> parse_instant("1970-01-01T01:00:00.5+01:00")
    500000

    Raises:
        NoOffsetError: it has no offset.
        BadTimeError: it is no RFC 3339 instant.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise BadTimeError(f"{text[:64]!r} is not an RFC 3339 time: write 2026-11-01T09:30:00Z or …+02:00")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if offset is None:
        raise NoOffsetError(f"{text!r} has no offset from UTC: write it with Z or, say, +02:00 at its end")
    try:
        days = date(int(year), int(month), int(day)).toordinal() - EPOCH_ORDINAL
    except ValueError as error:
        raise BadTimeError(f"{text!r} is no date of the calendar: {error}") from None
    leap = int(second) == 60 and int(minute) == 59  # a leap second is the instant after its minute
    if int(hour) > 23 or int(minute) > 59 or (int(second) > 59 and not leap):
        raise BadTimeError(f"{text!r} is no time of a day")
    seconds = ((days * 24 + int(hour)) * 60 + int(minute)) * 60 + int(second) - _offset_seconds(text, offset)
    return seconds * SECOND_US + int((fraction or "")[:6].ljust(6, "0"))


def _offset_seconds(text: str, offset: str) -> int:
    if offset in "Zz":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise BadTimeError(f"{text!r} has an impossible offset")
    return (-60 if offset[0] == "-" else 60) * (hours * 60 + minutes)


def parse_date(text: str) -> date | None:
    """The date `YYYY-MM-DD` stands for; None if it is not one."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def format_instant(time_us: int) -> str:
    """RFC 3339 in UTC, with microseconds only where there are any.

    >>> format_instant(0), format_instant(1)
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000001Z')
    """
    minute, within_us = divmod(time_us, MINUTE_US)
    second, fraction = divmod(within_us, SECOND_US)
    return f"{_head(minute)}{second:02d}.{fraction:06d}Z" if fraction else f"{_head(minute)}{second:02d}Z"


@lru_cache(maxsize=MINUTES_KEPT)
def _head(minute: int) -> str:
    """A minute since 1970 as `2026-11-01T09:30:`."""
    return (EPOCH + timedelta(minutes=minute)).isoformat()[:17]


def moment_of(time_us: int) -> datetime:
    """The `datetime` in UTC of microseconds, as `instant_of` takes it."""
    return EPOCH.replace(tzinfo=UTC) + timedelta(microseconds=time_us)


def instant_of(moment: datetime) -> int:
    """Microseconds of an aware `datetime`."""
    return (moment.astimezone(UTC).replace(tzinfo=None) - EPOCH) // timedelta(microseconds=1)
