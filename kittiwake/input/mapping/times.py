"""Times as their authors write them: a number since 1970, a text in some format, with an offset or in a zone.

Pure but for its memory of minutes. Called by what compiles a mapping; `format_problem` by what checks a shape file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from kittiwake.input.event_times import MINUTES_OF_SINGLES_MAX, instant_us
from kittiwake.input.fields import RefusedError, wrong_type
from kittiwake.input.mapping.numbers import number_reader
from kittiwake.input.mapping.spec import TimeSource, Unit
from kittiwake.reasons import DeadLetterReason
from kittiwake.time.instants import HOUR_US, MINUTE_US, SECOND_US, BadTimeError, NoOffsetError
from kittiwake.time.zones import instant_of_local
from kittiwake.values import Number

_SCALES: Final = {Unit.SECONDS: 1_000_000, Unit.MILLIS: 1_000, Unit.MICROS: 1}

MAGNITUDE_MAX: Final = 10**18
"""No instant of any unit is a larger number."""

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_DIRECTIVES: Final = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<short_year>\d\d)",
    "m": r"(?P<month>1[0-2]|0?[1-9])",
    "b": rf"(?P<month_name>{'|'.join(name[:3] for name in _MONTHS)})",
    "B": rf"(?P<month_name>{'|'.join(_MONTHS)})",
    "d": r"(?P<day>3[01]|[12]\d|0?[1-9])",
    "H": r"(?P<hour>2[0-3]|[01]?\d)",
    "I": r"(?P<hour12>1[0-2]|0?[1-9])",
    "p": r"(?P<half>am|pm)",
    "M": r"(?P<minute>[0-5]?\d)",
    "S": r"(?P<second>[0-5]?\d)",
    "f": r"(?P<fraction>\d{1,9})",
    "z": r"(?P<offset>z|[+-]\d\d(?::?\d\d)?)",
    "Z": r"(?P<utc>utc|gmt)",
    "a": rf"(?:{'|'.join(name[:3] for name in _DAYS)})",
    "A": rf"(?:{'|'.join(_DAYS)})",
    "%": "%",
}


def read_as(source: TimeSource, name: str) -> Callable[[Any], int]:
    """The function from a value, which its author calls `name`, to the instant it says, in microseconds.

    It raises `RefusedError`.
    """
    if source.unit is not None:
        return _of_number(_SCALES[source.unit], name)
    if source.format is not None:
        return _of_format(_pattern(source.format), source.zone, name, source.format)
    if source.zone is not None:
        return _of_iso(source.zone, name)
    return _of_rfc3339(name)


def _of_number(scale: int, name: str) -> Callable[[Any], int]:
    read = number_reader(decimal_comma=False)

    def time_us(value: Any) -> int:
        counted: Number | None = read(value) if isinstance(value, str) else value
        if isinstance(counted, bool) or not isinstance(counted, (int, Decimal)):
            raise wrong_type(name, "a number since 1970", value)
        if not -MAGNITUDE_MAX < counted < MAGNITUDE_MAX:
            raise RefusedError(DeadLetterReason.BAD_TIME, f"{name} is beyond any calendar: it counts in another unit")
        return int(counted * scale // 1)

    return time_us


def _of_rfc3339(name: str) -> Callable[[Any], int]:
    def time_us(value: Any) -> int:
        if isinstance(value, str):
            try:
                return instant_us(value)
            except NoOffsetError:
                detail = f"{name} has no offset from UTC: say in which zone it is told: {{path: {name}, zone: UTC}}"
                raise RefusedError(DeadLetterReason.NO_OFFSET, detail) from None
            except BadTimeError:
                detail = f"{name} is no RFC 3339 instant: say how it is written: {{path: {name}, format: …}}"
                raise RefusedError(DeadLetterReason.BAD_TIME, detail) from None
        refused = wrong_type(name, "an RFC 3339 string", value)
        raise RefusedError(refused.reason, f"{refused.detail}: of a number say its unit, seconds, millis or micros")

    return time_us


_ISO: Final = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:[t ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"[ ]?(?P<offset>z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)


def _of_iso(zone: str, name: str) -> Callable[[Any], int]:
    return _of_format(_ISO, zone, name, "RFC 3339, with or without T, seconds and offset")


def _of_format(pattern: re.Pattern[str], zone: str | None, name: str, written: str) -> Callable[[Any], int]:
    def time_us(value: Any) -> int:
        if not isinstance(value, str):
            raise wrong_type(name, "a string", value)
        found = pattern.fullmatch(value.strip())
        if found is None:
            raise RefusedError(DeadLetterReason.BAD_TIME, f"{name} is not written as {written}")
        parts = found.groupdict()
        try:
            return _instant(parts, zone)
        except NoOffsetError:
            detail = f"{name} has no offset from UTC: say in which zone it is told: zone: Europe/Berlin"
            raise RefusedError(DeadLetterReason.NO_OFFSET, detail) from None
        except (ValueError, OverflowError):
            raise RefusedError(DeadLetterReason.BAD_TIME, f"{name} is no date of the calendar") from None

    return time_us


def _instant(parts: dict[str, str | None], zone: str | None) -> int:
    day = date(_year(parts), _month(parts), int(parts.get("day") or 1))
    of_day_us = _hour(parts) * HOUR_US + int(parts.get("minute") or 0) * MINUTE_US
    offset = "z" if parts.get("utc") else parts.get("offset")
    if offset is None and zone is None:
        raise NoOffsetError
    in_zone = _local_us(zone, day, of_day_us) if offset is None and zone else _utc_us(day, of_day_us, offset or "z")
    second, fraction = int(parts.get("second") or 0), (parts.get("fraction") or "")[:6].ljust(6, "0")
    if second > 59:
        raise ValueError
    return in_zone + second * SECOND_US + int(fraction)


@lru_cache(MINUTES_OF_SINGLES_MAX)
def _local_us(zone: str, day: date, of_day_us: int) -> int:
    """A minute by a zone's clock."""
    return instant_of_local(zone, day, of_day_us)


