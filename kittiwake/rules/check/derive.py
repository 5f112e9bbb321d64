"""Checks of `derive`: types that may be derived, and from which.

Pure. Called by `check.document`; what spans documents is asked by `documents`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.match import NOT_STARRED, check_match
from kittiwake.rules.diagnostics import Diagnostic, check_list, each
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import DERIVATIONS_MAX, KEPT_MAX
from kittiwake.rules.model.derive import Derivations, DeriveObject
from kittiwake.rules.model.match import ChangeMatch
from kittiwake.rules.model.text import list_index_problem

_NO_SAME = "no event is armed before it"


def check_derivations(derivations: Derivations | None, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Everything wrong with a `derive` whose shape is right."""
    yield from check_list(derivations, path, DERIVATIONS_MAX, "derivations")
    seen: set[tuple[str, str]] = set()
    for where, one in each(derivations, path):
        yield from _check_one(one, where)
        if (one.event, one.each) in seen:
            message = f"{one.event} is derived from each of {one.each} already"
            advice = "Write one entry: from takes a list of events"
            yield Diagnostic((*where, "each"), Code.CLAUSE, message, advice)
        seen.add((one.event, one.each))


def _check_one(one: DeriveObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    event = (*path, "event")
    if one.event == "*":
        yield Diagnostic(event, Code.BAD_EVENT_TYPE, "what is derived has one type", "Write order.item_purchased")
    elif one.event.startswith(NOT_STARRED):
        message = f"{one.event} says what a contact is, and nothing of a list can"
        yield Diagnostic(event, Code.BAD_EVENT_TYPE, message, "Name what was done: order.item_purchased")
    yield from check_match(one.from_, (*path, "from"), no_same=_NO_SAME)
    for where, entry in each(one.from_, (*path, "from")):
        if isinstance(entry, ChangeMatch):
            message = "nothing is derived from a change of the contact"
            yield Diagnostic((*where, "contact"), Code.CLAUSE, message, "Name the event that has the list", at_key=True)
    found = list_index_problem(one.each)
    if found:
        yield Diagnostic((*path, "each"), Code.LIST_PATH, found[0], "Name the list itself: products")
    yield from check_list(one.keep, (*path, "keep"), KEPT_MAX, "properties")
    for where, name in [*each(one.keep, (*path, "keep")), *each(one.as_, (*path, "as"))]:
        if "." in name:
            message = f"{name} is no property at the top"
            advice = f"Write {name.partition('.')[0]}, whole" if where[-1] != "as" else "Write a name without dots"
            yield Diagnostic(where, Code.BAD_PATH, message, advice)
