"""Local days and times of day as people write them: what errors and lints advise in their place.

Pure.
"""

from __future__ import annotations

import re
from typing import Final

_WEEKDAY: Final = r"(?P<on>mon|tue|wed|thu|fri|sat|sun)(day|s|sday|nesday|r|rs|rsday|urday)?"
_LOCAL_DAY: Final = (
    rf"(next |on |the next )?({_WEEKDAY}|(?P<tomorrow>tomorrow)|(in )?(?P<days>\d{{1,3}}) days?)?"
    r"( ?(at )?(?P<hour>\d{1,2})(:(?P<minute>\d\d))? ?(?P<half>am|pm)?)?"
)


def local_day(written: str) -> str | None:
    """The local day that a text names, as a wait; None where it names none.

    >>> local_day("next Tuesday 10:00"), local_day("tomorrow"), local_day("9am"), local_day("soon")
    ('Write {days: 1, on: tue, at: "10:00"}', 'Write {days: 1}', 'Write {at: "09:00"}', None)
    >>> local_day("3 days at 10:00"), local_day("3 days"), local_day("5"), local_day("month")
    ('Write {days: 3, at: "10:00"}', None, None, None)
    """
    found = re.fullmatch(_LOCAL_DAY, " ".join(written.lower().split()))
    is_named = found is not None and (found["on"] or found["tomorrow"] or found["minute"] or found["half"])
    if found is None or not (is_named or (found["days"] and found["hour"])):
        return None
    parts = [f"days: {found['days'] or 1}"] if found["on"] or found["tomorrow"] or found["days"] else []
    parts += [f"on: {found['on']}"] if found["on"] else []
    at = time_of_day(found["hour"], found["minute"], found["half"]) if found["hour"] else None
    return f"Write {{{', '.join([*parts, *([f'at: {at}'] if at else [])])}}}"


def time_of_day(hour: str, minute: str | None, half: str | None) -> str | None:
    """A time of day, in quotes; None where there is no such hour or minute."""
    hours = int(hour) % 12 + (12 if half.lower() == "pm" else 0) if half else int(hour)
    if hours > 23 or int(minute or 0) > 59:
        return None
    return f'"{hours:02}:{int(minute or 0):02}"'
