"""Checks of history conditions: one comparison, one `same`, a bounded past.

Pure. Called by `check.conditions`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.match import check_match, check_same
from kittiwake.rules.diagnostics import Diagnostic, check_span, each
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    WINDOWED_COUNT_MAX,
    WINDOWED_COUNT_SAME_MAX,
    WITHIN_MAX_US,
)
from kittiwake.rules.model.history import COMPARISONS, Absent, Count, Distinct, HistoryCondition, Present, Sum
from kittiwake.rules.model.match import EventMatch
from kittiwake.values import Number


def check_condition(condition: HistoryCondition, path: KeyPath, no_same: str = "") -> Iterator[Diagnostic[Code]]:
    """One condition."""
    key, match = measured(condition)
    yield from check_match(match, (*path, key), no_same=no_same)
    yield from check_span(condition.within, (*path, "within"), WITHIN_MAX_US, "a look-back")
    yield from _check_same(condition, match, (*path, key), path, no_same)
    if isinstance(condition, (Count, Sum, Distinct)):
        yield from _check_comparison(condition, path)


def measured(condition: HistoryCondition) -> tuple[str, EventMatch]:
    """The key under which a condition names its events, and the match."""
    match condition:
        case Count():
            return "count", condition.count
        case Present():
            return "present", condition.present
        case Absent():
            return "absent", condition.absent
        case Sum() | Distinct():
            return "of", condition.of


def comparisons(condition: HistoryCondition) -> list[tuple[str, Number]]:
    """The comparisons that are written."""
    found = ((name, getattr(condition, name, None)) for name in COMPARISONS)
    return [(name, bound) for name, bound in found if bound is not None]


def _check_same(
    condition: HistoryCondition, match: EventMatch, match_path: KeyPath, path: KeyPath, no_same: str
) -> Iterator[Diagnostic[Code]]:
    own = (*path, "same")
    if condition.same is not None and no_same:
        yield Diagnostic(own, Code.SAME, f"same cannot stand here: {no_same}", "Delete it", at_key=True)
    yield from check_same(condition.same, own)
    entries = [None if isinstance(entry, str) else entry.same for _, entry in each(match, match_path)]
    if condition.same is not None and any(same is not None for same in entries):
        message = "same stands on the condition and inside its match"
        yield Diagnostic(own, Code.SAME, message, "Write it once, on the condition", at_key=True)
    elif any(same != entries[0] for same in entries):
        message = "the events of one condition are told apart by different same"
        yield Diagnostic(match_path, Code.SAME, message, "Write one same on the condition", at_key=True)


def _check_comparison(condition: Count | Sum | Distinct, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    found = comparisons(condition)
    if len(found) != 1:
        named = " and ".join(name for name, _ in found)
        message = f"a comparison is needed once, not {named}" if found else "the comparison is missing"
        yield Diagnostic(path, Code.OPERATOR, message, f"Write one of {', '.join(COMPARISONS)}: gte: 3")
    if not isinstance(condition, Count) or condition.within is None:
        return
    inside = any(not isinstance(entry, str) and entry.same for _, entry in each(condition.count, ()))
    most = WINDOWED_COUNT_SAME_MAX if condition.same or inside else WINDOWED_COUNT_MAX
    for name, bound in found:
        if bound > most:
            message = f"a count within a time is compared with {bound}, more than {most}"
            yield Diagnostic((*path, name), Code.GUARDRAIL, message, f"Write at most {most}, or leave within out")
