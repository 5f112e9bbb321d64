"""Checks of `wait`.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.recurrence import rrule_problem, until_problem
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
from kittiwake.rules.model.recurrence import REPEATS
from kittiwake.rules.model.wait import FieldWaitObject, UntilWaitObject, Wait


def check_wait(wait: Wait, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """How long the rule waits."""
    if isinstance(wait, FieldWaitObject):
        yield from check_span(wait.default, (*path, "default"), WAIT_MAX_US, "a wait", zero=True)
    elif isinstance(wait, UntilWaitObject):
        yield from _check_until(wait, path)
    else:
        yield from check_list(wait, path, REMINDERS_MAX, "reminders")
        for where, delay in each(wait, path):
            yield from check_span(delay, where, WAIT_MAX_US, "a wait", zero=True)
        yield from check_rising([span_us(delay) for _, delay in each(wait, path)], path, "waits", "[30m, 24h, 72h]")


def _check_until(wait: UntilWaitObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    if wait.until == "contact":
        message = "contact alone is no date"
        yield Diagnostic((*path, "until"), Code.BAD_PATH, message, "Name the attribute: contact.birthday")
    if wait.offset and abs(span_us(wait.offset)) > WAIT_MAX_US:
        yield from check_span(wait.offset.lstrip("+-"), (*path, "offset"), WAIT_MAX_US, "an offset")
    if wait.repeat is not None and wait.repeat not in REPEATS:
        found = rrule_problem(wait.repeat)
        late = None if found else until_problem(wait.repeat)
        if found:
            yield Diagnostic((*path, "repeat"), Code.BAD_RRULE, *found)
        elif late:
            yield Diagnostic((*path, "repeat"), Code.RRULE_UNTIL, *late)
