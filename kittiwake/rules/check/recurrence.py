"""RRULEs that may stand in `repeat` (semantics, section 6): dates only, that do occur.

Pure. Called by `check.wait`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from msgspec.structs import replace

from kittiwake.rules.diagnostics import Diagnostic, check_list
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import LIST_MAX
from kittiwake.rules.model.base import shown
from kittiwake.rules.model.recurrence import FREQUENCIES
from kittiwake.rules.model.wait import UntilWaitObject
from kittiwake.time.recurrences import dates, parse_recurrence

INTERVAL_MAX: Final = 100
"""A wait is at most 400 days: no interval of a hundred days, weeks, months or years is honest."""
COUNT_MAX: Final = 1_000
"""Occurrences are counted one by one from the first date."""
RRULE_CHARS_MAX: Final = 4_000
"""Room for every day of a year, counted from both ends; each entry of a list is asked of every day."""

_DAYS: Final = r"MO|TU|WE|TH|FR|SA|SU"
_PARTS: Final = {
    "FREQ": r"[A-Z]+",
    "INTERVAL": r"[0-9]{1,4}",
    "COUNT": r"[0-9]{1,5}",
    "UNTIL": r"[0-9]{8}(T[0-9]{6}Z?)?",
    "BYDAY": rf"([+-]?[0-9]{{1,2}})?({_DAYS})",
    "BYMONTH": r"[0-9]{1,2}",
    "BYMONTHDAY": r"[+-]?[0-9]{1,2}",
    "BYYEARDAY": r"[+-]?[0-9]{1,3}",
    "BYWEEKNO": r"[+-]?[0-9]{1,2}",
    "BYSETPOS": r"[+-]?[0-9]{1,3}",
    "BYHOUR": r"[0-9]{1,2}(,[0-9]{1,2})*",
    "BYMINUTE": r"[0-9]{1,2}(,[0-9]{1,2})*",
    "WKST": _DAYS,
}
_RANGES: Final = {
    "INTERVAL": INTERVAL_MAX,
    "COUNT": COUNT_MAX,
    "BYMONTH": 12,
    "BYMONTHDAY": 31,
    "BYYEARDAY": 366,
    "BYWEEKNO": 53,
    "BYSETPOS": 366,
}
_GOES_WITH: Final = {
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY",),
    "BYMONTHDAY": ("MONTHLY", "YEARLY"),
    "BYSETPOS": ("WEEKLY", "MONTHLY", "YEARLY"),
}
_TIMES: Final = {"BYHOUR": 23, "BYMINUTE": 59}
_LISTS: Final = frozenset(name for name in _PARTS if name.startswith("BY")) - _TIMES.keys()
_REFUSED: Final = {
    "BYSECOND": ("cannot stand in the RRULE of a date", "Delete it; BYHOUR and BYMINUTE, or at, name the time of day"),
    "RSCALE": ("is not read: dates are Gregorian", "Delete it"),
    "SKIP": ("is not read", "Delete it; repeat: monthly falls on the last day of a month that lacks the day"),
}
_BESIDE: Final = ("DTSTART", "EXRULE", "RDATE")
"""Lines that calendars write beside an RRULE."""

_EXAMPLE: Final = "Write, say, FREQ=MONTHLY;BYDAY=1MO"
_SET_EXAMPLE: Final = "Write, say, FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"

_PROBE_STARTS: Final = tuple(date(2000, month, 1) for month in range(1, 13))
_PROBE_END: Final = date(2041, 1, 1)
"""Every pattern of dates comes round in it (29 February on a Monday: 28 years, 40 over a century)."""
_YEAR_MIN: Final = 1900
"""No first date of an RRULE lies before it (semantics, section 6)."""


def rrule_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with an RRULE, and what to write instead; None if nothing."""
    found = _text_problem(text)
    if found:
        return found
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


