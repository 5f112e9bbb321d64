"""Models of when a rule is armed and how long it waits: `when`, `wait`, `reaches`, `interest`.

Pure. Checked further by `checks`, read by `compiler`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import ConfigDict, Field, Tag

from kittiwake.rules.errors import Code
from kittiwake.rules.guardrails import STEPS_MAX
from kittiwake.rules.matches import EventMatch, MatchEntry, MatchObject
from kittiwake.rules.numbers import ExactNumber, ScalarValue, exact_number
from kittiwake.rules.parts import Checked, JsonSchema, Part, chosen, problem, shape, shown
from kittiwake.rules.rrules import FREQUENCIES
from kittiwake.rules.texts import PATH_SCHEMA_PATTERN, EventType, OwnPath, PathText, one_of
from kittiwake.rules.times import Duration, Offset, TimeOfDay
from kittiwake.time.durations import WORDS_US
from kittiwake.values import Number

# ---------------------------------------------------------------- when


class SequenceObject(Part):
    """A chain of matches in order; the last one arms."""

    sequence: list[EventMatch] = Field(
        description="the steps, in order; the last one arms", json_schema_extra={"minItems": 2, "maxItems": STEPS_MAX}
    )
    within: Duration = Field(description="less than this lies between the first step and the last")


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


def _true(value: object) -> Literal[True]:
    if value is True:
        return True
    raise problem(
        Code.NOT_A_CHOICE, f"true or nothing stands here, not {shown(value)}", "Write true, or delete the line"
    )


Only: TypeAlias = Annotated[Literal[True], Checked(_true, {"const": True})]


class ItemMatcher(Part):
    """How a catalogue value must have changed; exactly one."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    drops_by: Change | None = Field(None, description="falls by this amount or percentage")
    rises_by: Change | None = Field(None, description="rises by this amount or percentage")
    drops_below: ExactNumber | None = Field(None, description="crosses this value downwards")
    rises_above: ExactNumber | None = Field(None, description="crosses this value upwards")
    becomes: ScalarValue | None = Field(None, description="changes to this value")
    changes: Only | None = Field(None, description="changes at all")


class ItemPaths(Part):
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


class ItemObject(Part):
    """A catalogue change."""

    item: ItemPaths = Field(description="a property of the item and how it changed")
    since: Annotated[str, *one_of("interest")] | None = Field(
        None, description="compare with the value at the contact's newest interest event"
    )


def _when_tag(value: Any) -> str | None:
    if isinstance(value, dict):
        return (
            "|sequence" if "sequence" in value else "|item" if "item" in value and "event" not in value else "|object"
        )
    return shape(value)


When: TypeAlias = Annotated[
    Annotated[EventType, Tag("|text")]
    | Annotated[list[MatchEntry], Tag("|list")]
    | Annotated[MatchObject, Tag("|object")]
    | Annotated[SequenceObject, Tag("|sequence")]
    | Annotated[ItemObject, Tag("|item")],
    chosen(_when_tag, "an event match, a sequence or an item change is needed here", "Write, say, order.completed"),
]

# ---------------------------------------------------------------- wait

UNITS: Final = tuple(sorted(WORDS_US)) + tuple(sorted(f"{word}s" for word in WORDS_US))
REPEATS: Final = ("daily", "weekly", "monthly", "yearly")


def _in_any_case(word: str) -> str:
    return "".join(f"[{letter}{letter.lower()}]" for letter in word)


_FREQUENCY_PATTERN: Final = f"{_in_any_case('FREQ')}=({'|'.join(map(_in_any_case, FREQUENCIES))})"
_REPEAT_SCHEMA: Final[JsonSchema] = {
    "anyOf": [{"enum": list(REPEATS)}, {"type": "string", "pattern": _FREQUENCY_PATTERN}]
}


def _repeat(value: object) -> str:
    if isinstance(value, str) and (value in REPEATS or "FREQ=" in value.upper()):
        return value
    advice = "Write daily, weekly, monthly, yearly, or an RRULE such as FREQ=MONTHLY;BYDAY=1MO"
    raise problem(Code.BAD_RRULE, f"{shown(value)} is no repetition", advice)


(_UNIT_WORD,) = one_of(*UNITS)


def _unit(value: object) -> str:
    if isinstance(value, str) and value.rstrip("s") in ("month", "year"):
        raise problem(Code.NOT_A_CHOICE, f"{value} have no exact length", "Count days or weeks")
    return str(_UNIT_WORD.check(value))


class FieldWaitObject(Part):
    """As long as a number of the arming event says."""

    field: OwnPath = Field(description="the property that holds the number")
    unit: Annotated[str, Checked(_unit, _UNIT_WORD.schema)] = Field(description="what it counts")
    default: Duration | None = Field(
        None, description="the wait where the number is missing; without it such an event does not arm"
    )


class UntilWaitObject(Part):
    """Until a date that the event or the contact names."""

    until: PathText = Field(description="the property, or contact.attribute, that holds the date")
    offset: Offset | None = Field(None, description="so long after it; with a minus, before")
    at: TimeOfDay = Field("09:00", description="local time of a date that has none")
    repeat: Annotated[str, Checked(_repeat, _REPEAT_SCHEMA)] | None = Field(
        None, description="daily, weekly, monthly, yearly, or an RRULE"
    )


def _wait_tag(value: Any) -> str | None:
    if isinstance(value, dict):
        return "|until" if "until" in value else "|field" if "field" in value else None
    return shape(value) or "|text"


Wait: TypeAlias = Annotated[
    Annotated[Duration, Tag("|text")]
    | Annotated[list[Duration], Tag("|list")]
    | Annotated[FieldWaitObject, Tag("|field")]
    | Annotated[UntilWaitObject, Tag("|until")],
    chosen(_wait_tag, "a wait has field or until", "Write 1h, [1h, 24h], {field: days, unit: days} or {until: date}"),
]

# ---------------------------------------------------------------- reaches and interest


class ReachesObject(Part):
    """Thresholds of a total over all matches of `when`; exactly one of `count` and `sum`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["count"]}, {"required": ["sum"]}]})

    count: Only | None = Field(None, description="the number of matches")
    sum: OwnPath | None = Field(None, description="the sum of this property")
    at: list[ExactNumber] = Field(description="the thresholds, rising")


class Interest(Part):
    """The contacts concerned by a catalogue change."""

    events: EventMatch = Field(description="the events that show interest")
    item: OwnPath = Field(description="the property of theirs that names the item")
    within: Duration = Field(description="how long interest lasts")
