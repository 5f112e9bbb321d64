"""Lint of `quiet_hours`: stretches that add nothing, and weeks in which hardly anything can be sent.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.compile.quiet_hours import quiet_hours_of
from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.model.quiet_hours import QuietHours
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import HOUR_US


def longest_quiet_us(written: QuietHours | None) -> int:
    """How long quiet hours last by the clock, the longest of them; 0: there are none."""
    quiet = quiet_hours_of(written)
    return max(quiet.lengths_us()) if quiet is not None else 0


def lint_quiet_hours(written: QuietHours | None, path: KeyPath) -> Iterator[Diagnostic[LintCode]]:
    """Lints of quiet hours themselves."""
    quiet = quiet_hours_of(written)
    if quiet is None:
        return
    longest_us = max(quiet.between_us())
    if longest_us < HOUR_US:
        message = f"between quiet hours there are never more than {format_duration(longest_us)} to send anything"
        yield Diagnostic(path, LintCode.HARDLY_EVER_SENT, message, "Leave more time between them", at_key=True)
    entries = list(each(written, path))
    for number, (where, _) in enumerate(entries):
        others = [entry for _, entry in entries[:number] + entries[number + 1 :]]
        if others and quiet_hours_of(others) == quiet:
            message = "the others cover these quiet hours already"
            yield Diagnostic(where, LintCode.QUIET_HOURS_TWICE, message, "Delete this entry")
            return
