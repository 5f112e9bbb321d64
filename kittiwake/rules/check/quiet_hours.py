"""Checks of `quiet_hours`.

Pure. Called by `check.policy`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.diagnostics import Diagnostic, check_list, each
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import QUIET_HOURS_MAX
from kittiwake.rules.model.calendar import WEEKDAYS
from kittiwake.rules.model.quiet_hours import QuietHours, QuietHoursObject, spans_us
from kittiwake.time.instants import WEEK_US
from kittiwake.time.weeks import edges_of_week


def check_quiet_hours(written: QuietHours | None, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Stretches that begin and end, and leave something of the week."""
    yield from check_list(written, path, QUIET_HOURS_MAX, "quiet hours")
    found = [problem for where, entry in each(written, path) for problem in _check_entry(entry, where)]
    yield from found
    if not found and written and edges_of_week(spans_us(written)) == (0, WEEK_US):
        message = "these quiet hours cover the whole week, so that nothing is ever sent"
        yield Diagnostic(path, Code.QUIET_HOURS, message, "Leave some time, or write mode: shadow on the rules")


def _check_entry(entry: QuietHoursObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    yield from check_list(entry.days, (*path, "days"), len(WEEKDAYS), "days")
    if entry.from_ is None and (entry.to is not None or entry.days is None):
        yield Diagnostic(path, Code.MISSING_KEY, "from is missing", "Add from: from this local time", at_key=True)
    elif entry.to is None and entry.from_ is not None:
        yield Diagnostic(path, Code.MISSING_KEY, "to is missing", "Add to: until before this one", at_key=True)
    elif entry.to is not None and entry.from_ == entry.to:
        message = "quiet hours that end when they begin could mean all day or never"
        advice = "Write two different times, or delete the line"
        if entry.days is not None:
            advice = "Write two different times, or delete from and to: days alone are whole days"
        yield Diagnostic((*path, "to"), Code.QUIET_HOURS, message, advice)
