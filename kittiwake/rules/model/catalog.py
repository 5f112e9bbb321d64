"""Models of catalogue rules: `when: {item: ...}` and `interest`.

Pure. Checked further by `check.catalog`.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias

from pydantic import ConfigDict, Field

from kittiwake.rules.errors import Code
from kittiwake.rules.model.base import Checked, Model, Only, problem, shown
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.number import ExactNumber, ScalarValue, exact_number
from kittiwake.rules.model.text import PATH_SCHEMA_PATTERN, OwnPath, one_of
from kittiwake.rules.model.time import Duration
from kittiwake.values import Number

_PERCENTAGE: Final = re.compile(r"\d+(\.\d+)?%", re.ASCII)


def _change(value: object) -> str | Number:
    if isinstance(value, str):
        if _PERCENTAGE.fullmatch(value):
            return value
        message = f"{shown(value)} is neither an amount nor a percentage"
        raise problem(Code.BAD_NUMBER, message, "Write an amount such as 5 or a percentage such as 10%")
    return exact_number(value)


Change: TypeAlias = Annotated[
    str | Number,
    Checked(
        _change,
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?%$"}]},
    ),
]


class ItemMatcher(Model):
    """How a catalogue value must have changed; exactly one."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    drops_by: Change | None = Field(None, description="falls by this amount or percentage")
    rises_by: Change | None = Field(None, description="rises by this amount or percentage")
    drops_below: ExactNumber | None = Field(None, description="crosses this value downwards")
    rises_above: ExactNumber | None = Field(None, description="crosses this value upwards")
    becomes: ScalarValue | None = Field(None, description="changes to this value")
    changes: Only | None = Field(None, description="changes at all")


class ItemPaths(Model):
    """One property of the item, and how it must have changed."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"pattern": PATH_SCHEMA_PATTERN},
        },
    )
    __pydantic_extra__: dict[str, ItemMatcher]

    def matchers(self) -> dict[str, ItemMatcher]:
        """The matcher of each named property."""
        return self.__pydantic_extra__


class ItemObject(Model):
    """A catalogue change."""

    item: ItemPaths = Field(description="a property of the item and how it changed")
    since: Annotated[str, *one_of("interest")] | None = Field(
        None, description="compare with the value at the contact's newest interest event"
    )


class Interest(Model):
    """The contacts concerned by a catalogue change."""

    events: EventMatch = Field(description="the events that show interest")
    item: OwnPath = Field(description="the property of theirs that names the item")
    within: Duration = Field(description="how long interest lasts")
