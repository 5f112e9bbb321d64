"""From the author's matches to the kernel's: types and predicates.

Pure. Called by the compilers of the clauses that hold a match; its input has been checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from kittiwake.event_types import UNMATCHED_BY_ANY, UPDATED
from kittiwake.kernel.plan.match import AllOf, AnyOf, Comparison, Match, Matches, Not, Operator, Other, Predicate
from kittiwake.rules.compile.change import change_of
from kittiwake.rules.model.match import (
    ChangeMatch,
    EventMatch,
    EventTypes,
    MatchObject,
    Operators,
    OtherProperty,
    Where,
    entries,
)
from kittiwake.rules.model.text import Paths, SamePaths, same_pairs
from kittiwake.values import Path, Scalar

ITEM_IDS: Final = (("item_id",),)
"""The `same` of an `unless` with `item`: the id of the item that has changed."""


def path_of(text: str) -> Path:
    """A checked property path, split."""
    return tuple(text.split("."))


def paths_of(paths: Paths | None) -> tuple[Path, ...]:
    """One path or several, as written."""
    if paths is None:
        return ()
    return tuple(map(path_of, paths)) if isinstance(paths, list) else (path_of(paths),)


def names_of(same: SamePaths | None) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Of a `same` the properties in the event that arms or asks, and in the other one, if they bear other names."""
    pairs = [(path_of(ours), path_of(theirs)) for ours, theirs in same_pairs(same)]
    names, others = tuple(ours for ours, _ in pairs), tuple(theirs for _, theirs in pairs)
    return names, () if names == others else others


def matches_of(match: EventMatch) -> Matches:
    """The alternatives of a match: the bare types together, then each object."""
    bare = [entry for entry in entries(match) if isinstance(entry, str)]
    objects = [entry for entry in entries(match) if not isinstance(entry, str)]
    return tuple(_of_types(bare)) + tuple(found for entry in objects for found in _of_object(entry))


def _of_object(entry: MatchObject | ChangeMatch) -> Iterator[Match]:
    where = predicate_of(entry.where) if entry.where else None
    if isinstance(entry, ChangeMatch):
        change = change_of(entry.contact)
        asked = change if where is None else AllOf((change, where))
        return _of_types([UPDATED], asked, *names_of(entry.same))
    if entry.item is not None:
        return _of_types(types_of(entry.event), where, ITEM_IDS, (path_of(entry.item),), of_item=True)
    return _of_types(types_of(entry.event), where, *names_of(entry.same))


def matches_of_types(types: EventTypes, where: Where | None) -> Matches:
    """The alternatives of a match that names nothing but types and what their properties must be."""
    return tuple(_of_types(types_of(types), predicate_of(where) if where else None))


def types_of(types: EventTypes) -> list[str]:
    """One type or several, as a list."""
    return types if isinstance(types, list) else [types]


def _of_types(
    types: list[str],
    where: Predicate | None = None,
    same: tuple[Path, ...] = (),
    other: tuple[Path, ...] = (),
    *,
    of_item: bool = False,
) -> Iterator[Match]:
    """One match for `"*"`, and one for the named types it does not cover."""
    if "*" in types:
        yield Match(frozenset(), where, same, other, of_item)
        types = [name for name in types if name.startswith(UNMATCHED_BY_ANY)]
    if types:
        yield Match(frozenset(types), where, same, other, of_item)


# ---------------------------------------------------------------- where


def predicate_of(where: Where, of_contact: bool = False) -> Predicate:
    """What a `where` demands; of the contact's attributes if `of_contact`."""
    return _together(list(_parts(where, of_contact)))


def _together(parts: list[Predicate]) -> Predicate:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _parts(where: Where, of_contact: bool) -> Iterator[Predicate]:
    for key, test in where.tests().items():
        yield from _tests(path_of(key), test, of_contact)
    if where.contact:
        yield predicate_of(where.contact, of_contact=True)
    if where.all_:
        yield _together([predicate_of(part, of_contact) for part in where.all_])
    if where.any_:
        yield AnyOf(tuple(predicate_of(part, of_contact) for part in where.any_))
    if where.not_:
        yield Not(predicate_of(where.not_, of_contact))


Written: TypeAlias = Scalar | list[Scalar] | OtherProperty | Where
"""What may stand behind an operator."""


def _tests(path: Path, test: Scalar | list[Scalar] | Operators, of_contact: bool) -> Iterator[Predicate]:
    def comparison(operator: Operator, operand: Written) -> Comparison:
        return Comparison(path, operator, _operand(operand, of_contact), of_contact)

    if isinstance(test, list):
        yield comparison(Operator.IN, test)
    elif not isinstance(test, Operators):
        yield comparison(Operator.EQ, test)
    else:
        for name, operand in operators_of(test):
            if name in ("ne", "not_in"):
                yield Not(comparison(Operator.EQ if name == "ne" else Operator.IN, operand))
            else:
                yield comparison(Operator(name), operand)


def _operand(written: Written, inside_contact: bool) -> Scalar | tuple[Scalar, ...] | Other | Predicate:
    if isinstance(written, Where):
        return predicate_of(written)
    if isinstance(written, OtherProperty):
        leads_there = not inside_contact and written.path.startswith(f"{CONTACT}.")
        return Other(*of_contact(written.path)) if leads_there else Other(path_of(written.path), inside_contact)
    return tuple(written) if isinstance(written, list) else written


def operators_of(test: Operators) -> Iterator[tuple[str, Written]]:
    """The operators that are written, under the author's names."""
    for name, info in Operators.model_fields.items():
        operand = getattr(test, name)
        if operand is not None:
            yield info.key, operand


CONTACT = "contact"


def of_contact(text: str) -> tuple[Path, bool]:
    """A path that may lead to the contact: without its `contact.`, and whether it did."""
    path = path_of(text)
    return (path[1:], True) if path[0] == CONTACT else (path, False)
