"""The model of an event plan: types of events, their properties, and what has been seen of both.

Pure. Filled by `reading`, and by whoever profiles events; written by `writing`. Every statistic may be left out, so
that a person may write a plan by hand: types, and of properties `type`, `required` and `description`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias

from pydantic import ConfigDict, Field, Tag

from kittiwake.rules.errors import Code
from kittiwake.rules.limits import NAME_CHARS_MAX, PATH_CHARS_MAX
from kittiwake.rules.model.about import Description
from kittiwake.rules.model.base import Checked, Model, chosen, problem, shape, shown
from kittiwake.rules.model.number import ExactNumber, Flag, ScalarValue, exact_number
from kittiwake.rules.model.text import AccountId, one_of
from kittiwake.rules.model.time import Instant

TYPES: Final = ("text", "number", "bool", "list", "object", "null")
"""What a value may be, as JSON has it."""
FORMATS: Final = ("number", "instant", "date", "epoch_seconds", "epoch_millis")
"""What a value may stand for: a text for a number, a time or a day; a number for a time."""

TypeWord: TypeAlias = Annotated[str, *one_of(*TYPES)]
FormatWord: TypeAlias = Annotated[str, *one_of(*FORMATS)]


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise problem(Code.BAD_NUMBER, f"{shown(value)} is no number of events or values", "Write 0, 1, 2 …")


def _share(value: object) -> Any:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and 0 <= value <= 1:
        return exact_number(value)
    raise problem(Code.OUT_OF_RANGE, f"{shown(value)} is no share", "Write a number from 0 to 1: 0.98")


def _key(chars_max: int, what: str) -> Any:
    def check(value: object) -> str:
        if isinstance(value, str) and 0 < len(value) <= chars_max and value.isprintable():
            return value
        message = f"{shown(value)} is no {what}: it has 1 to {chars_max} printable characters"
        raise problem(Code.BAD_NAME, message, "Shorten or retype it")

    return check


Count: TypeAlias = Annotated[int, Checked(_count, {"type": "integer", "minimum": 0})]
Share: TypeAlias = Annotated[int | Decimal, Checked(_share, {"type": "number", "minimum": 0, "maximum": 1})]
EventName: TypeAlias = Annotated[
    str,
    Checked(_key(NAME_CHARS_MAX, "event type"), {"type": "string", "minLength": 1, "maxLength": NAME_CHARS_MAX}),
]
PropertyPath: TypeAlias = Annotated[
    str,
    Checked(_key(PATH_CHARS_MAX, "property path"), {"type": "string", "minLength": 1, "maxLength": PATH_CHARS_MAX}),
]
"""Dotted: `cart.total` is `total` in the object `cart`."""


class ValueSeen(Model):
    """A value, and how often it was seen."""

    value: ScalarValue = Field(description="the value")
    count: Count | None = Field(None, description="how often it was seen")


PlannedValue: TypeAlias = Annotated[
    Annotated[ScalarValue, Tag("|value")] | Annotated[ValueSeen, Tag("|object")],
    chosen(
        lambda value: "|object" if isinstance(value, dict) else "|value",
        "a value is needed here",
        "Write gold, or {value: gold, count: 12}",
    ),
]
PlannedTypes: TypeAlias = Annotated[
    Annotated[TypeWord, Tag("|text")] | Annotated[list[TypeWord], Tag("|list")],
    chosen(
        lambda value: shape(value) if isinstance(value, (str, list)) else None,
        "a type of values or a list of them is needed here",
        "Write text, number, bool, list or object",
    ),
]


class PropertyObject(Model):
    """A property of an event, or an attribute of the contact: what it should be, and what has been seen of it."""

    # what it should be
    description: Description | None = Field(None, description="what it means, in words")
    required: Flag | None = Field(None, description="whether every event of the type should have it")
    type: PlannedTypes | None = Field(None, description="what its values should be")
    format: FormatWord | None = Field(None, description="what its values stand for, if for something else")
    # what has been seen
    present: Share | None = Field(None, description="in which share of the events it is there and not null, 0 to 1")
    types: dict[TypeWord, Count] | None = Field(None, description="how many values of each type were seen")
    formats: dict[FormatWord, Count] | None = Field(None, description="how many of them stand for something else")
    min: ExactNumber | None = Field(None, description="the smallest number; of texts that stand for one, if all do")
    max: ExactNumber | None = Field(None, description="the greatest number, likewise")
    values: list[PlannedValue] | None = Field(
        None,
        description="its values, the commonest first: all of them, unless distinct says that there are more",
        examples=[["gold", "silver"], [{"value": "gold", "count": 12}]],
    )
    hashed: Flag | None = Field(None, description="values are hashes of what was seen, and compared with nothing")
    distinct: Count | None = Field(None, description="how many different values there are")
    also_in: dict[EventName, Share] | None = Field(
        None,
        description="which share of its values came under the same name in events of another type, 0 to 1; a type that "
        "is not named shares none",
    )
    elements: ElementsObject | None = Field(None, description="of a list: what its elements are")


class ElementsObject(PropertyObject):
    """The elements of a list."""

    properties: dict[PropertyPath, PropertyObject] | None = Field(
        None, description="of elements that are objects: their properties, by path"
    )


class GapObject(Model):
    """A time in which nothing came, where something used to."""

    from_: Instant = Field(alias="from", description="the last event before it")
    to: Instant = Field(description="the first event after it")


class EventObject(Model):
    """A type of events."""

    description: Description | None = Field(None, description="what it means, in words")
    count: Count | None = Field(None, description="how many events of the type were seen")
    contacts: Count | None = Field(None, description="how many contacts have one")
    first: Instant | None = Field(None, description="the time of the first")
    last: Instant | None = Field(None, description="the time of the last")
    per_contact_max: Count | None = Field(None, description="the most that one contact has")
    properties: dict[PropertyPath, PropertyObject] | None = Field(
        None, description="its properties, by dotted path; left out: nothing is known of them"
    )
    complete: Flag = Field(True, description="false: it may have more properties than those listed")
    followed: Count | None = Field(
        None, description="how many contacts with an event of the type were watched for what came after it"
    )
    followed_by: dict[EventName, Count] | None = Field(
        None,
        description="in how many of those an event of another type came at the same time or later; one that is not "
        "named came in none",
    )
    gaps: list[GapObject] | None = Field(None, description="times without such events, for people to check")


class HistoryObject(Model):
    """The events from which the plan was made, all types together."""

    first: Instant | None = Field(None, description="the time of the first event")
    last: Instant | None = Field(None, description="the time of the last")
    events: Count | None = Field(None, description="how many there were")
    contacts: Count | None = Field(None, description="of how many contacts")
    gaps: list[GapObject] | None = Field(None, description="times without any event, for people to check")


class DerivedObject(Model):
    """Events that the shape of the input makes of the elements of a list, if rules name them."""

    event: EventName = Field(description="the type of the derived events")
    from_: EventName = Field(alias="from", description="the type of the events that have the list")
    each: PropertyPath = Field(description="the property that is the list")
    keep: list[PropertyPath] | None = Field(None, description="properties of the whole event that each of them has")


class PlanObject(Model):
    """An event plan: the document `events.yaml`."""

    model_config = ConfigDict(title="Kittiwake event plan")

    account: AccountId | None = Field(
        None, description='whose events these are; left out or "*": those of every account without a plan of its own'
    )
    description: Description | None = Field(None, description="where it comes from, in words")
    made_at: Instant | None = Field(None, description="when it was made of events")
    history: HistoryObject | None = Field(None, description="the events it was made of")
    complete: Flag = Field(True, description="false: other types of events may come than those listed")
    events: dict[EventName, EventObject] = Field(description="the types of events, by name")
    derived: list[DerivedObject] | None = Field(
        None, description="events that the shape of the input makes of others: they are not among those that were seen"
    )
    attributes: dict[PropertyPath, PropertyObject] | None = Field(
        None,
        description="attributes of contacts, as contact.updated sets them; left out: those of that type in events",
    )
