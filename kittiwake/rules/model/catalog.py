"""Models of catalogue rules: `when: {item: ...}` and `interest`.

Pure. Checked further by `check.catalog`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from kittiwake.rules.model.base import Field, JsonSchema, Model
from kittiwake.rules.model.change import ValueChange
from kittiwake.rules.model.match import EventMatch, Where
from kittiwake.rules.model.text import PATH_SCHEMA_PATTERN, OwnPath, one_of
from kittiwake.rules.model.time import Duration


class ItemMatcher(ValueChange):
    """How a catalogue value must have changed; exactly one."""

    SCHEMA: ClassVar[JsonSchema] = {"minProperties": 1, "maxProperties": 1}


class ItemPaths(Model):
    """One property of the item, and how it must have changed."""

    SCHEMA: ClassVar[JsonSchema] = {
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": {"pattern": PATH_SCHEMA_PATTERN},
    }
    own_keys: dict[str, ItemMatcher]

    def matchers(self) -> dict[str, ItemMatcher]:
        """The matcher of each named property."""
        return self.own_keys


class ItemObject(Model):
    """A catalogue change."""

    item: ItemPaths = Field(description="a property of the item and how it changed")
    since: Annotated[str, *one_of("interest")] | None = Field(
        None, description="compare with the value at the contact's newest interest event"
    )
    where: Where | None = Field(None, description="what the item must be after the change, and stay while it waits")


class Interest(Model):
    """The contacts concerned by a catalogue change."""

    events: EventMatch = Field(description="the events that show interest")
    item: OwnPath = Field(description="the property of theirs that names the item")
    within: Duration = Field(description="how long interest lasts")
