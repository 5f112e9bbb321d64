"""Checks of catalogue rules: `when: {item: ...}` and `interest`.

Pure. Called by `check.document` and `check.when`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kittiwake.rules.check.change import check_words
from kittiwake.rules.check.match import NO_EARLIER_EVENT, check_match, check_where
from kittiwake.rules.diagnostics import Diagnostic, check_span, each
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    WITHIN_MAX_US,
)
from kittiwake.rules.model.catalog import Interest, ItemObject
from kittiwake.rules.model.match import Where
from kittiwake.rules.model.text import path_problem

_OF_ITEM: Final = "item."


def check_item_change(written: ItemObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """A change in the catalogue; `path` is where its `item` stands."""
    if written.where is not None:
        where = (*path[:-1], "where")
        yield from check_where(written.where, where)
        yield from _check_names(written.where, where)
    matchers = written.item.matchers()
    if len(matchers) != 1:
        message = f"an item change names one property, not {len(matchers)}"
        yield Diagnostic(path, Code.CLAUSE, message, "Write, say, item: {price: {drops_by: 10%}}", at_key=True)
    for name, matcher in matchers.items():
        found = path_problem(name)
        if found:
            yield Diagnostic((*path, name), Code.BAD_PATH, *found, at_key=True)
        yield from check_words(matcher, (*path, name), "an item change")


def _check_names(where: Where, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Names that would lead to a property of the item called item, where `include` says item.… of the item's own."""
    for name in where.tests():
        if name.startswith(_OF_ITEM):
            advice = f"Write {name.removeprefix(_OF_ITEM)}"
            message = f"{name} stands in a where that is of the item already"
            yield Diagnostic((*path, name), Code.BAD_PATH, message, advice, at_key=True)
    for key, part in (("all", where.all_), ("any", where.any_), ("not", where.not_)):
        for inner, one in each(part, (*path, key)):
            yield from _check_names(one, inner)


def check_interest(written: Interest, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Whom a catalogue change concerns."""
    yield from check_match(written.events, (*path, "events"), no_same=NO_EARLIER_EVENT)
    yield from check_span(written.within, (*path, "within"), WITHIN_MAX_US, "an interest")
