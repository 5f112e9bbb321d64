"""What becomes of an event before the rules see it (semantics.md, section 15)."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from tests.oracle import clock
from tests.oracle.values import exact, is_number, value_at

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_END = 253_402_300_800 * clock.SECOND


@dataclass(frozen=True)
class Cast:
    """What is read otherwise of the events of some types."""

    types: tuple[str, ...]
    numbers: tuple[str, ...]
    instants: dict[str, str]


@dataclass(frozen=True)
class Preparation:
    """What one rules file says of events before its rules see them."""

    casts: tuple[Cast, ...] = ()


def preparation(document: dict[str, Any]) -> Preparation:
    """That of a rules file."""
    return Preparation(
        tuple(
            Cast(_many(each["event"]), _many(each.get("number") or []), each.get("instant") or {})
            for each in document.get("cast") or []
        )
    )


def _many(raw: Any) -> tuple[Any, ...]:
    return tuple(raw) if isinstance(raw, list) else (raw,)


def covers(types: tuple[str, ...], kind: str) -> bool:
    """Whether an event of that type is one of those named."""
    return kind in types or ("*" in types and not kind.startswith(("contact.", "consent.")))


def cast(every: tuple[Cast, ...], kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The properties as the rules see them."""
    for each in every:
        if covers(each.types, kind):
            for path in each.numbers:
                properties = _put(properties, path, _number(value_at(path, properties)))
            for path, unit in each.instants.items():
                properties = _put(properties, path, _instant(value_at(path, properties), unit))
    return properties


def _put(properties: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    if value is None:
        return properties
    name, _, rest = path.partition(".")
    return {**properties, name: _put(properties[name], rest, value) if rest else value}


def _number(value: Any) -> Any:
    """The number that a text is; anything else as it is."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    if value.lstrip("-").isdecimal():
        return Fraction(value) if len(value.lstrip("-")) <= 309 else value
    digits, _, exponent = value.lower().partition("e")
    if abs(int(exponent or 0)) > 400:
        return value if Fraction(digits) else Fraction(0)
    number = Fraction(value)
    size = abs(number)
    return value if size and not Fraction(10) ** -324 <= size < Fraction(10) ** 309 else _rounded(value)


def _rounded(value: str) -> Fraction:
    """To 15 significant digits, as of any number of an event."""
    found = exact(Decimal(value))
    assert isinstance(found, Fraction)
    return found


def _instant(value: Any, unit: str) -> Any:
    number = _number(value)
    if not is_number(number):
        return value
    at = floor(number * (clock.SECOND if unit == "epoch_seconds" else 1_000))
    if number < 0 or at >= _END:
        return value
    text = clock.rfc3339(at - at % clock.SECOND).removesuffix("Z").split(".")[0]
    return f"{text}.{at % clock.SECOND:06}Z" if at % clock.SECOND else f"{text}Z"
