"""Models of calendar waits: a local day, counted from that of the arming event, and the time on it.

Pure. Checked further by `check.calendar`, read by `compile.calendar`.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from kittiwake.rules.errors import Code
from kittiwake.rules.limits import DAYS_MAX, HOLIDAYS_MAX
from kittiwake.rules.model.base import Checked, Field, JsonSchema, Model, Tag, chosen, problem, shape, shown
from kittiwake.rules.model.number import Whole
from kittiwake.rules.model.text import one_of
from kittiwake.rules.model.time import DATE_PATTERN, TimeOfDay
from kittiwake.time.instants import parse_date

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Weekday: TypeAlias = Annotated[str, *one_of(*WEEKDAYS)]

WORKDAYS: Final = "workdays"

DaysOn: TypeAlias = Annotated[
    Annotated[str, *one_of(*WEEKDAYS, WORKDAYS), Tag("|text")] | Annotated[list[Weekday], Tag("|list")],
    chosen(shape, "these are no weekdays", "Write tue, [tue, thu], or workdays"),
]

FILE_SUFFIX: Final = ".ics"


def is_calendar_file(written: object) -> bool:
    """Whether a text names a calendar file; the loader writes its days out before a document is read."""
    return isinstance(written, str) and written.lower().endswith(FILE_SUFFIX)


_NO_FILE: Final = "only rules that are read from a file have calendar files"


def _holiday(value: object) -> str:
    if isinstance(value, str) and parse_date(value) is not None:
        return value
    if is_calendar_file(value):
        raise problem(Code.BAD_CALENDAR, f"{shown(value)} cannot be read: {_NO_FILE}", "Write the dates")
    raise problem(
        Code.BAD_DATE, f"{shown(value)} is no date", "Write a day that there is, 2026-12-25, or a file, holidays.ics"
    )


def _calendar_file(value: object) -> str:
    if is_calendar_file(value):
        raise problem(Code.BAD_CALENDAR, f"{shown(value)} cannot be read: {_NO_FILE}", "Write the dates")
    raise problem(Code.WRONG_SHAPE, f"{shown(value)} is no calendar", _CALENDAR)


_CALENDAR: Final = "Write dates, [2026-12-25, 2027-01-01], or the name of a file, holidays.ics"
_FILE_SCHEMA: Final[JsonSchema] = {"type": "string", "pattern": r"\.[iI][cC][sS]$", "examples": ["holidays.ics"]}
_DATE_SCHEMA: Final[JsonSchema] = {"type": "string", "pattern": DATE_PATTERN, "examples": ["2026-12-25"]}

Holiday: TypeAlias = Annotated[str, Checked(_holiday, {"anyOf": [_DATE_SCHEMA, _FILE_SCHEMA]})]

Holidays: TypeAlias = Annotated[
    Annotated[str, Checked(_calendar_file, _FILE_SCHEMA), Tag("|text")]
    | Annotated[list[Holiday], Field(json_schema_extra={"maxItems": HOLIDAYS_MAX}), Tag("|list")],
    chosen(shape, "this is no calendar", _CALENDAR),
]

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
