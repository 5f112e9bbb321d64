"""The model of an event plan: types of events, their properties, and what has been seen of both.

Pure. Filled by `reading`, and by whoever profiles events; written by `writing`. Every statistic may be left out, so
that a person may write a plan by hand: types, and of properties `type`, `required` and `description`.
"""

from __future__ import annotations

from kittiwake.event_plan.delivery import DeliveryObject
from kittiwake.event_plan.parts import (
    Count,
    EventName,
    FormatWord,
    PlannedTypes,
    PlannedValue,
    PropertyPath,
    Share,
    TypeWord,
)
from kittiwake.rules.model.about import Description
from kittiwake.rules.model.base import Field, Model
from kittiwake.rules.model.number import ExactNumber, Flag
from kittiwake.rules.model.text import AccountId
from kittiwake.rules.model.time import Duration, Instant


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
    personal: Flag | None = Field(
        None, description="it looks like data about a person: its values and range are left out"
    )
    blank: Count | None = Field(None, description="how many of the texts have no character")
    earliest: Instant | None = Field(None, description="the earliest time that stands in a text")
    latest: Instant | None = Field(None, description="the latest one")
    offsets: dict[str, Count] | None = Field(None, description="how many of these times have which offset from UTC")
    without_offset: Count | None = Field(None, description="how many texts are times without one, which no rule reads")
    elements_max: Count | None = Field(None, description="of lists: how many elements the longest has")
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


class VolumeObject(Model):
    """How many events of a type came in an interval of UTC, those with one contact and id counted once."""

    per: Duration = Field(description="how long each interval is; they follow one another, in UTC")
    max: Count = Field(description="how many came in the busiest; estimated from 100 on")
    from_: Instant = Field(alias="from", description="when that began")
    intervals: Count | None = Field(None, description="how many intervals have events")
    events: Count | None = Field(None, description="how many events those have together")


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
    unreachable: Count | None = Field(
        None, description="how many values stand under keys that no rule can name: with a dot, a bracket, a star"
    )
    followed: Count | None = Field(
        None, description="how many contacts with an event of the type were watched for what came after it"
    )
    followed_by: dict[EventName, Count] | None = Field(
        None,
        description="in how many of those an event of another type came at the same time or later; one that is not "
        "named came in none",
    )
    gaps: list[GapObject] | None = Field(None, description="times without such events, for people to check")
    pause: GapObject | None = Field(
        None, description="the longest time without one, in tens of minutes, gaps left out; feeds are held against it"
    )
    volume: VolumeObject | None = Field(
        None, description="how many came in the busiest interval; breakers are held against it"
    )


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

    TITLE = "Kittiwake event plan"

    account: AccountId | None = Field(
        None, description='whose events these are; left out or "*": those of every account without a plan of its own'
    )
    description: Description | None = Field(None, description="where it comes from, in words")
    made_at: Instant | None = Field(None, description="when it was made of events")
    history: HistoryObject | None = Field(None, description="the events it was made of")
    delivery: DeliveryObject | None = Field(None, description="how those events came, for people to check")
    complete: Flag = Field(True, description="false: other types of events may come than those listed")
    events: dict[EventName, EventObject] = Field(description="the types of events, by name")
    derived: list[DerivedObject] | None = Field(
        None, description="events that the shape of the input makes of others: they are not among those that were seen"
    )
    items: dict[EventName, EventObject] | None = Field(
        None, description="the types of events of items of the catalogue, by name; left out: nothing is known of items"
    )
    attributes: dict[PropertyPath, PropertyObject] | None = Field(
        None,
        description="attributes of contacts, as contact.updated sets them; left out: those of that type in events",
    )
