"""Unusable values: what stands where a rule needs a value of another type.

Pure. Called by `run.unusable` and by explanations, only where a value was refused already: what can be used costs
nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kittiwake.kernel.evaluate.match import types_like
from kittiwake.kernel.plan.match import AllOf, AnyOf, Comparison, Not, Operator, Predicate
from kittiwake.kernel.plan.wait import FieldWait, UntilWait
from kittiwake.reasons import Found
from kittiwake.time.instants import BadTimeError, NoOffsetError, parse_date, parse_instant
from kittiwake.values import Path, is_number, lookup

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


def comparisons(predicate: Predicate) -> Iterator[Comparison]:
    """Every comparison of a `where`, in its order."""
    if isinstance(predicate, Comparison):
        yield predicate
    elif isinstance(predicate, Not):
        yield from comparisons(predicate.part)
    else:
        assert isinstance(predicate, (AllOf, AnyOf))
        for part in predicate.parts:
            yield from comparisons(part)


def types_for(comparison: Comparison) -> frozenset[type] | None:
    """The types of the values of which a comparison may hold; None: of all."""
    operand, operator = comparison.operand, comparison.operator
    if operator is Operator.EXISTS:
        return None
    if operator is Operator.CONTAINS:
        return frozenset({list, str} if isinstance(operand, str) else {list})
    return types_like(operand if isinstance(operand, tuple) else (operand,))


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
