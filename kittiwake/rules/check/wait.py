"""Checks of `wait`.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.calendar import check_days, check_local_day, check_on
from kittiwake.rules.check.recurrence import check_except, rrule_problem, until_problem
from kittiwake.rules.diagnostics import (
    Diagnostic,
    check_list,
    check_rising,
    check_span,
    each,
    span_us,
)
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    REMINDERS_MAX,
    WAIT_MAX_US,
)
from kittiwake.rules.model.calendar import CalendarWaitObject
from kittiwake.rules.model.recurrence import REPEATS
from kittiwake.rules.model.wait import FieldWaitObject, UntilWaitObject, Wait


def check_wait(wait: Wait, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """How long the rule waits."""
    if isinstance(wait, FieldWaitObject):
        yield from check_span(wait.default, (*path, "default"), WAIT_MAX_US, "a wait", zero=True)
    elif isinstance(wait, UntilWaitObject):
        yield from _check_until(wait, path)
    elif isinstance(wait, CalendarWaitObject):
        yield from check_local_day(wait, path)
    else:
        yield from _check_silence(wait, path)


def _check_silence(wait: str | list[str | CalendarWaitObject], path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """One duration, or reminders: durations that rise, or local days."""
    yield from check_list(wait, path, REMINDERS_MAX, "reminders")
    delays = [(where, one) for where, one in each(wait, path) if isinstance(one, str)]
    local_days = [(where, one) for where, one in each(wait, path) if not isinstance(one, str)]
    if delays and local_days:
        where, _ = (delays if isinstance(wait[0], CalendarWaitObject) else local_days)[0]
        message = "a list has durations or local days, not both"
        advice = "Write all of them as durations, or all as local days: {days: 1}"
        yield Diagnostic(where, Code.CLAUSE, message, advice)
        return
    for where, delay in delays:
        yield from check_span(delay, where, WAIT_MAX_US, "a wait", zero=True)
    for where, one in local_days:
        yield from check_local_day(one, where)
    yield from check_rising([span_us(delay) for _, delay in delays], path, "waits", "[30m, 24h, 72h]")


def _check_until(wait: UntilWaitObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    if wait.until == "contact":
        message = "contact alone is no date"
        yield Diagnostic((*path, "until"), Code.BAD_PATH, message, "Name the attribute: contact.birthday")
    yield from check_days(wait.days, (*path, "days"))
    yield from check_on(wait.on, (*path, "on"))
    if wait.offset and abs(span_us(wait.offset)) > WAIT_MAX_US:
        yield from check_span(wait.offset.lstrip("+-"), (*path, "offset"), WAIT_MAX_US, "an offset")
    yield from check_except(wait, path)
    if wait.repeat is not None and wait.repeat not in REPEATS:
        found = rrule_problem(wait.repeat)
        late = None if found else until_problem(wait.repeat)
        if found:
            yield Diagnostic((*path, "repeat"), Code.BAD_RRULE, *found)
        elif late:
            yield Diagnostic((*path, "repeat"), Code.RRULE_UNTIL, *late)
        elif wait.at is not None and "BYHOUR" in wait.repeat.upper():
            yield Diagnostic(
                (*path, "at"), Code.CLAUSE, "at and BYHOUR both name the time of day", "Delete one of the two"
            )
