"""Models of `cast`, beside `rules`: texts read as numbers, epoch numbers read as instants.

Pure. Checked further by `check.cast`, read by `compile.cast`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, TypeAlias

from kittiwake.rules.model.base import Field, JsonSchema, Model
from kittiwake.rules.model.match import EventTypes
from kittiwake.rules.model.text import PATH_SCHEMA_PATTERN, Paths, one_of

EPOCHS: Final = ("epoch_seconds", "epoch_millis")


class InstantPaths(Model):
    """Properties, and how the time in each is counted."""

    SCHEMA: ClassVar[JsonSchema] = {"minProperties": 1, "propertyNames": {"pattern": PATH_SCHEMA_PATTERN}}
    own_keys: dict[str, Annotated[str, *one_of(*EPOCHS)]]

    def counted(self) -> dict[str, str]:
        """How each named property is counted."""
        return self.own_keys


class CastObject(Model):
    """What is read otherwise of the events of some types."""

    event: EventTypes = Field(description="the types of the events, or *")
    number: Paths | None = Field(None, description="properties whose text is read as a number")
    instant: InstantPaths | None = Field(
        None,
        description="properties whose number is read as a time, and how it is counted",
        examples=[{"expires_at": "epoch_seconds"}],
    )


Casts: TypeAlias = list[CastObject]
