"""How the events came from which a plan was made: dead letters, likely duplicates, clocks, contacts with a great share.

Pure. A part of the model for people to check; rules are not checked against it.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from kittiwake.event_plan.parts import Count, EventName, PropertyPath, Share, ValueSeen
from kittiwake.reasons import DeadLetterReason
from kittiwake.rules.model.base import Field, Model
from kittiwake.rules.model.number import Word
from kittiwake.rules.model.text import AccountId, one_of

LIMITS: Final = ("1s", "1m", "10m", "1h", "6h", "1d", "7d")
"""Within which time after its own an event was received."""

ReasonWord: TypeAlias = Annotated[str, *one_of(*(reason.value for reason in DeadLetterReason))]
LimitWord: TypeAlias = Annotated[str, *one_of(*LIMITS)]


class SharedIdsObject(Model):
    """Types of events that have the same ids."""

    types: list[EventName] = Field(description="the types")
    ids: Count = Field(description="how many of the watched ids have events of all of them")


class IdsObject(Model):
    """What is unusual about ids of events."""

    watched: Count = Field(description="of how many ids every event was seen")
    of: Count = Field(description="how many ids there are; estimated where not all were watched")
    repeated: Count | None = Field(None, description="how many have several events of one contact and type")
    differing: Count | None = Field(None, description="in how many of those the events differ, in time or properties")
    differing_time: Count | None = Field(None, description="in how many of those they differ in their time")
    differing_types: dict[EventName, Count] | None = Field(None, description="how many differ, by type of event")
    of_several_contacts: Count | None = Field(None, description="how many have events of several contacts")
    of_several_types: list[SharedIdsObject] | None = Field(
        None, description="types of events that have the same ids, the most first"
    )


class EqualObject(Model):
    """Events of one contact, type and time with equal properties."""

    watched: Count = Field(description="of how many different events everything was seen")
    of: Count = Field(description="how many different events there are; estimated where not all were watched")
    under_several_ids: Count = Field(description="how many came under several ids")
    types: dict[EventName, Count] | None = Field(None, description="how many came so, by type of event")


class AheadObject(Model):
    """Events whose time lies after the start of the run that read them."""

    events: Count = Field(description="how many")
    most_seconds: Count = Field(description="how far the one lies ahead that lies farthest")


class ReceivedObject(Model):
    """When events of a type were received, as a property of theirs says it."""

    type: EventName = Field(description="the type of events")
    property: PropertyPath = Field(description="the property that says when")
    events: Count = Field(description="how many events say so")
    ahead: Count = Field(description="how many have a time after that: the clock of their producer is ahead")
    ahead_most_seconds: Count = Field(description="how far the one lies ahead that lies farthest")
    longest_seconds: Count = Field(description="the longest time from an event until it was received")
    within: dict[LimitWord, Count] = Field(description="how many were received within 1s, 1m … 7d")


class BusyContactObject(Model):
    """A contact with a great share of all events: a placeholder, a test, a robot."""

    contact: Word | None = Field(None, description="its id; left out where it looks like personal data")
    share: Share = Field(description="its share of all different events, 0 to 1")


class DeliveryObject(Model):
    """How the events came."""

    records: Count | None = Field(None, description="how many records were read")
    dead_letters: dict[ReasonWord, Count] | None = Field(None, description="how many of them are no events, by reason")
    items: Count | None = Field(None, description="how many events are of items of the catalogue")
    accounts: dict[AccountId, Count] | None = Field(None, description="of several accounts: the events of each")
    ids: IdsObject | None = Field(None, description="one id with several contents, types or contacts")
    equal: EqualObject | None = Field(None, description="events that say the same")
    ahead: AheadObject | None = Field(None, description="events that lie after the start of the run")
    received: list[ReceivedObject] | None = Field(None, description="how long after their time events were received")
    busy_contacts: list[BusyContactObject] | None = Field(
        None, description="contacts with a great share of all events, the greatest first"
    )
    unknown_time_zones: list[ValueSeen] | None = Field(
        None, description="values of the attribute timezone that are no time zone"
    )
