"""Checks of `cast`: something is cast, each property once, and no path walks into a list.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.match import check_types
from kittiwake.rules.diagnostics import Diagnostic, check_list, each
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import CAST_PATHS_MAX, CASTS_MAX
from kittiwake.rules.model.cast import CastObject, Casts
from kittiwake.rules.model.text import CONTACT, list_index_problem, path_problem


def check_casts(casts: Casts | None, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Everything wrong with a `cast` whose shape is right."""
    yield from check_list(casts, path, CASTS_MAX, "casts")
    for where, one in each(casts, path):
        yield from _check_cast(one, where)


def _check_cast(one: CastObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    yield from check_types(one.event, (*path, "event"))
    counted = one.instant.counted() if one.instant is not None else {}
    if one.number is None and not counted:
        message, advice = "this casts nothing", "Add number: total, or instant: {expires_at: epoch_seconds}"
        yield Diagnostic(path, Code.CLAUSE, message, advice)
    yield from check_list(one.number, (*path, "number"), CAST_PATHS_MAX, "properties")
    yield from check_list([*counted] or None, (*path, "instant"), CAST_PATHS_MAX, "properties")
    numbers = list(each(one.number, (*path, "number")))
    seen: set[str] = set()
    for where, text in numbers:
        yield from _check_path(text, where, at_key=False)
        if text in seen:
            yield Diagnostic(where, Code.CLAUSE, f"{text} stands here twice", "Delete one of the two")
        seen.add(text)
    for text in counted:
        where = (*path, "instant", text)
        yield from _check_name(text, where)
        if text in seen:
            message = f"{text} is cast to a number and to an instant"
            yield Diagnostic(where, Code.CLAUSE, message, "Delete it from number", at_key=True)


def _check_name(text: str, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """A path that is a key."""
    found = path_problem(text)
    if found:
        yield Diagnostic(path, Code.BAD_PATH, *found, at_key=True)
    elif text.startswith(CONTACT):
        message = f"{text} is an attribute of the contact; here stands a property of the event"
        advice = f"Cast it where it is set: {{event: contact.updated, instant: {{{text.removeprefix(CONTACT)}: …}}}}"
        yield Diagnostic(path, Code.BAD_PATH, message, advice, at_key=True)
    else:
        yield from _check_path(text, path, at_key=True)


def _check_path(text: str, path: KeyPath, *, at_key: bool) -> Iterator[Diagnostic[Code]]:
    found = list_index_problem(text)
    if found:
        advice = "Cast the elements where derive has made events of them"
        yield Diagnostic(path, Code.LIST_PATH, found[0], advice, at_key=at_key)
