"""How an explanation says that a value is there and cannot be used: what was found, why it does not do, what would.

Pure. A value that is reported as missing when it is a text sends its reader to the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from kittiwake.explain.wording import listed, path_words, value_words
from kittiwake.kernel.evaluate.unusable import (
    Side,
    comparisons,
    found_at,
    scalars_of,
    type_of,
    types_for,
    unlike,
    unusable_date,
    unusable_number,
)
from kittiwake.kernel.plan.match import Comparison, Operator, Other, Predicate
from kittiwake.kernel.plan.wait import FieldWait, UntilWait
from kittiwake.reasons import Found
from kittiwake.time.durations import format_duration
from kittiwake.values import Path, canonical, is_scalar, lookup, present

_TYPES: Final = {
    Found.TEXT: "a text",
    Found.NUMBER_AS_TEXT: "a text",
    Found.NUMBER: "a number",
    Found.BOOL: "a bool",
    Found.LIST: "a list",
    Found.OBJECT: "an object",
}
NUMBER: Final = "a number"
SCALAR: Final = "a text, number or bool"
DATE: Final = "a date (2026-11-01) or a time with its offset (2026-11-01T09:30:00Z)"


def type_words(value: object) -> str:
    """The type of a value that is there."""
    return _TYPES[type_of(value)]


def found_words(values: Mapping[str, Any], path: Path, of: str = "") -> str:
    """What stands at a path: `total was "12", a text`, `items.sku is missing: items is a list`.

    >>> found_words({"items": [1]}, ("items", "sku"))
    'items.sku is missing: items is a list, into which no path leads'
    """
    name = of + path_words(path)
    value = lookup(values, path)
    if value is not None:
        return f"{name} was {value_words(value)}, {type_words(value)}"
    found = found_at(values, path)
    if found not in (Found.IN_LIST, Found.IN_VALUE):
        return f"{name} is {'null' if present(values, path) else 'missing'}"
    depth = next(n for n in range(1, len(path)) if not isinstance(lookup(values, path[:n]), dict))
    holder = lookup(values, path[:depth])
    leads = ", into which no path leads" if found is Found.IN_LIST else ""
    return f"{name} is missing: {of}{path_words(path[:depth])} is {type_words(holder)}{leads}"


def needs_words(values: Mapping[str, Any], path: Path, needed: str, of: str = "") -> str:
    """What stands at a path where something else is needed; of a text of digits, what it would have to be."""
    found = found_words(values, path, of)
    if lookup(values, path) is None:
        return found
    hint = ""
    if needed == NUMBER and found_at(values, path) is Found.NUMBER_AS_TEXT:
        hint = f": {unquoted_words(lookup(values, path))}"
    return f"{found}, and has to be {needed}{hint}"


def unquoted_words(value: object) -> str:
    """What to do about a text that is a number, where a number is needed."""
    return f"send {value}, without quotes, or name it under cast"


# ---------------------------------------------------------------- where


def misfit_words(comparison: Comparison, value: Any) -> str | None:
    """Why a comparison can hold of no value of this type; None if it could."""
    types = types_for(comparison)
    if value is None or types is None or type(value) in types:
        return None
    return f"{_only(comparison)}: {_hint(comparison, value)}"


def _only(comparison: Comparison) -> str:
    operand = comparison.operand
    match comparison.operator:
        case Operator.STARTS_WITH:
            return "only a text starts with another"
        case Operator.EMPTY:
            return "only a list, an object or a text is empty, or is not"
        case Operator.CONTAINS if isinstance(operand, str):
            return f"only a text or a list contains {value_words(operand)}"
        case Operator.CONTAINS if isinstance(operand, msgspec.Struct):
            return "only a list contains an object"
        case Operator.CONTAINS:
            return f"only a list contains {value_words(operand)}"
        case Operator.EQ if isinstance(operand, Other):
            return f"only a text, number or bool equals {path_words(operand.path)}"
        case _ if isinstance(operand, Other):
            return f"only a number or a text is compared with {path_words(operand.path)}"
        case Operator.IN:
            assert isinstance(operand, tuple)
            return f"it is compared with {listed(list(dict.fromkeys(map(type_words, operand))), 'or')}"
        case _:
            return f"it is compared with {type_words(operand)}"


def _hint(comparison: Comparison, value: Any) -> str:
    operands = scalars_of(comparison)
    if type_of(value) is Found.NUMBER_AS_TEXT and any(type_of(one) is Found.NUMBER for one in operands):
        return unquoted_words(value)
    if is_scalar(value) and any(looks_like(value, one) for one in operands):
        return "send it, or write it in the rule, as the other is"
    return "it never holds of such a value"


def misfits(predicate: Predicate, properties: Mapping[str, Any], attributes: Mapping[str, Any]) -> Iterator[str]:
    """Of every comparison of a `where` that can hold of no such value: what it found, and why it cannot."""
    for one in comparisons(predicate):
        values = attributes if one.of_contact else properties
        of = "contact." if one.of_contact else ""
        why = misfit_words(one, lookup(values, one.path))
        if why is not None:
            yield f"{found_words(values, one.path, of)}; {why}"
        elif found_at(values, one.path) in (Found.IN_LIST, Found.IN_VALUE):
            yield found_words(values, one.path, of)
        else:
            yield from _unlike(one, properties, attributes)


def _unlike(comparison: Comparison, properties: Mapping[str, Any], attributes: Mapping[str, Any]) -> Iterator[str]:
    """Of two values that are compared and whose types do not go together: what they are."""
    side, other = unlike(comparison, properties, attributes), comparison.operand
    if side is None or not isinstance(other, Other):
        return
    sides = [Side(comparison.path, comparison.of_contact), Side(other.path, other.of_contact)]
    was = [
        found_words(attributes if one.of_contact else properties, one.path, "contact." if one.of_contact else "")
        for one in sides
    ]
    value = lookup(attributes if side.of_contact else properties, side.path)
    hint = f": send {value}, without quotes" if type_of(value) is Found.NUMBER_AS_TEXT else ""
    yield f"{listed(was)}, and they do not compare{hint}"


# ---------------------------------------------------------------- keys


def looks_like(value: object, other: object) -> bool:
    """Whether two scalars read the same and are not: `77120` and `"77120"`.

    >>> looks_like(77120, "77120"), looks_like("a", "a"), looks_like("7", 8)
    (True, False, False)
    """
    return type_of(value) is not type_of(other) and _read(value) == _read(other)


def _read(value: object) -> str:
    return value if isinstance(value, str) else canonical(value)


# ---------------------------------------------------------------- waits


def wait_words(wait: FieldWait | UntilWait, properties: Mapping[str, Any], attributes: Mapping[str, Any]) -> str:
    """What stands where a wait found nothing to wait for, and what it would have taken."""
    if isinstance(wait, FieldWait):
        if unusable_number(wait, properties) is Found.NEGATIVE:
            return f"{found_words(properties, wait.path)}, and nobody waits for less than 0"
        return needs_words(properties, wait.path, NUMBER)
    values, of = (attributes, "contact.") if wait.of_contact else (properties, "")
    words, value = found_words(values, wait.path, of), lookup(values, wait.path)
    if value is None:
        return words
    match unusable_date(wait, values):
        case Found.NO_OFFSET:
            return f"{words}: a time without its offset from UTC: end it with Z or, say, +02:00"
        case Found.FAR_YEAR:
            return f"{words}: its year lies outside 1900 to 9000"
        case Found.NUMBER:
            return f"{words}, and has to be {DATE}: seconds since 1970 are none"
    return f"{words}, and has to be {DATE}"


def default_words(wait: FieldWait, properties: Mapping[str, Any]) -> str | None:
    """That a wait takes its default, and why; None if it does not."""
    if wait.default_us is None or unusable_number(wait, properties) is None:
        return None
    why = wait_words(wait, properties, {})
    return f"by its default {format_duration(wait.default_us)}, for {why}"


def target_needed(wait: FieldWait | UntilWait) -> str:
    """What a wait needs where it reads."""
    return NUMBER if isinstance(wait, FieldWait) else DATE
