"""Model of `quiet_hours`: when nothing is sent, by the contact's clock.

Pure. Checked further by `check.quiet_hours`, read by `compile.quiet_hours`.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import ConfigDict, Field, Tag

from kittiwake.rules.limits import QUIET_HOURS_MAX
from kittiwake.rules.model.base import Model, chosen, shape
from kittiwake.rules.model.text import one_of
from kittiwake.rules.model.time import TimeOfDay

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class QuietHoursObject(Model):
    """One stretch, of every day or of some; days without times are whole days."""

    model_config = ConfigDict(
        json_schema_extra={"minProperties": 1, "dependentRequired": {"from": ["to"], "to": ["from"]}}
    )

    from_: TimeOfDay | None = Field(None, alias="from", description="from this local time")
    to: TimeOfDay | None = Field(None, description="until before this one")
    days: list[Annotated[str, *one_of(*WEEKDAYS)]] | None = Field(
        None, description="the days on which it begins; left out: every day", examples=[["sat", "sun"]]
    )


QuietHours: TypeAlias = Annotated[
    Annotated[QuietHoursObject, Tag("|object")]
    | Annotated[list[QuietHoursObject], Tag("|list"), Field(json_schema_extra={"maxItems": QUIET_HOURS_MAX})],
    chosen(
        lambda value: shape(value) if isinstance(value, (dict, list)) else None,
        "quiet hours or a list of them are needed here",
        'Write {from: "21:00", to: "08:00"}',
    ),
]
