"""Checked times: durations, offsets, instants, times of day, zones.

Pure. A field keeps what the author wrote; the compiler reads it again.
"""

from __future__ import annotations

import difflib
import re
from decimal import Decimal
from typing import Annotated, Final, TypeAlias

from kittiwake.rules.errors import Code
from kittiwake.rules.model.base import Checked, JsonSchema, problem, shown
from kittiwake.time import durations
from kittiwake.time.instants import MINUTE_US, BadTimeError, parse_date, parse_instant
from kittiwake.time.zones import is_zone, zone_names


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def checked_duration(value: object) -> str:
    if isinstance(value, str):
        found = durations.parse_duration(value)
        if found is not None and found >= 0:
            return value
        if found is not None:
            raise problem(Code.BAD_DURATION, f"{value} lies in the past", f"Write {value.lstrip('+-')}")
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        message = f"the duration {value} has no unit"
        raise problem(Code.BAD_DURATION, message, f"Write {value}s, {value}m, {value}h, {value}d or {value}w")
    raise problem(Code.BAD_DURATION, f"{shown(value)} is no duration", _capitalized(_advice(value)))


def _advice(value: object) -> str:
    """What to write, as near to what was written as can be."""
    found = re.fullmatch(_IN_WORDS, value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        return durations.ADVICE
    number, word = int(found[1]), found[2].lower()
    if word.startswith(("mo", "y")):
        days = number * (30 if word.startswith("mo") else 365)
        return f"months and years differ in length: write days, such as {days}d"
    return f"write {number}{word[0]}"


_IN_WORDS: Final = (
    r"(\d{1,4}) ?((?i:mo|mon|months?|yrs?|years?|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|weeks?)|[ysmhdw])"
)
"""A number and a unit as people write them; one character as it is, for M is a month to some."""


def _offset(value: object) -> str:
    if isinstance(value, str) and durations.parse_duration(value) is not None:
        return value
    raise problem(
        Code.BAD_DURATION, f"{shown(value)} is no offset", "Write -2h for two hours before, 12h for half a day after"
    )


_DURATION_PATTERN: Final = r"\+?([0-9]+[smhdw]|P[0-9.WDTHMS]+)"


def word_or_duration(*words: str) -> JsonSchema:
    """The schema of a text that is one of `words` or a duration."""
    duration = {"type": "string", "pattern": f"^{_DURATION_PATTERN}$"}
    return {"anyOf": [{"enum": list(words)}, duration]}


Duration: TypeAlias = Annotated[
    str,
    Checked(
        checked_duration,
        {"type": "string", "pattern": f"^{_DURATION_PATTERN}$", "examples": ["90s", "15m", "1h", "2d", "1w"]},
    ),
]
PERIODS: Final = ("today", "this_week", "this_month", "this_year")
"""Periods of the contact's calendar, by the words authors write."""


def _window(value: object) -> str:
    if value in PERIODS:
        return str(value)
    close = difflib.get_close_matches(str(value), PERIODS, 1, 0.6)
    if isinstance(value, str) and close and durations.parse_duration(value) is None:
        raise problem(Code.BAD_DURATION, f"{shown(value)} is neither a duration nor a period", f"Write {close[0]}")
    return checked_duration(value)


Window: TypeAlias = Annotated[str, Checked(_window, word_or_duration(*PERIODS))]
Offset: TypeAlias = Annotated[
    str,
    Checked(_offset, {"type": "string", "pattern": f"^-?{_DURATION_PATTERN}$", "examples": ["-2h", "12h"]}),
]


def _instant(value: object) -> str:
    if isinstance(value, str):
        try:
            parse_instant(value)
        except BadTimeError as error:
            message, _, advice = str(error).partition(": ")
            said = advice if advice.startswith("write") else "write a day that there is"
            raise problem(Code.BAD_INSTANT, message, _capitalized(said)) from None
        return value
    raise problem(Code.BAD_INSTANT, f"{shown(value)} is no time", "Write 2026-11-01T00:00:00Z")


_INSTANT_SCHEMA: Final = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:?\d\d)?)$",
}

Instant: TypeAlias = Annotated[
    str,
    Checked(_instant, {**_INSTANT_SCHEMA, "examples": ["2026-11-01T00:00:00Z"]}),
]


def _date(value: object) -> str:
    if isinstance(value, str) and parse_date(value) is not None:
        return value
    raise problem(Code.BAD_DATE, f"{shown(value)} is no date", "Write a day that there is: 2026-12-25")


DATE_PATTERN: Final = r"^\d{4}-\d\d-\d\d$"

Date: TypeAlias = Annotated[
    str, Checked(_date, {"type": "string", "pattern": DATE_PATTERN, "examples": ["2026-12-25"]})
]


def _instant_or_effective(value: object) -> str:
    return "effective" if value == "effective" else _instant(value)


InstantOrEffective: TypeAlias = Annotated[
    str,
    Checked(_instant_or_effective, {"anyOf": [{"const": "effective"}, _INSTANT_SCHEMA]}),
]

_TIME_OF_DAY: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def time_of_day_us(text: str) -> int:
    """Microseconds since midnight of a checked `HH:MM`."""
    hours, minutes = text.split(":")
    return (int(hours) * 60 + int(minutes)) * MINUTE_US


def _time_of_day(value: object) -> str:
    if isinstance(value, str) and _TIME_OF_DAY.fullmatch(value):
        return value
    raise problem(
        Code.BAD_TIME_OF_DAY, f"{shown(value)} is no time of day", 'Write hours and minutes: "09:00", "21:30"'
    )


TimeOfDay: TypeAlias = Annotated[
    str,
    Checked(_time_of_day, {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "examples": ["09:00"]}),
]


def _zone(value: object) -> str:
    if is_zone(value):
        return str(value)
    raise problem(Code.BAD_ZONE, f"{shown(value)} is no time zone", _zone_advice(value))


def _zone_advice(value: object) -> str:
    close = difflib.get_close_matches(str(value), zone_names(), 1, 0.7)
    return f"Did you mean {close[0]}?" if close else "Write an IANA name such as Europe/Berlin or UTC"


_ZONE_SCHEMA: Final = {
    "type": "string",
    "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$",
    "examples": ["America/Toronto", "UTC"],
}

ZoneName: TypeAlias = Annotated[str, Checked(_zone, _ZONE_SCHEMA)]
