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
from kittiwake.rules.model.wait import FieldWaitObject, Reminder, UntilWaitObject, Wait


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


def _check_silence(wait: str | list[Reminder], path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """One duration, or reminders: durations that rise, local days, or days round one date."""
    yield from check_list(wait, path, REMINDERS_MAX, "reminders")
    written = list(each(wait, path))
    other = next((where for where, one in written if type(one) is not type(written[0][1])), None)
    if other is not None:
        message = "a list has durations, local days or dates, and not one beside the other"
        advice = "Write all like the first: [1h, 24h], [{days: 1}, {days: 3}] or [{until: date, days: -7}, …]"
        yield Diagnostic(other, Code.CLAUSE, message, advice)
        return
    for where, one in written:
        if isinstance(one, str):
            yield from check_span(one, where, WAIT_MAX_US, "a wait", zero=True)
        elif isinstance(one, CalendarWaitObject):
            yield from check_local_day(one, where)
        else:
            yield from _check_until(one, where)
    delays_us = [span_us(one) for _, one in written if isinstance(one, str)]
    yield from check_rising(delays_us, path, "waits", "[30m, 24h, 72h]")
    yield from _check_dates([(where, one) for where, one in written if isinstance(one, UntilWaitObject)])


def _check_dates(written: list[tuple[KeyPath, UntilWaitObject]]) -> Iterator[Diagnostic[Code]]:
    """Reminders of a date: of one, that does not come again, each another."""
    for i, (where, one) in enumerate(written):
        first = written[0][1].until
        if one.until != first:
            message = f"the reminders of a list wait for one date: {first} before, and {one.until} here"
            yield Diagnostic((*where, "until"), Code.CLAUSE, message, "Write a rule for each date")
        if one.repeat is not None:
            message = "a date that repeats has no list of reminders"
            advice = "Write a rule for each: wait: {until: …, repeat: …, days: …}"
            yield Diagnostic((*where, "repeat"), Code.CLAUSE, message, advice, at_key=True)
        if one in [before for _, before in written[:i]]:
            yield Diagnostic(where, Code.CLAUSE, "this reminder stands here twice", "Delete one, or give it other days")


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
