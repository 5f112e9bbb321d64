"""Checks of catalogue rules: `when: {item: ...}` and `interest`.

Pure. Called by `check.document` and `check.when`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kittiwake.rules.check.match import NO_EARLIER_EVENT, check_match
from kittiwake.rules.diagnostics import Diagnostic, check_span
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    WITHIN_MAX_US,
)
from kittiwake.rules.model.catalog import Interest, ItemMatcher, ItemObject
from kittiwake.rules.model.text import path_problem


def check_item_change(written: ItemObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """A change in the catalogue."""
    matchers = written.item.matchers()
    if len(matchers) != 1:
        message = f"an item change names one property, not {len(matchers)}"
        yield Diagnostic(path, Code.CLAUSE, message, "Write, say, item: {price: {drops_by: 10%}}", at_key=True)
    for name, matcher in matchers.items():
        found = path_problem(name)
        if found:
            yield Diagnostic((*path, name), Code.BAD_PATH, *found, at_key=True)
        yield from _check_matcher(matcher, (*path, name))


def _check_matcher(matcher: ItemMatcher, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    written = [name for name in ItemMatcher.model_fields if getattr(matcher, name) is not None]
    if len(written) != 1:
        message = f"an item change is one of {', '.join(ItemMatcher.model_fields)}"
        yield Diagnostic(path, Code.OPERATOR, message, "Write one of them: {drops_by: 10%}")
    for name in ("drops_by", "rises_by"):
        change = getattr(matcher, name)
        if change is not None and Decimal(str(change).removesuffix("%")) <= 0:
            yield Diagnostic((*path, name), Code.OUT_OF_RANGE, "a change is more than nothing", "Write, say, 10%")


def check_interest(written: Interest, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Whom a catalogue change concerns."""
    yield from check_match(written.events, (*path, "events"), no_same=NO_EARLIER_EVENT)
    yield from check_span(written.within, (*path, "within"), WITHIN_MAX_US, "an interest")
