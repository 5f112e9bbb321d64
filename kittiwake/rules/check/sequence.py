"""Checks of `sequence`.

Pure. Called by `check.when`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.match import check_match
from kittiwake.rules.diagnostics import Diagnostic, check_list, check_span, numbered
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    STEPS_MAX,
    WITHIN_MAX_US,
)
from kittiwake.rules.model.sequence import SequenceObject


def check_sequence(written: SequenceObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """A chain of steps."""
    steps = (*path, "sequence")
    yield from check_span(written.within, (*path, "within"), WITHIN_MAX_US, "a sequence")
    yield from check_list(written.sequence, steps, STEPS_MAX, "steps")
    if len(written.sequence) == 1:
        advice = "Name a second step, or write when: with the event itself"
        yield Diagnostic(steps, Code.CLAUSE, "a sequence has at least two steps", advice)
    for where, step in numbered(written.sequence, steps):
        yield from check_match(step, where, no_same="write per: for steps that belong together")
