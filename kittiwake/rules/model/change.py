"""Models of how a value has changed: of an attribute of the contact, or of a property of an item.

Pure. Checked further by `check.change` and `check.catalog`, read by `compile.change`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from kittiwake.rules.errors import Code
from kittiwake.rules.model.base import Before, Checked, Field, JsonSchema, Model, Only, Tag, chosen, problem, shown
from kittiwake.rules.model.number import ExactNumber, ScalarValue, exact_number
from kittiwake.rules.model.text import PATH_SCHEMA_PATTERN
from kittiwake.values import Number

_PERCENTAGE: Final = re.compile(r"\d+(\.\d+)?%", re.ASCII)


def _amount(value: object) -> str | Number:
    if isinstance(value, str):
        if _PERCENTAGE.fullmatch(value):
            return value
        message = f"{shown(value)} is neither an amount nor a percentage"
        raise problem(Code.BAD_NUMBER, message, "Write an amount such as 5 or a percentage such as 10%")
    return exact_number(value)


Amount: TypeAlias = Annotated[
    str | Number,
    Checked(
        _amount,
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?%$"}]},
    ),
]


class ValueChange(Model):
    """How a value must have changed; exactly one of these."""

    drops_by: Amount | None = Field(None, description="falls by this amount or percentage")
    rises_by: Amount | None = Field(None, description="rises by this amount or percentage")
    drops_below: ExactNumber | None = Field(None, description="crosses this value downwards")
    rises_above: ExactNumber | None = Field(None, description="crosses this value upwards")
    becomes: ScalarValue | None = Field(None, description="changes to this value")
    changes: Only | None = Field(None, description="changes at all")

    def written(self) -> list[str]:
        """Which of them are written."""
        return [name for name in ValueChange.model_fields if getattr(self, name) is not None]


class AttributeChange(ValueChange):
    """How an attribute must have changed: one of the words, and what it must have been before."""

    SCHEMA: ClassVar[JsonSchema] = {"minProperties": 1, "maxProperties": 2}

    from_: (
        Annotated[
            Annotated[ScalarValue, Tag("|value")] | Annotated[list[ScalarValue], Tag("|list")],
            chosen(
                lambda value: "|list" if isinstance(value, list) else "|value",
                "a value or a list of them is needed here",
                "Write silver, or [silver, bronze]",
            ),
        ]
        | None
    ) = Field(None, alias="from", description="what it was before, or one of these")


def _is_change(value: object) -> object:
    if isinstance(value, dict):
        return value
    message = f"how the attribute changes is needed here, not {shown(value)}"
    advice = (
        "Write {becomes: gold} or {changes: true}; what it is at another event stands there, in where: {contact: …}"
    )
    raise problem(Code.WRONG_SHAPE, message, advice)


class AttributeChanges(Model):
    """One attribute of the contact, and how it must have changed."""

    SCHEMA: ClassVar[JsonSchema] = {
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": {"pattern": PATH_SCHEMA_PATTERN, "not": {"pattern": "^contact\\."}},
    }
    own_keys: dict[str, Annotated[AttributeChange, Before(_is_change)]]

    def changes(self) -> dict[str, AttributeChange]:
        """The change of each named attribute."""
        return self.own_keys


def is_change_match(value: Any) -> bool:
    """Whether an object is a match of a change of the contact."""
    return isinstance(value, dict) and "contact" in value and "event" not in value
