"""Model of `quiet_hours`: when nothing is sent, by the contact's clock.

Pure. Checked further by `check.quiet_hours`, read by `compile.quiet_hours`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, TypeAlias

from kittiwake.rules.limits import QUIET_HOURS_MAX
from kittiwake.rules.model.base import Field, JsonSchema, Model, Tag, chosen, shape
from kittiwake.rules.model.calendar import WEEKDAYS, Weekday
from kittiwake.rules.model.time import TimeOfDay, time_of_day_us
from kittiwake.time.instants import DAY_US


class QuietHoursObject(Model):
    """One stretch, of every day or of some; days without times are whole days."""

    SCHEMA: ClassVar[JsonSchema] = {"minProperties": 1, "dependentRequired": {"from": ["to"], "to": ["from"]}}

    from_: TimeOfDay | None = Field(None, alias="from", description="from this local time")
    to: TimeOfDay | None = Field(None, description="until before this one")
    days: list[Weekday] | None = Field(
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


def spans_us(written: QuietHours) -> Iterator[tuple[int, int]]:
    """Beginning and end of each stretch, in microseconds since the beginning of Monday by the local clock.

    What passes midnight ends on the day after, that of Sunday beyond the week. Of checked entries.
    """
    for entry in written if isinstance(written, list) else [written]:
        from_us, to_us = 0, DAY_US
        if entry.from_ is not None and entry.to is not None:
            from_us, to_us = time_of_day_us(entry.from_), time_of_day_us(entry.to)
        length_us = (to_us - from_us) % DAY_US or DAY_US
        for number, name in enumerate(WEEKDAYS):
            if entry.days is None or name in entry.days:
                begins_us = number * DAY_US + from_us
                yield begins_us, begins_us + length_us
