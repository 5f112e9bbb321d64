"""Models of `derive`, beside `rules`: one event of each element of a list.

Pure. Checked further by `check.derive`, read by `compile.derive`.
"""

from __future__ import annotations

from typing import TypeAlias

from kittiwake.rules.model.base import Field, Model
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.text import EventType, Name, OwnPath


class DeriveObject(Model):
    """What becomes of the elements of a list."""

    event: EventType = Field(description="the type of the derived events", examples=["order.item_purchased"])
    from_: EventMatch = Field(alias="from", description="the events that have the list", examples=["order.completed"])
    each: OwnPath = Field(description="the property that is the list", examples=["products"])
    keep: list[Name] | None = Field(
        None,
        description="properties of the whole event that each derived one has",
        examples=[["order_id", "currency"]],
        json_schema_extra={"uniqueItems": True},
    )
    as_: Name | None = Field(
        None, alias="as", description="of a list of plain values: the property that holds one", examples=["product_id"]
    )


Derivations: TypeAlias = list[DeriveObject]
