"""Why a wait is due when it is: local days in words.

Pure. Called by `steps`.
"""

from __future__ import annotations

from typing import Final

from kittiwake.explain.wording import counted, listed, path_words
from kittiwake.kernel.plan.calendar import EVERY_DAY, CalendarWait, LocalDay
from kittiwake.kernel.plan.wait import UntilWait, Wait
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import MINUTE_US

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def due_words(wait: Wait | None, reminder: int) -> str:
    """` (1 day later at 10:00)`: how the local day of a reminder is found; nothing where a duration says it.

    >>> due_words(CalendarWait((LocalDay(1, 36_000_000_000, frozenset({1, 3})),), numbered=False), 0)
    ' (1 day later, moved on to Tue or Thu, at 10:00)'
    """
    if isinstance(wait, CalendarWait) and reminder < len(wait.days):
        return f" ({_day_words(wait.days[reminder], None)})"
    wait = wait.of_reminder(reminder) if isinstance(wait, UntilWait) else wait
    if isinstance(wait, UntilWait) and wait.local_day is not None:
        of = ("contact." if wait.of_contact else "") + path_words(wait.path)
        return f" ({_day_words(wait.local_day, of)}{_offset_words(wait.offset_us)})"
    return ""


def _day_words(wanted: LocalDay, of: str | None) -> str:
    words = _count_words(wanted.days, of)
    if wanted.weekdays != EVERY_DAY:
        days = listed([_WEEKDAYS[day] for day in sorted(wanted.weekdays)], "or")
        words += f", moved on to {days}{' that is no holiday' if wanted.holidays else ''},"
    if wanted.at_us is None:
        return words.removesuffix(",")
    hours, minutes = divmod(wanted.at_us // MINUTE_US, 60)
    return f"{words} at {hours:02}:{minutes:02}"


def _count_words(days: int, of: str | None) -> str:
    if days == 0:
        return "the same day" if of is None else f"the day of {of}"
    number = counted(abs(days), "day")
    return f"{number} later" if of is None else f"{number} {'before' if days < 0 else 'after'} {of}"


def _offset_words(offset_us: int) -> str:
    if offset_us == 0:
        return ""
    return f", {'plus' if offset_us > 0 else 'less'} {format_duration(abs(offset_us))}"
