"""Checks of `repeats`: what is asked of events as they came in, and for how long.

Pure. Called by `check.document`; what spans documents is asked by `documents`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.match import NOT_STARRED, check_types, check_where
from kittiwake.rules.diagnostics import Diagnostic, check_list, check_span, each
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import REPEATS_MAX, WITHIN_MAX_US
from kittiwake.rules.model.match import Where
from kittiwake.rules.model.repeats import RepeatsList, RepeatsObject
from kittiwake.rules.model.text import list_index_problem


def check_repeats(repeats: RepeatsList | None, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Everything wrong with a `repeats` whose shape is right."""
    yield from check_list(repeats, path, REPEATS_MAX, "repeats")
    for where, one in each(repeats, path):
        yield from _check_one(one, where)


def _check_one(one: RepeatsObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    yield from check_types(one.event, (*path, "event"))
    for where, name in each(one.event, (*path, "event")):
        if name.startswith(NOT_STARRED):
            message = f"{name} sets what a contact is, and does so again when it comes again"
            yield Diagnostic(where, Code.BAD_EVENT_TYPE, message, "Name what contacts do: order.completed")
    if one.where is not None:
        yield from check_where(one.where, (*path, "where"))
        yield from _check_contact(one.where, (*path, "where"))
    found = list_index_problem(one.same)
    if found:
        yield Diagnostic((*path, "same"), Code.LIST_PATH, found[0], "Name a property outside the list")
    yield from check_span(one.within, (*path, "within"), WITHIN_MAX_US, "a within")


def _check_contact(where: Where, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Events are dropped as they came in, whatever the contact is by then."""
    if where.contact is not None:
        message = "repeats are dropped before anything is asked of the contact"
        advice = "Ask properties of the event only"
        yield Diagnostic((*path, "contact"), Code.CLAUSE, message, advice, at_key=True)
    for key, part in (("all", where.all_), ("any", where.any_), ("not", where.not_)):
        for inside, one in each(part, (*path, key)):
            yield from _check_contact(one, inside)
