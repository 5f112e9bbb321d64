"""Checks of event matches: types that go together, `where`, and paths that are really of the contact.

Pure. Called by the checks of the clauses that hold a match.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from kittiwake.event_types import UPDATED
from kittiwake.rules.check.change import check_change
from kittiwake.rules.diagnostics import Diagnostic, check_list, each
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import CONTAINS_DEPTH_MAX, KEYS_MAX, LIST_MAX
from kittiwake.rules.model.match import (
    ChangeMatch,
    EventMatch,
    EventTypes,
    MatchObject,
    Operators,
    OtherProperty,
    Where,
)
from kittiwake.rules.model.text import CONTACT, Paths, SamePaths, path_problem, same_pairs

NOT_STARRED: Final = ("contact.", "consent.")


def check_match(
    match: EventMatch | None, path: KeyPath, *, no_same: str = "", item: bool = False
) -> Iterator[Diagnostic[Code]]:
    """A match wherever it stands; `no_same` says why `same` cannot stand there, `item` that `item` can."""
    yield from check_list(match, path, LIST_MAX, "events")
    found = list(each(match, path))
    bare = [(where, entry) for where, entry in found if isinstance(entry, str)]
    yield from _check_star(bare)
    yield from _check_attributes(bare)
    for where, entry in found:
        if isinstance(entry, MatchObject):
            yield from _check_object(entry, where, no_same, item)
        elif isinstance(entry, ChangeMatch):
            yield from check_change(entry.contact, (*where, "contact"))
            yield from _check_asked(entry, where, no_same)


def _check_star(types: list[tuple[KeyPath, str]]) -> Iterator[Diagnostic[Code]]:
    if not any(name == "*" for _, name in types):
        return
    for path, name in types:
        if name != "*" and not name.startswith(NOT_STARRED):
            message = f'"*" covers {name} already'
            yield Diagnostic(path, Code.BAD_EVENT_TYPE, message, f'Delete {name}, or "*"')


def _check_attributes(types: list[tuple[KeyPath, str]]) -> Iterator[Diagnostic[Code]]:
    """Types that read like an attribute, contact.plan: what happens to a contact is a past, contact.created."""
    for path, name in types:
        attribute = name.removeprefix(CONTACT)
        if attribute == name or attribute.endswith("ed"):
            continue
        message = f"{name} reads like an attribute of the contact, and is an event type here"
        close = get_close_matches(name, [UPDATED], 1, cutoff=0.9)
        meant = close[0] if close else f"{{contact: {{{attribute}: {{changes: true}}}}}}"
        advice = f"Write {meant}; if events of that type come, {{event: {name}}}"
        yield Diagnostic(path, Code.ATTRIBUTE_AS_TYPE, message, advice)


def _check_object(entry: MatchObject, path: KeyPath, no_same: str, item: bool) -> Iterator[Diagnostic[Code]]:
    yield from check_types(entry.event, (*path, "event"))
    yield from _check_asked(entry, path, no_same)
    if entry.item is not None and not item:
        message = "item stands only in the unless of a catalogue rule"
        yield Diagnostic((*path, "item"), Code.KIND, message, "Write same: …, or delete it", at_key=True)


def _check_asked(entry: MatchObject | ChangeMatch, path: KeyPath, no_same: str) -> Iterator[Diagnostic[Code]]:
    if entry.where:
        yield from check_where(entry.where, (*path, "where"))
    if entry.same is not None:
        if no_same:
            yield Diagnostic((*path, "same"), Code.SAME, f"same cannot stand here: {no_same}", "Delete it", at_key=True)
        yield from check_same(entry.same, (*path, "same"))


def check_types(types: EventTypes, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """One event type or several."""
    yield from check_list(types, path, LIST_MAX, "event types")
    yield from _check_star(list(each(types, path)))


def check_keys(paths: Paths | None, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """The paths of a `per`: a few, different, of the event."""
    yield from check_list(paths, path, KEYS_MAX, "properties")
    seen = set()
    for where, text in each(paths, path):
        if text in seen:
            yield Diagnostic(where, Code.CLAUSE, f"{text} stands here twice", "Delete one of the two")
        seen.add(text)


def check_same(written: SamePaths | None, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """What two events share: a few properties, each once."""
    yield from check_list(written, path, KEYS_MAX, "properties")
    if isinstance(written, list) and len(same_pairs(written)) > KEYS_MAX >= len(written):
        message = f"there are {len(same_pairs(written))} properties here, more than {KEYS_MAX}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Name fewer")
    seen = set()
    for where, entry in each(written, path):
        if entry == {}:
            yield Diagnostic(where, Code.CLAUSE, "this says nothing", "Name a property, or delete the line")
        for pair in same_pairs(entry):
            if pair in seen:
                yield Diagnostic(where, Code.CLAUSE, f"{pair[0]} stands here twice", "Delete one of the two")
            seen.add(pair)


# ---------------------------------------------------------------- where


def check_where(where: Where, path: KeyPath, *, of_contact: bool = False, depth: int = 0) -> Iterator[Diagnostic[Code]]:
    """A `where` at any depth; `of_contact`: of attributes; `depth`: inside so many `contains`, of an element."""
    tests = where.tests()
    nested = [("all", where.all_), ("any", where.any_), ("not", where.not_), ("contact", where.contact)]
    if not tests and all(part is None for _, part in nested):
        yield Diagnostic(path, Code.CLAUSE, "this says nothing", "Name a property, or delete the line", at_key=True)
    for name, test in tests.items():
        yield from _check_name(name, (*path, name), of_contact and not depth, depth)
        yield from _check_test(name, test, (*path, name), of_contact, depth)
    if where.contact is not None and depth:
        yield _in_element((*path, "contact"), "contact")
    elif where.contact is not None and of_contact:
        message = "contact stands inside contact already"
        yield Diagnostic((*path, "contact"), Code.CLAUSE, message, "Move its attributes up", at_key=True)
    for key, part in nested:
        yield from check_list(part, (*path, key), LIST_MAX, "alternatives")
        for where_path, inner in each(part, (*path, key)):
            yield from check_where(inner, where_path, of_contact=of_contact or key == "contact", depth=depth)


def _in_element(path: KeyPath, what: str, *, at_key: bool = True) -> Diagnostic[Code]:
    message = f"{what} cannot stand inside contains, where the properties are those of an element"
    return Diagnostic(path, Code.CLAUSE, message, "Write what is asked of the contact beside contains", at_key)


def _check_name(name: str, path: KeyPath, of_contact: bool, depth: int) -> Iterator[Diagnostic[Code]]:
    found = path_problem(name)
    if found:
        yield Diagnostic(path, Code.BAD_PATH, *found, at_key=True)
    elif name.startswith(CONTACT) and depth:
        yield _in_element(path, name)
    elif name.startswith(CONTACT) and not of_contact:
        attribute = name.removeprefix(CONTACT)
        message = f"{name} is an attribute of the contact"
        yield Diagnostic(path, Code.BAD_PATH, message, f"Write contact: {{{attribute}: …}}", at_key=True)


def _check_test(name: str, test: object, path: KeyPath, of_contact: bool, depth: int) -> Iterator[Diagnostic[Code]]:
    if test == []:
        advice = "Name at least one; of a list without elements write {empty: true}"
        yield Diagnostic(path, Code.EMPTY_LIST, "this list of values is empty", advice)
        return
    yield from check_list(test, path, LIST_MAX, "values")
    if not isinstance(test, Operators):
        return
    if not test.model_fields_set:
        advice = "Write, say, {gte: 3}"
        yield Diagnostic(path, Code.OPERATOR, "this property is compared with nothing", advice)
    yield from check_list(test.in_, (*path, "in"), LIST_MAX, "values")
    yield from check_list(test.not_in, (*path, "not_in"), LIST_MAX, "values")
    for operator in COMPARED_WITH_PATHS:
        other = getattr(test, operator)
        if isinstance(other, OtherProperty):
            yield from _check_other(name, other.path, (*path, operator, "path"), of_contact, depth)
    if isinstance(test.contains, Where):
        if depth == CONTAINS_DEPTH_MAX:
            message = f"contains stands inside contains more than {CONTAINS_DEPTH_MAX} deep"
            advice = "Send what is asked for as a property of its own"
            yield Diagnostic((*path, "contains"), Code.GUARDRAIL, message, advice, at_key=True)
        yield from check_where(test.contains, (*path, "contains"), of_contact=of_contact, depth=depth + 1)


COMPARED_WITH_PATHS: Final = ("eq", "ne", "gt", "gte", "lt", "lte")
"""The operators whose operand may be another property."""


def _check_other(name: str, other: str, path: KeyPath, of_contact: bool, depth: int) -> Iterator[Diagnostic[Code]]:
    """The property that another is compared with: of the same event, of the contact, or of the same element."""
    if other.startswith(CONTACT) and depth:
        yield _in_element(path, other, at_key=False)
    elif other.startswith(CONTACT) and of_contact:
        message = f"inside contact every path is one of the contact, so that {other} leads nowhere"
        yield Diagnostic(path, Code.BAD_PATH, message, f"Write {other.removeprefix(CONTACT)}")
    elif other == name:
        message = f"{name} is compared with itself"
        yield Diagnostic(path, Code.OPERATOR, message, "Name another property")


NO_EARLIER_EVENT = "no event is armed before it"
