"""Unusable values: what stands where a rule needs a value of another type.

Pure. Called by `run.unusable` and by explanations, only where a value was refused already: what can be used costs
nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from kittiwake.kernel.evaluate.match import Attributes, Properties, are_bools, have_order, types_like
from kittiwake.kernel.plan.change import Change, ChangeKind
from kittiwake.kernel.plan.match import AllOf, AnyOf, Comparison, Not, Operator, Other, Predicate, leaves_of
from kittiwake.kernel.plan.wait import FieldWait, UntilWait
from kittiwake.reasons import Found
from kittiwake.time.instants import BadTimeError, NoOffsetError, parse_date, parse_instant
from kittiwake.values import Path, Scalar, is_number, lookup

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)

_TYPES: Final[dict[type, Found]] = {str: Found.TEXT, bool: Found.BOOL, list: Found.LIST, dict: Found.OBJECT}


def type_of(value: object) -> Found:
    """The type of a value; null counts as missing.

    >>> str(type_of("12.50")), str(type_of(True)), str(type_of(None))
    ('number_as_text', 'bool', 'missing')
    """
    if value is None:
        return Found.MISSING
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Found.NUMBER_AS_TEXT
    return _TYPES.get(type(value), Found.NUMBER)


def found_at(values: Mapping[str, Any], path: Path) -> Found:
    """What stands at a path, or why it leads nowhere.

    >>> str(found_at({"items": [{"sku": "a"}]}, ("items", "sku")))
    'in_list'
    """
    value: Any = values
    for segment in path:
        if not isinstance(value, dict):
            return Found.IN_LIST if isinstance(value, list) else Found.IN_VALUE
        value = value.get(segment)
        if value is None:
            return Found.MISSING
    return type_of(value)


# ---------------------------------------------------------------- where


class Side(NamedTuple):
    """Where one of two values stands that are compared."""

    path: Path
    of_contact: bool


def comparisons(predicate: Predicate) -> Iterator[Comparison]:
    """Every comparison of a `where`, in its order."""
    return (one for one in leaves_of(predicate) if isinstance(one, Comparison))


def changes(predicate: Predicate) -> Iterator[Change]:
    """Every change of an attribute that is asked for."""
    return (one for one in leaves_of(predicate) if isinstance(one, Change))


def types_for_change(change: Change) -> frozenset[type] | None:
    """The types of the values that an attribute may change to so; None: all."""
    return None if change.kind is ChangeKind.CHANGES else types_like((change.operand,))


_SCALARS: Final = frozenset({str, bool, int, Decimal})


def types_for(comparison: Comparison) -> frozenset[type] | None:
    """The types of the values of which a comparison may hold; None: of all."""
    operand, operator = comparison.operand, comparison.operator
    if operator is Operator.EXISTS:
        return None
    if operator is Operator.EMPTY:
        return frozenset({str, list, dict})
    if operator is Operator.CONTAINS:
        return frozenset({list, str} if isinstance(operand, str) else {list})
    if isinstance(operand, Other):
        return _SCALARS if operator is Operator.EQ else _SCALARS - {bool}
    return types_like(scalars_of(comparison))


def scalars_of(comparison: Comparison) -> tuple[Scalar, ...]:
    """The values that a comparison names; none if it names another path, or elements."""
    operand = comparison.operand
    if isinstance(operand, msgspec.Struct):
        return ()
    return operand if isinstance(operand, tuple) else (operand,)


def unlike(comparison: Comparison, properties: Mapping[str, Any], attributes: Mapping[str, Any]) -> Side | None:
    """Of two values whose types do not go together the one that is at fault: the text, else the first; None: they do.

    What is no scalar, or has no order, is at fault by itself, and is none of it.
    """
    other, types = comparison.operand, types_for(comparison)
    if not isinstance(other, Other) or types is None:
        return None
    sides = [Side(comparison.path, comparison.of_contact), Side(other.path, other.of_contact)]
    first, second = (lookup(attributes if side.of_contact else properties, side.path) for side in sides)
    if type(first) not in types:
        return None
    if type(second) not in types:
        return None if second is None else sides[1]
    if have_order(first, second) or are_bools(first, second):
        return None
    return sides[1] if isinstance(second, str) else sides[0]


Finding: TypeAlias = Callable[[Properties, Attributes], Iterator[tuple[str, Found]]]
"""What of an event, or of an element of a list, no comparison of its path holds of, for its type: path and type."""

_NONE: Final = frozenset({type(None)})


def finding(wheres: Sequence[Predicate]) -> Finding:
    """What finds the values that none of these can use. A missing value is none of them."""
    asked = [one for where in wheres for one in comparisons(where)]
    types: dict[Side, frozenset[type]] = {}
    for one in asked:
        holds_of = types_for(one)
        if holds_of is not None:
            side = Side(one.path, one.of_contact)
            types[side] = types.get(side, _NONE) | holds_of
    changed = [(one, known) for where in wheres for one in changes(where) if (known := types_for_change(one))]
    paired = [one for one in asked if isinstance(one.operand, Other)]
    inside = [
        (Side(one.path, one.of_contact), finding([one.operand]))
        for one in asked
        if isinstance(one.operand, (Comparison, AllOf, AnyOf, Not))
    ]

    def found_in(properties: Properties, attributes: Attributes) -> Iterator[tuple[str, Found]]:
        for side, known in types.items():
            values = attributes if side.of_contact else properties
            value = lookup(values, side.path)
            if type(value) not in known:
                yield named(*side), type_of(value)
            elif value is None and len(side.path) > 1:
                found = found_at(values, side.path)
                if found is not Found.MISSING:
                    yield named(*side), found
        for change, known in changed:
            value = None if properties.get(change.path[0]) is None else lookup(attributes, change.path)
            if value is not None and type(value) not in known:
                yield named(change.path, of_contact=True), type_of(value)
        for one in paired:
            at_fault = unlike(one, properties, attributes)
            if at_fault is not None:
                yield named(*at_fault), found_at(attributes if at_fault.of_contact else properties, at_fault.path)
        for side, found_in_element in inside:
            elements = lookup(attributes if side.of_contact else properties, side.path)
            for element in elements if isinstance(elements, list) else ():
                for path, found in found_in_element(element, {}) if isinstance(element, dict) else ():
                    yield f"{named(*side)}.{path}", found

    return found_in


def named(path: Path, of_contact: bool = False) -> str:
    """A path as an author writes it."""
    return ("contact." if of_contact else "") + ".".join(path)


# ---------------------------------------------------------------- waits


def unusable_number(wait: FieldWait, properties: Mapping[str, Any]) -> Found | None:
    """What stands where a wait needs a number of 0 or more; None: such a number."""
    value = lookup(properties, wait.path)
    if is_number(value):
        return Found.NEGATIVE if value < 0 else None
    return found_at(properties, wait.path)


def unusable_date(wait: UntilWait, values: Mapping[str, Any]) -> Found:
    """What stands where a wait needs a date and found none."""
    value = lookup(values, wait.path)
    if not isinstance(value, str):
        return found_at(values, wait.path)
    if parse_date(value) is not None:
        return Found.FAR_YEAR
    try:
        parse_instant(value)
    except NoOffsetError:
        return Found.NO_OFFSET
    except BadTimeError:
        return Found.NUMBER_AS_TEXT if _NUMBER.fullmatch(value) else Found.NO_DATE
    return Found.FAR_YEAR
