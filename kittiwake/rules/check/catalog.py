"""Checks of catalogue rules: `when: {item: ...}` and `interest`.

Pure. Called by `check.document` and `check.when`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.change import check_words
from kittiwake.rules.check.match import NO_EARLIER_EVENT, check_match
from kittiwake.rules.diagnostics import Diagnostic, check_span
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    WITHIN_MAX_US,
)
from kittiwake.rules.model.catalog import Interest, ItemObject
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
        yield from check_words(matcher, (*path, name), "an item change")


def check_interest(written: Interest, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Whom a catalogue change concerns."""
    yield from check_match(written.events, (*path, "events"), no_same=NO_EARLIER_EVENT)
    yield from check_span(written.within, (*path, "within"), WITHIN_MAX_US, "an interest")
