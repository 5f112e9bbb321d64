"""RRULEs that may stand in `repeat` (semantics, section 6): dates only, that do occur.

Pure. Called by `check_clauses`; dateutil is imported only where an RRULE is written.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
INTERVAL_MAX: Final = 100
"""A wait is at most 400 days: no interval of a hundred days, weeks, months or years is honest."""
COUNT_MAX: Final = 1_000
"""Occurrences are counted one by one from the first date."""

_DAYS: Final = r"MO|TU|WE|TH|FR|SA|SU"
_PARTS: Final = {
    "FREQ": r"[A-Z]+",
    "INTERVAL": r"[0-9]{1,4}",
    "COUNT": r"[0-9]{1,5}",
    "UNTIL": r"[0-9]{8}(T[0-9]{6})?",
    "BYDAY": rf"([+-]?[0-9]{{1,2}})?({_DAYS})",
    "BYMONTH": r"[0-9]{1,2}",
    "BYMONTHDAY": r"[+-]?[0-9]{1,2}",
    "BYYEARDAY": r"[+-]?[0-9]{1,3}",
    "BYWEEKNO": r"[+-]?[0-9]{1,2}",
    "WKST": _DAYS,
}
_RANGES: Final = {
    "INTERVAL": INTERVAL_MAX,
    "COUNT": COUNT_MAX,
    "BYMONTH": 12,
    "BYMONTHDAY": 31,
    "BYYEARDAY": 366,
    "BYWEEKNO": 53,
}
_GOES_WITH: Final = {
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY",),
    "BYMONTHDAY": ("MONTHLY", "YEARLY"),
}
_LISTS: Final = frozenset(name for name in _PARTS if name.startswith("BY"))
_NOT_DATES: Final = ("BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS", "DTSTART")

_EXAMPLE: Final = "Write, say, FREQ=MONTHLY;BYDAY=1MO"

_PROBE_START: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - dates without a zone
_PROBE_YEARS: Final = 41
"""Every pattern of dates comes round in it (29 February on a Monday: 28 years, 40 over a century)."""


def rrule_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with an RRULE, and what to write instead; None if nothing."""
    written = text.upper().removeprefix("RRULE:").split(";")
    parts = {name: value for name, _, value in (part.partition("=") for part in written)}
    for name, value in parts.items():
        found = _part_problem(name, value)
        if found:
            return found
    if len(parts) < len(written):
        return "a part of the RRULE stands twice", "Delete one of the two"
    found = _together(parts)
    return found or (None if _occurs(parts) else ("this RRULE never occurs", "Check its days and months"))


def _part_problem(name: str, value: str) -> tuple[str, str] | None:
    if name in _NOT_DATES:
        advice = "Delete it; write the time of day as at:" if name != "BYSETPOS" else "Delete it"
        return f"{name} cannot stand in the RRULE of a date", advice
    if name not in _PARTS:
        return f"{name[:40] or 'an empty text'} is no part of an RRULE here", f"Use {', '.join(_PARTS)}"
    values = value.split(",") if name in _LISTS else [value]
    if not all(re.fullmatch(_PARTS[name], each, re.ASCII) for each in values):
        advice = "Write a date without Z: UNTIL=20271231" if name == "UNTIL" else _EXAMPLE
        return f"{name}={value[:40]} is not understood", advice
    most = _RANGES.get(name)
    if most and not all(1 <= abs(int(each)) <= most for each in values):
        return f"{name} lies outside 1 to {most}", "Write a number within"
    return None


def _together(parts: dict[str, str]) -> tuple[str, str] | None:
    """Parts that do not go with each other (RFC 5545, section 3.3.10), or may never be met."""
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        return f"FREQ={frequency} is none of {', '.join(FREQUENCIES)}", _EXAMPLE
    if "COUNT" in parts and "UNTIL" in parts:
        return "COUNT and UNTIL do not go together", "Delete one of the two"
    for name, allowed in _GOES_WITH.items():
        if name in parts and frequency not in allowed:
            return f"{name} does not go with FREQ={frequency}", f"Write FREQ={' or '.join(allowed)}"
    if parts.get("INTERVAL", "1") != "1" and frequency in ("DAILY", "MONTHLY"):
        filters = sorted(parts.keys() & (_LISTS if frequency == "DAILY" else {"BYMONTH"}))
        if filters:
            return f"{frequency} with INTERVAL and {filters[0]} may never occur", "Leave INTERVAL out, or write YEARLY"
    return _ordinals(parts, frequency)


def _ordinals(parts: dict[str, str], frequency: str) -> tuple[str, str] | None:
    """The numbers before weekdays."""
    numbers = [int(day[:-2]) for day in parts.get("BYDAY", "").split(",") if day[:-2]]
    if numbers and (frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        return "BYDAY with a number counts in a month or a year", "Delete the number: BYDAY=MO"
    most = 5 if frequency == "MONTHLY" or "BYMONTH" in parts else 53
    if not all(1 <= abs(number) <= most for number in numbers):
        return f"the number before a weekday lies outside 1 to {most}", _EXAMPLE
    return None


def _occurs(parts: dict[str, str]) -> bool:
    """Whether there is a first occurrence, and UNTIL, if there is one, is a date of the calendar."""
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - 30 ms that rules without an RRULE need not pay

    probed = ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL"))
    try:
        first = rrulestr(probed, dtstart=_PROBE_START).after(_PROBE_START, inc=True)
        datetime.strptime(parts.get("UNTIL", "20000101")[:8], "%Y%m%d")  # noqa: DTZ007 - a date
    except ValueError:
        return False
    return first is not None and first.year < _PROBE_START.year + _PROBE_YEARS