def _utc_us(day: date, of_day_us: int, offset: str) -> int:
    begun_us = instant_of_local("UTC", day, of_day_us)
    if offset in "zZ":
        return begun_us
    hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError
    ahead_us = hours * HOUR_US + minutes * MINUTE_US
    return begun_us + ahead_us if offset[0] == "-" else begun_us - ahead_us


def _year(parts: dict[str, str | None]) -> int:
    short = parts.get("short_year")
    if short is None:
        return int(parts.get("year") or 0)
    return int(short) + (1900 if int(short) >= 69 else 2000)


def _month(parts: dict[str, str | None]) -> int:
    name = parts.get("month_name")
    if name is None:
        return int(parts.get("month") or 1)
    return next(number for number, full in enumerate(_MONTHS, 1) if full.startswith(name.lower()))


def _hour(parts: dict[str, str | None]) -> int:
    half_day = parts.get("hour12")
    if half_day is None:
        hour = int(parts.get("hour") or 0)
        if hour > 23 or int(parts.get("minute") or 0) > 59:
            raise ValueError
        return hour
    return int(half_day) % 12 + (12 if (parts.get("half") or "").lower() == "pm" else 0)


# ---------------------------------------------------------------- formats

_PERCENT: Final = re.compile(r"%(.?)", re.DOTALL)


def format_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with a format, and what to write instead; None if nothing."""
    directives = _PERCENT.findall(text)
    unknown = next((name for name in directives if name not in _DIRECTIVES), None)
    if unknown is not None:
        return f"%{unknown} is no part of a time here", f"Write one of {' '.join(f'%{one}' for one in _DIRECTIVES)}"
    groups = [group for name in directives for group in re.findall(r"\?P<(\w+)>", _DIRECTIVES[name])]
    twice = next((name for name in groups if groups.count(name) > 1), None)
    if twice is not None:
        return f"the format says the {twice.replace('_', ' ')} twice", "Say each part once"
    if not {"year", "short_year"} & {*groups} or not {"month", "month_name"} & {*groups} or "day" not in groups:
        return "the format needs a year, a month and a day", "Write, say, %Y-%m-%d %H:%M:%S"
    if ("hour12" in groups) != ("half" in groups):
        return "%I and %p belong together", "Write %I:%M %p, or %H:%M"
    return None


@lru_cache(1_024)
def _pattern(text: str) -> re.Pattern[str]:
    """The pattern of a format that was checked. Digits without anything between them have their zeros in front."""
    found = list(_PERCENT.finditer(text))
    ends = [0, *(one.end() for one in found)]
    between = [text[end : one.start()] for end, one in zip(ends, found, strict=False)]
    parts = []
    for at, (literal, one) in enumerate(zip(between, found, strict=True)):
        touches = (at > 0 and not literal) or (at + 1 < len(found) and not between[at + 1])
        pattern = _DIRECTIVES[one[1]]
        parts += [re.escape(literal), _with_zeros(pattern) if touches else pattern]
    return re.compile("".join([*parts, re.escape(text[ends[-1] :])]).strip(), re.ASCII | re.IGNORECASE)


def _with_zeros(pattern: str) -> str:
    return pattern.replace("0?[", "0[").replace("]?\\d", "]\\d")
