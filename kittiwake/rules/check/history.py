"""Checks of history conditions: one comparison, one `same`, a bounded past.

Pure. Called by `check.conditions`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.match import check_match, check_same
from kittiwake.rules.diagnostics import Diagnostic, check_list, check_span, each, span_us
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    LIST_MAX,
    WINDOWED_COUNT_MAX,
    WINDOWED_COUNT_SAME_MAX,
    WITHIN_MAX_US,
)
from kittiwake.rules.model.history import (
    COMPARISONS,
    LAST_COMPARISONS,
    Absent,
    Avg,
    Count,
    Distinct,
    HistoryCondition,
    Last,
    Max,
    Min,
    Present,
    Sum,
)
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.time import PERIODS
from kittiwake.values import Number, Scalar


def check_condition(condition: HistoryCondition, path: KeyPath, no_same: str = "") -> Iterator[Diagnostic[Code]]:
    """One condition."""
    key, match = measured(condition)
    yield from check_match(match, (*path, key), no_same=no_same)
    yield from _check_window(condition, path)
    yield from _check_same(condition, match, (*path, key), path, no_same)
    if not isinstance(condition, (Present, Absent)):
        yield from _check_comparison(condition, path)


def _check_window(condition: HistoryCondition, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    if condition.within is not None and condition.within not in PERIODS:
        yield from check_span(condition.within, (*path, "within"), WITHIN_MAX_US, "a look-back")
    if condition.between is None:
        return
    own = (*path, "between")
    if condition.within is not None:
        message = "a condition looks back within a time or between two, not both"
        yield Diagnostic(own, Code.CLAUSE, message, "Delete one of them", at_key=True)
    if len(condition.between) != 2:
        message = f"a range back has two ends, not {len(condition.between)}"
        yield Diagnostic(own, Code.CLAUSE, message, "Write the farther one first: [30d, 7d]")
        return
    far, near = condition.between
    yield from check_span(far, (*own, 0), WITHIN_MAX_US, "a look-back")
    if span_us(near) == 0:
        advice = f"Write within: {far}"
        yield Diagnostic((*own, 1), Code.OUT_OF_RANGE, "a range back ends before now", advice)
    elif span_us(far) <= span_us(near):
        message = f"the farther end of a range back stands first, and {far} is not farther than {near}"
        advice = f"Write [{near}, {far}]" if span_us(far) < span_us(near) else "Write two different ones: [30d, 7d]"
        yield Diagnostic(own, Code.NOT_RISING, message, advice)


def measured(condition: HistoryCondition) -> tuple[str, EventMatch]:
    """The key under which a condition names its events, and the match."""
    match condition:
        case Count():
            return "count", condition.count
        case Present():
            return "present", condition.present
        case Absent():
            return "absent", condition.absent
        case Sum() | Distinct() | Avg() | Min() | Max() | Last():
            return "of", condition.of


def comparisons(condition: HistoryCondition) -> list[tuple[str, Number]]:
    """The comparisons with a number that are written; of a `last` those are among its `operands`."""
    found = [] if isinstance(condition, Last) else [(name, getattr(condition, name, None)) for name in COMPARISONS]
    return [(name, bound) for name, bound in found if bound is not None]


def operands(condition: Last) -> list[tuple[str, Scalar | list[Scalar]]]:
    """The comparisons of a `last` that are written."""
    found = [*((name, getattr(condition, name)) for name in COMPARISONS), ("in", condition.in_)]
    return [(name, operand) for name, operand in found if operand is not None]


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


def _check_comparison(
    condition: Count | Sum | Distinct | Avg | Min | Max | Last, path: KeyPath
) -> Iterator[Diagnostic[Code]]:
    if isinstance(condition, Last):
        yield from _check_once([name for name, _ in operands(condition)], LAST_COMPARISONS, "eq: pro", path)
        yield from check_list(condition.in_, (*path, "in"), LIST_MAX, "values")
        return
    found = comparisons(condition)
    yield from _check_once([name for name, _ in found], COMPARISONS, "gte: 3", path)
    if not isinstance(condition, Count) or (condition.within is None and condition.between is None):
        return
    yield from _check_windowed_count(condition, found, path)


def _check_once(names: list[str], known: tuple[str, ...], example: str, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    if len(names) != 1:
        message = f"a comparison is needed once, not {' and '.join(names)}" if names else "the comparison is missing"
        advice = f"Write one of {', '.join(known)}: {example}"
        if len(names) > 1:
            advice = "Write a condition for each, in a list: both have to hold"
        yield Diagnostic(path, Code.OPERATOR, message, advice)


def _check_windowed_count(
    condition: Count, found: list[tuple[str, Number]], path: KeyPath
) -> Iterator[Diagnostic[Code]]:
    inside = any(not isinstance(entry, str) and entry.same for _, entry in each(condition.count, ()))
    most = WINDOWED_COUNT_SAME_MAX if condition.same or inside else WINDOWED_COUNT_MAX
    for name, bound in found:
        if bound > most:
            message = f"a count within a time is compared with {bound}, more than {most}"
            yield Diagnostic((*path, name), Code.GUARDRAIL, message, f"Write at most {most}, or leave within out")
