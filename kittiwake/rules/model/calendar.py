"""Models of calendar waits: a local day, counted from that of the arming event, and the time on it.

Pure. Checked further by `check.calendar`, read by `compile.calendar`.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import Field, Tag

from kittiwake.rules.limits import DAYS_MAX
from kittiwake.rules.model.base import Model, chosen, shape
from kittiwake.rules.model.number import Whole
from kittiwake.rules.model.text import one_of
from kittiwake.rules.model.time import Date, TimeOfDay

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Weekday: TypeAlias = Annotated[str, *one_of(*WEEKDAYS)]

WORKDAYS: Final = "workdays"

DaysOn: TypeAlias = Annotated[
    Annotated[str, *one_of(*WEEKDAYS, WORKDAYS), Tag("|text")] | Annotated[list[Weekday], Tag("|list")],
    chosen(shape, "these are no weekdays", "Write tue, [tue, thu], or workdays"),
]

Holidays: TypeAlias = list[Date]


ON: Final = "moved on to the first of these weekdays; workdays are Monday to Friday less the account's calendar"


class CalendarWaitObject(Model):
    """Until a local day, counted from that of the arming event."""

    days: Whole | None = Field(
        None,
        description="so many local days after that of the arming event; 0 if left out",
        json_schema_extra={"minimum": 0, "maximum": DAYS_MAX},
    )
    at: TimeOfDay | None = Field(None, description="local time on that day; left out: that of the arming event")
    on: DaysOn | None = Field(None, description=ON, examples=[["tue", "thu"], WORKDAYS])
