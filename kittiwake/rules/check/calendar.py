"""Checks of local days: how many, and which.

Pure. Called by `check.wait`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.diagnostics import Diagnostic, check_list
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import DAYS_MAX
from kittiwake.rules.model.calendar import WEEKDAYS, CalendarWaitObject, DaysOn


def check_local_day(wait: CalendarWaitObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """A local day counted from that of the arming event."""
    yield from check_days(wait.days, (*path, "days"))
    yield from check_on(wait.on, (*path, "on"))
    if wait.days is not None and wait.days < 0:
        message = "a day before the arming event has passed when it happens"
        yield Diagnostic((*path, "days"), Code.OUT_OF_RANGE, message, "Write 0 or more, or name a date with until")


def check_days(days: int | None, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """A number of days that the longest wait allows."""
    if days is not None and abs(days) > DAYS_MAX:
        message, advice = f"{days} days are more than {DAYS_MAX}", f"Write at most {DAYS_MAX}"
        if days < 0:
            message, advice = f"{-days} days before the date are more than {DAYS_MAX}", f"Write at least -{DAYS_MAX}"
        yield Diagnostic(path, Code.GUARDRAIL, message, advice)


def check_on(on: DaysOn | None, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Weekdays: at least one, each once."""
    yield from check_list(on, path, len(WEEKDAYS), "weekdays")
