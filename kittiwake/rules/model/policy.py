"""Models of an account's policy, and of what a rule says about being sent (rules.md, section 4).

Pure. Checked further by `check.policy`, read by `compile.policy`.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from kittiwake.rules.limits import BREAKER_MAX, BREAKERS_MAX, CAP_MAX, CHANNELS_MAX, FEEDS_MAX
from kittiwake.rules.model.base import After, Checked, Field, Model, Tag, chosen, shape
from kittiwake.rules.model.number import ExactNumber, Flag, Whole
from kittiwake.rules.model.quiet_hours import QuietHours
from kittiwake.rules.model.text import OUTPUT_PATTERN, Name, one_of
from kittiwake.rules.model.time import (
    Duration,
    Instant,
    InstantOrEffective,
    checked_duration,
    word_or_duration,
)

CALENDARS: Final = ("day", "week", "month")
REENTRY_WORDS: Final = ("always", "once")


class ConsentObject(Model):
    purpose: Name = Field(description="the purpose contacts consent to")
    default: Annotated[str, *one_of("granted", "withdrawn")] = Field(
        "granted", description="before the first consent event"
    )


class HoldoutObject(Model):
    percent: ExactNumber = Field(
        description="the share of contacts that get nothing, 0 to 100",
        json_schema_extra={"minimum": 0, "maximum": 100},
    )
    salt: Name = Field(description="who is in it depends on this word: a new word draws anew")


def _period(value: object) -> str:
    return str(value) if value in CALENDARS else checked_duration(value)


class CapObject(Model):
    max: Whole = Field(description="at most so many triggers", json_schema_extra={"minimum": 1, "maximum": CAP_MAX})
    per: Annotated[str, Checked(_period, word_or_duration(*CALENDARS))] = Field(
        description="day, week or month of the contact's calendar, or a duration that rolls"
    )
    group: Name | None = Field(None, description="counts and holds only rules of this group")


class ArbitrationObject(Model):
    within: Duration = Field(description="how long the first that falls due is held, and others with it")
    max: Whole = Field(
        1, description="so many of them fire, the best", json_schema_extra={"minimum": 1, "maximum": CAP_MAX}
    )


class FeedObject(Model):
    """A type of events that comes in a rhythm."""

    every: Duration = Field(description="in the whole account such an event comes within so long, day and night")
    mode: Annotated[str, *one_of("shadow", "hold")] = Field(
        "shadow", description="hold what relies on the feed while it is silent, or only count it"
    )


class BreakerObject(Model):
    """A type of which more events come than usual only if something is wrong."""

    max: Whole = Field(
        description="in the whole account so many such events come in an interval at most",
        json_schema_extra={"minimum": 1, "maximum": BREAKER_MAX},
    )
    per: Duration = Field(description="how long an interval is; they follow one another, in UTC")
    mode: Annotated[str, *one_of("shadow", "hold")] = Field(
        "shadow", description="hold what the events beyond max arm, or only count it"
    )


Frequency: TypeAlias = Annotated[
    Annotated[CapObject, Tag("|object")] | Annotated[list[CapObject], Tag("|list")],
    chosen(
        lambda value: shape(value) if isinstance(value, (dict, list)) else None,
        "a cap or a list of caps is needed here",
        "Write [{max: 1, per: day}]",
    ),
]


class ChannelObject(Model):
    """What holds for the rules on a channel."""

    consent: ConsentObject | None = Field(None, description="who may be reached on it; instead of the policy's")
    quiet_hours: QuietHours | None = Field(None, description="nothing is sent on it meanwhile; instead of the policy's")
    frequency: Frequency | None = Field(None, description="at most so many triggers on it; beside the policy's")


class PolicyObject(Model):
    """What holds for every rule of the account; replaces that of "*" whole."""

    live_from: Instant | None = Field(None, description="nothing fires before")
    history_from: InstantOrEffective | None = Field(None, description="since when the history is complete")
    consent: ConsentObject | None = Field(None, description="who may be written to at all")
    holdout: HoldoutObject | None = Field(None, description="contacts that get nothing, for comparison")
    frequency: Frequency | None = Field(None, description="at most so many triggers a contact")
    quiet_hours: QuietHours | None = Field(None, description="nothing is sent meanwhile, by the contact's clock")
    channels: dict[str, ChannelObject] | None = Field(
        None,
        description="the channels that rules may name, each with what holds for it",
        json_schema_extra={
            "propertyNames": {"pattern": f"^{OUTPUT_PATTERN}$"},
            "minProperties": 1,
            "maxProperties": CHANNELS_MAX,
        },
        examples=[{"email": {"frequency": {"max": 1, "per": "day"}}, "push": {}}],
    )
    arbitration: ArbitrationObject | None = Field(
        None, description="of what falls due within a time only the best fires, at the end of it"
    )
    feeds: dict[str, FeedObject] | None = Field(
        None,
        description="types of events that have to come for their absence to mean anything, each with its rhythm",
        json_schema_extra={"minProperties": 1, "maxProperties": FEEDS_MAX},
        examples=[{"order.completed": {"every": "6h", "mode": "hold"}}],
    )
    breaker: dict[str, BreakerObject] | None = Field(
        None,
        description="types of events of which too many hold what they arm, each with how many are too many",
        json_schema_extra={"minProperties": 1, "maxProperties": BREAKERS_MAX},
        examples=[{"cart.item_added": {"max": 5000, "per": "1h", "mode": "hold"}}],
    )
    retention: Duration = Field("400d", description="a contact without events for so long is forgotten: what it did")
    profile_retention: Duration | None = Field(
        None, description="after so long its consents, attributes and repeating waits on them go too; unset: never"
    )


def _reentry(value: object) -> str:
    return str(value) if value in REENTRY_WORDS else checked_duration(value)


def _out_of_holdout(value: bool) -> bool | None:
    """`true` is what holds if nothing is written, and the same text as that."""
    return None if value else False


Reentry: TypeAlias = Annotated[str, Checked(_reentry, word_or_duration(*REENTRY_WORDS))]
OutOfHoldout: TypeAlias = Annotated[Flag, After(_out_of_holdout)]
"""False, or None for what was written as true."""
