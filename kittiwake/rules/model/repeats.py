"""Models of `repeats`, beside `rules`: events that come again under the value of one that counted.

Pure. Checked further by `check.repeats`, read by `compile.repeats`.
"""

from __future__ import annotations

from typing import TypeAlias

from kittiwake.rules.model.base import Field, Model
from kittiwake.rules.model.match import EventTypes, Where
from kittiwake.rules.model.text import OwnPath
from kittiwake.rules.model.time import Duration


class RepeatsObject(Model):
    """Which events are dropped that bring a value again."""

    event: EventTypes = Field(description="the types of the events, or *")
    where: Where | None = Field(None, description="what their properties must be")
    same: OwnPath = Field(description="the property that a repeated event brings again", examples=["order_id"])
    within: Duration = Field(description="how long after one that counted", examples=["30d"])


RepeatsList: TypeAlias = list[RepeatsObject]
