"""What the parts of an event plan are made of: words, counts, shares, names of types and properties, values seen.

Pure.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias

from kittiwake.rules.errors import Code
from kittiwake.rules.limits import NAME_CHARS_MAX, PATH_CHARS_MAX
from kittiwake.rules.model.base import Checked, Field, Model, Tag, chosen, problem, shape, shown
from kittiwake.rules.model.number import ScalarValue, exact_number
from kittiwake.rules.model.text import one_of

TYPES: Final = ("text", "number", "bool", "list", "object", "null")
"""What a value may be, as JSON has it."""
FORMATS: Final = ("number", "instant", "date", "epoch_seconds", "epoch_millis")
"""What a value may stand for: a text for a number, a time or a day; a number for a time."""

VOLUME_EXACT_MAX: Final = 100
"""Events of an interval up to which their number is exact, as a breaker counts. Beyond, it is so within some tenth."""

TypeWord: TypeAlias = Annotated[str, *one_of(*TYPES)]
FormatWord: TypeAlias = Annotated[str, *one_of(*FORMATS)]


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise problem(Code.BAD_NUMBER, f"{shown(value)} is no number of events or values", "Write 0, 1, 2 …")


def _share(value: object) -> Any:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and 0 <= value <= 1:
        return exact_number(value)
    raise problem(Code.OUT_OF_RANGE, f"{shown(value)} is no share", "Write a number from 0 to 1: 0.98")


def _key(chars_max: int, what: str) -> Any:
    def check(value: object) -> str:
        if isinstance(value, str) and 0 < len(value) <= chars_max and value.isprintable():
            return value
        message = f"{shown(value)} is no {what}: it has 1 to {chars_max} printable characters"
        raise problem(Code.BAD_NAME, message, "Shorten or retype it")

    return check


Count: TypeAlias = Annotated[int, Checked(_count, {"type": "integer", "minimum": 0})]
Share: TypeAlias = Annotated[int | Decimal, Checked(_share, {"type": "number", "minimum": 0, "maximum": 1})]
EventName: TypeAlias = Annotated[
    str,
    Checked(_key(NAME_CHARS_MAX, "event type"), {"type": "string", "minLength": 1, "maxLength": NAME_CHARS_MAX}),
]
PropertyPath: TypeAlias = Annotated[
    str,
    Checked(_key(PATH_CHARS_MAX, "property path"), {"type": "string", "minLength": 1, "maxLength": PATH_CHARS_MAX}),
]
"""Dotted: `cart.total` is `total` in the object `cart`."""


class ValueSeen(Model):
    """A value, and how often it was seen."""

    value: ScalarValue = Field(description="the value")
    count: Count | None = Field(None, description="how often it was seen")


PlannedValue: TypeAlias = Annotated[
    Annotated[ScalarValue, Tag("|value")] | Annotated[ValueSeen, Tag("|object")],
    chosen(
        lambda value: "|object" if isinstance(value, dict) else "|value",
        "a value is needed here",
        "Write gold, or {value: gold, count: 12}",
    ),
]
PlannedTypes: TypeAlias = Annotated[
    Annotated[TypeWord, Tag("|text")] | Annotated[list[TypeWord], Tag("|list")],
    chosen(
        lambda value: shape(value) if isinstance(value, (str, list)) else None,
        "a type of values or a list of them is needed here",
        "Write text, number, bool, list or object",
    ),
]
