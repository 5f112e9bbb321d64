"""Models of `wait`: a duration, reminders, a number of an event, a date, or a local day.

Pure. Checked further by `check.wait`, read by `compile.wait`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

from kittiwake.rules.errors import Code
from kittiwake.rules.limits import DAYS_MAX
from kittiwake.rules.model.base import Checked, Field, Model, Tag, chosen, problem, shape
from kittiwake.rules.model.calendar import ON, CalendarWaitObject, DaysOn
from kittiwake.rules.model.number import Whole
from kittiwake.rules.model.recurrence import Repetition
from kittiwake.rules.model.text import OwnPath, PathText, one_of
from kittiwake.rules.model.time import Date, Duration, Offset, TimeOfDay
from kittiwake.time.durations import WORDS_US

UNITS: Final = tuple(sorted(WORDS_US)) + tuple(sorted(f"{word}s" for word in WORDS_US))


(_UNIT_WORD,) = one_of(*UNITS)


def _unit(value: object) -> str:
    if isinstance(value, str) and value.rstrip("s") in ("month", "year"):
        raise problem(Code.NOT_A_CHOICE, f"{value} have no exact length", "Count days or weeks")
    return str(_UNIT_WORD.check(value))


class FieldWaitObject(Model):
    """As long as a number of the arming event says."""

    field: OwnPath = Field(description="the property that holds the number")
    unit: Annotated[str, Checked(_unit, _UNIT_WORD.schema)] = Field(description="what it counts")
    default: Duration | None = Field(
        None, description="the wait where the number is missing; without it such an event does not arm"
    )


class UntilWaitObject(Model):
    """Until a date that the event or the contact names."""

    until: PathText = Field(description="the property, or contact.attribute, that holds the date")
    offset: Offset | None = Field(None, description="so long after it, exactly; with a minus, before")
    at: TimeOfDay | None = Field(
        None, description="local time on that day; left out: that of the date, 09:00 if it has none"
    )
    repeat: Repetition | None = Field(None, description="daily, weekly, monthly, yearly, or an RRULE")
    days: Whole | None = Field(
        None,
        description="so many local days after the date's; with a minus, before",
        json_schema_extra={"minimum": -DAYS_MAX, "maximum": DAYS_MAX},
    )
    on: DaysOn | None = Field(None, description=ON, examples=[["tue", "thu"], "workdays"])
    except_: list[Date] | None = Field(None, alias="except", description="dates of the repetition that are left out")


AT_OF_DATES: Final = "09:00"
"""The local time of a date that has none."""


def _reminder_tag(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None if isinstance(value, list) else "|text"
    return "|until" if "until" in value else None if "field" in value else "|days"


Reminder: TypeAlias = Annotated[
    Annotated[Duration, Tag("|text")]
    | Annotated[CalendarWaitObject, Tag("|days")]
    | Annotated[UntilWaitObject, Tag("|until")],
    chosen(
        _reminder_tag,
        "a reminder is a duration, a local day or a date",
        'Write 24h, {days: 1, at: "10:00"}, or {until: date, days: -1}',
    ),
]

_KEYS: Final = {"until": "|until", "field": "|field", "days": "|days", "at": "|days", "on": "|days"}


def _wait_tag(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((tag for key, tag in _KEYS.items() if key in value), None)
    return shape(value) or "|text"


Wait: TypeAlias = Annotated[
    Annotated[Duration, Tag("|text")]
    | Annotated[list[Reminder], Tag("|list")]
    | Annotated[FieldWaitObject, Tag("|field")]
    | Annotated[UntilWaitObject, Tag("|until")]
    | Annotated[CalendarWaitObject, Tag("|days")],
    chosen(
        _wait_tag,
        "a wait has field, until or days",
        'Write 1h, [1h, 24h], {field: days, unit: days}, {until: date} or {days: 1, at: "10:00"}',
    ),
]
