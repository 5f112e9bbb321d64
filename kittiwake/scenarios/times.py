"""Times as scenarios and `Story` write them: an instant, or the next `HH:MM` of the contact's clock.

Pure.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, BadTimeError, NoOffsetError, parse_instant
from kittiwake.time.zones import instant_of_local, local_date, local_time_of_day_us

TIME_OF_DAY: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_WITHOUT_SECONDS: Final = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d)([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


def whole_instant(text: str) -> str:
    """An instant with its seconds, which here may be left out.

    >>> whole_instant("2026-11-01T10:00Z")
    '2026-11-01T10:00:00Z'
    """
    short = _WITHOUT_SECONDS.fullmatch(text)
    return text if short is None else f"{short[1]}:00{short[2] or ''}"


def moment_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with a time, and what to write instead; None if nothing."""
    if TIME_OF_DAY.fullmatch(text):
        return None
    try:
        parse_instant(whole_instant(text))
    except NoOffsetError:
        return f"{text} has no offset from UTC", f"Write {text}Z, or, say, {text}-05:00"
    except BadTimeError:
        return (
            f"{text[:40]} is no time",
            "Write 2026-11-01T10:00:00Z, or 09:00 for the next nine o'clock of the contact",
        )
    return None


def time_of_day_us(text: str) -> int | None:
    """Microseconds since midnight of `HH:MM`; None if `text` is an instant."""
    found = TIME_OF_DAY.fullmatch(text)
    return None if found is None else int(found[1]) * HOUR_US + int(found[2]) * MINUTE_US


def moment_us(text: str, now_us: int, zone: str) -> int:
    """The instant a checked time stands for: `HH:MM` is the first such local time at or after `now_us`."""
    of_day_us = time_of_day_us(text)
    if of_day_us is None:
        return parse_instant(whole_instant(text))
    day = local_date(zone, now_us)
    found = instant_of_local(zone, day, of_day_us)
    while found < now_us:
        day += timedelta(days=1)
        found = instant_of_local(zone, day, of_day_us)
    return found


def shows(text: str, time_us: int, zone: str) -> bool:
    """Whether an instant is the one a checked time stands for; for `HH:MM`, whether the local clock shows it."""
    of_day_us = time_of_day_us(text)
    if of_day_us is None:
        return parse_instant(whole_instant(text)) == time_us
    return local_time_of_day_us(zone, time_us) % DAY_US == of_day_us
