"""Values: exact numbers, paths, canonical JSON and comparisons (semantics.md section 1).

A number is a `Fraction` and nothing else is, so that bool is no number and `1` and `1.0` are one value.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from json.encoder import encode_basestring
from typing import Any

MISSING: Any = object()
_FIFTEEN_DIGITS = Context(prec=15, rounding=ROUND_HALF_EVEN)
_EXACT = Context(prec=1200)


def exact(raw: Any) -> Any:
    """The value with every number made a `Fraction`: ints whole, all else as written, to 15 significant digits."""
    if isinstance(raw, dict):
        return {name: exact(item) for name, item in raw.items()}
    if isinstance(raw, list | tuple):
        return [exact(item) for item in raw]
    if raw is None or isinstance(raw, bool | str | Fraction):
        return raw
    if isinstance(raw, int):
        return Fraction(raw)
    decimal = Decimal(repr(raw)) if isinstance(raw, float) else raw
    return Fraction(_FIFTEEN_DIGITS.create_decimal(decimal))


def plain(value: Any) -> Any:
    """The value with every number an `int` if it is whole, else a `Decimal` without trailing zeros."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else Decimal(number_text(value))
    return value


def number_text(number: Fraction) -> str:
    """The canonical text of a number: plain digits, no exponent, no trailing zeros."""
    if number.denominator == 1:
        return str(number.numerator)
    text = format(_EXACT.divide(Decimal(number.numerator), Decimal(number.denominator)), "f")
    return text.rstrip("0")


def canonical(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces, raw UTF-8, shortest numbers."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        return "{" + ",".join(encode_basestring(name) + ":" + canonical(value[name]) for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, Fraction):
        return number_text(value)
    return {None: "null", True: "true", False: "false"}[value]


def look_up(path: str, source: dict[str, Any]) -> Any:
    """The value at a dotted path; `None` for a present null, `MISSING` for a path that leads nowhere."""
    value: Any = source
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return MISSING
        value = value[name]
    return value


def value_at(path: str, source: dict[str, Any]) -> Any:
    """The value at a dotted path, `None` for everything that is missing."""
    value = look_up(path, source)
    return None if value is MISSING else value


def is_number(value: Any) -> bool:
    return isinstance(value, Fraction)


def is_scalar(value: Any) -> bool:
    """Strings, numbers and bools: what equality compares."""
    return isinstance(value, str | bool | Fraction)


def is_key(value: Any) -> bool:
    """A scalar that is no text of more than 1,024 characters."""
    return is_scalar(value) and not (isinstance(value, str) and len(value) > 1_024)


def key_of(paths: tuple[str, ...], source: dict[str, Any]) -> str | None:
    """The canonical text of the keys at the paths, or `None` if one of them is missing."""
    values = [value_at(path, source) for path in paths]
    if not all(is_key(value) for value in values):
        return None
    return canonical(dict(zip(paths, values, strict=True)))


def equal(left: Any, right: Any) -> bool:
    """Equality of scalars, by value and type."""
    return is_scalar(left) and is_scalar(right) and canonical(left) == canonical(right)


def _ordered(left: Any, right: Any, holds: Callable[[Any, Any], bool]) -> bool:
    comparable = (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
    return comparable and holds(left, right)


def _contains(value: Any, operand: Any) -> bool:
    if isinstance(operand, dict):
        return isinstance(value, list) and any(isinstance(one, dict) and where_holds(operand, one, {}) for one in value)
    if isinstance(value, str):
        return isinstance(operand, str) and operand in value
    return isinstance(value, list) and any(equal(item, operand) for item in value)


def _is_in(value: Any, operand: Any) -> bool:
    return any(equal(value, item) for item in operand)


def _starts_with(value: Any, operand: Any) -> bool:
    return isinstance(value, str) and isinstance(operand, str) and value.startswith(operand)


def _is_empty(value: Any, operand: Any) -> bool:
    return isinstance(value, str | list | dict) and (len(value) == 0) == operand


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": equal,
    "ne": lambda value, operand: not equal(value, operand),
    "gt": lambda value, operand: _ordered(value, operand, lambda a, b: a > b),
    "gte": lambda value, operand: _ordered(value, operand, lambda a, b: a >= b),
    "lt": lambda value, operand: _ordered(value, operand, lambda a, b: a < b),
    "lte": lambda value, operand: _ordered(value, operand, lambda a, b: a <= b),
    "in": _is_in,
    "empty": _is_empty,
    "not_in": lambda value, operand: not _is_in(value, operand),
    "contains": _contains,
    "starts_with": _starts_with,
}


def where_holds(where: dict[str, Any], properties: dict[str, Any], attributes: dict[str, Any]) -> bool:
    """Whether every entry of a `where` holds for an event's properties and the contact's attributes at it."""
    return all(_entry_holds(name, spec, properties, attributes) for name, spec in where.items())


def _entry_holds(name: str, spec: Any, properties: dict[str, Any], attributes: dict[str, Any]) -> bool:
    if name == "all":
        return all(where_holds(part, properties, attributes) for part in spec)
    if name == "any":
        return any(where_holds(part, properties, attributes) for part in spec)
    if name == "not":
        return not where_holds(spec, properties, attributes)
    if name == "contact":
        return where_holds(spec, attributes, attributes)
    return _path_holds(look_up(name, properties), spec, properties, attributes)


def _path_holds(found: Any, spec: Any, properties: dict[str, Any], attributes: dict[str, Any]) -> bool:
    value = None if found is MISSING else found
    if isinstance(spec, list):
        return _is_in(value, spec)
    if not isinstance(spec, dict):
        return equal(value, spec)
    return all(
        (found is not MISSING) == operand
        if name == "exists"
        else OPERATORS[name](value, _operand(name, operand, properties, attributes))
        for name, operand in spec.items()
    )


def _operand(name: str, operand: Any, properties: dict[str, Any], attributes: dict[str, Any]) -> Any:
    """What the value is compared with: as it is written, or what stands at another path."""
    if name == "contains" or not isinstance(operand, dict):
        return operand
    path = operand["path"]
    if path.startswith("contact.") and properties is not attributes:
        return value_at(path.removeprefix("contact."), attributes)
    return value_at(path, properties)