def until_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with the `UNTIL` of an RRULE that is right otherwise, and what to write instead."""
    found = re.search(r"UNTIL=([0-9]{8})(T?)", text.upper())
    if found is None:
        return None
    day, timed = found.groups()
    if timed:
        message = "UNTIL has a time here, and an RRULE of a date has none"
        return message, f"Write UNTIL={day}: the last local date that may occur"
    if int(day[:4]) < _YEAR_MIN:
        return f"UNTIL={day} lies before every first date: this RRULE never occurs", "Check the year"
    return None


def check_except(wait: UntilWaitObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """The dates on which a repeated wait does not occur."""
    yield from check_list(wait.except_, (*path, "except"), LIST_MAX, "dates")
    if wait.except_ is not None and wait.repeat is None:
        message = "except names occurrences, and without repeat there are none"
        yield Diagnostic((*path, "except"), Code.CLAUSE, message, "Add repeat, or delete it", at_key=True)


def _text_problem(text: str) -> tuple[str, str] | None:
    """What is wrong before any part is read."""
    excepted = re.search(r"EXDATE[^:=]*[:=]\s*([0-9]{4})([0-9]{2})([0-9]{2})", text.upper())
    if excepted or "EXDATE" in text.upper():
        day = "-".join(excepted.groups()) if excepted else "2026-12-25"
        return "EXDATE is no part of an RRULE", f"Write it beside repeat: except: [{day}]"
    if len(text) > RRULE_CHARS_MAX:
        return f"an RRULE may have {RRULE_CHARS_MAX} characters", "Write a shorter one, or several rules"
    beside = next((name for name in _BESIDE if name in text.upper()), None)
    if beside:
        return f"{beside} cannot stand in repeat, which holds one RRULE", "Delete it; the first date is that of until"
    if not text.isascii() or not text.isprintable() or " " in text:
        return f"{shown(text)} is no RRULE: it has letters, digits, = ; , + and - only", _EXAMPLE
    if text.endswith(";"):
        return "this RRULE ends with a semicolon", "Delete it"
    return None


def _part_problem(name: str, value: str) -> tuple[str, str] | None:
    if name in _REFUSED:
        why, advice = _REFUSED[name]
        return f"{name} {why}", advice
    if name not in _PARTS:
        return f"{name[:40] or 'an empty text'} is no part of an RRULE here", f"Use {', '.join(_PARTS)}"
    values = value.split(",") if name in _LISTS else [value]
    if not all(re.fullmatch(_PARTS[name], each, re.ASCII) for each in values):
        advice = "Write a date without time: UNTIL=20271231" if name == "UNTIL" else _EXAMPLE
        return f"{name}={value[:40]} is not understood", advice
    most = _RANGES.get(name)
    if most and not all(1 <= abs(int(each)) <= most for each in values):
        return f"{name} lies outside 1 to {most}", "Write a number within"
    return _end_problem(value[:8]) if name == "UNTIL" else None


def _end_problem(day: str) -> tuple[str, str] | None:
    """What is wrong with the date of an UNTIL."""
    try:
        date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return f"UNTIL={day} is no date of the calendar", "Write a day that there is: UNTIL=20271231"
    return None


def _together(parts: dict[str, str]) -> tuple[str, str] | None:
    """Parts that do not go with each other (RFC 5545, section 3.3.10), or may never be met."""
    if "FREQ" not in parts:
        return "this RRULE has no FREQ", _EXAMPLE
    frequency = parts["FREQ"]
    if frequency not in FREQUENCIES:
        return f"FREQ={frequency[:40]} is none of {', '.join(FREQUENCIES)}", _EXAMPLE
    found = _time_problem(parts)
    if found:
        return found
    if "BYSETPOS" in parts and not parts.keys() & (_LISTS - {"BYSETPOS"}):
        return "BYSETPOS counts the days that another part names, and there is none", _SET_EXAMPLE
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


def _time_problem(parts: dict[str, str]) -> tuple[str, str] | None:
    """The time of day: one, whole, for the local date alone distinguishes occurrences."""
    for name, most in _TIMES.items():
        value = parts.get(name)
        if value is not None and "," in value:
            return f"{name} has several values, and a day has one occurrence here", "Write one, and another rule"
        if value is not None and int(value) > most:
            return f"{name} lies outside 0 to {most}", "Write a number within"
    named = parts.keys() & _TIMES.keys()
    if len(named) == 1:
        return "BYHOUR and BYMINUTE stand together here", "Write both: BYHOUR=10;BYMINUTE=0"
    return None


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
    """Whether there is a first date from which it occurs; with INTERVAL, there may be others from which it does not."""
    written = ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL", *_TIMES))
    rule = replace(parse_recurrence(written), until=_PROBE_END)
    return any(next(dates(rule, start, start), None) for start in _PROBE_STARTS)
