"""The models of a rule and of a document: all that an author may write (rules.md, sections 3, 4 and 8).

Pure. Filled by `documents`, checked further by `check.rule`, read by `compile.rule`.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from kittiwake.rules.model.about import TAGS_SCHEMA, Description, Owner, Tags
from kittiwake.rules.model.base import Field, Model
from kittiwake.rules.model.calendar import Holidays
from kittiwake.rules.model.cast import Casts
from kittiwake.rules.model.catalog import Interest
from kittiwake.rules.model.conditions import Conditions, ConditionTree
from kittiwake.rules.model.derive import Derivations
from kittiwake.rules.model.digest import DigestObject
from kittiwake.rules.model.include import INCLUDE_SCHEMA, Include
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.named import NamedMatches
from kittiwake.rules.model.number import Flag, Whole
from kittiwake.rules.model.policy import OutOfHoldout, PolicyObject, Reentry
from kittiwake.rules.model.repeats import RepeatsList
from kittiwake.rules.model.rollout import RolloutObject
from kittiwake.rules.model.text import AccountId, Name, Paths, RuleId, one_of
from kittiwake.rules.model.thresholds import ReachesObject
from kittiwake.rules.model.time import Duration, Instant, ZoneName
from kittiwake.rules.model.variants import VariantsObject
from kittiwake.rules.model.wait import Wait
from kittiwake.rules.model.when import When

Emits: TypeAlias = list[Annotated[str, *one_of("entered", "exited")]]


class Rule(Model):
    """One rule, as its author wrote it, defaults filled in."""

    id: RuleId = Field(description="its name, unique within the account and the rules of *")
    use: None = Field(None, description="a recipe to start from")  # written out by `recipes` before
    with_: None = Field(None, alias="with", description="values of the recipe's parameters")  # written out before
    # when it fires
    when: When | None = Field(
        None,
        description="the event that arms it",
        examples=["cart.item_added", {"sequence": ["product.viewed", "cart.item_added"], "within": "30m"}],
    )
    given: Conditions | None = Field(
        None,
        description="conditions, asked when an event would open an episode",
        examples=[{"count": "product.viewed", "same": "product_id", "within": "24h", "gte": 3}],
    )
    still: Conditions | None = Field(
        None,
        description="conditions, asked when a reminder falls due and at its release",
        examples=[{"count": "feature.used", "within": "14d", "lt": 3}],
    )
    wait: Wait | None = Field(
        None,
        description="silence after arming; left out: due at once",
        examples=[
            "1h",
            ["30m", "24h", "72h"],
            {"field": "supply_days", "unit": "days", "default": "30d"},
            {"until": "expires_at", "days": -7},
            {"days": 1, "at": "10:00", "on": ["tue", "thu"]},
        ],
    )
    unless: EventMatch | None = Field(
        None,
        description="the event that disarms",
        examples=["order.completed", {"event": "order.completed", "same": "checkout_id"}],
    )
    per: Paths | None = Field(None, description="properties that split a contact into independent instances")
    restart: Flag = Field(True, description="whether a further match starts the wait anew")
    reaches: ReachesObject | None = Field(None, description="fires when a total crosses a threshold")
    interest: Interest | None = Field(None, description="the contacts concerned by a catalogue change")
    audience: ConditionTree | None = Field(
        None,
        description="a tree of conditions: who is in",
        examples=[{"all": [{"sum": "total", "of": "order.completed", "within": "90d", "gte": 500}]}],
    )
    emits: Emits | None = Field(
        None,
        description="for audiences: entered, exited",
        json_schema_extra={"contains": {"const": "entered"}, "uniqueItems": True},
    )
    include: Include | None = Field(
        None, description="output name to property path, copied into the trigger", json_schema_extra=INCLUDE_SCHEMA
    )
    digest: DigestObject | None = Field(
        None,
        description="what is released together leaves in one trigger, which lists it",
        examples=[{"max": 10}, {"max": 5, "highest": "saving"}],
    )
    # whether it may be sent
    mode: Annotated[str, *one_of("live", "shadow", "off")] = Field("live", description="live, shadow or off")
    rollout: RolloutObject | None = Field(
        None, description="the share of contacts that it is sent to, so that it starts small", examples=[{"percent": 5}]
    )
    priority: Whole = Field(
        50, description="0 to 100; the higher goes first", json_schema_extra={"minimum": 0, "maximum": 100}
    )
    reentry: Reentry = Field("always", description="always, once, or a duration")
    group: Name | None = Field(None, description="a name for caps")
    channel: Name | None = Field(None, description="the policy's channel on which it is sent")
    transactional: Flag | None = Field(None, description="caps and quiet hours neither hold nor count it")
    holdout: OutOfHoldout | None = Field(None, description="false takes the rule out of the policy's holdout")
    expires: Duration = Field("3d", description="how long after it was due it may still be sent")
    keep: Duration = Field("400d", description="how long keys are remembered")
    live_from: Instant | None = Field(None, description="nothing fires before; replaces the policy's")
    variants: VariantsObject | None = Field(
        None,
        description="the share of each variant, in percent; the trigger says which the contact gets",
        examples=[{"a": 50, "b": 50}],
    )
    # what it says of itself
    description: Description | None = Field(None, description="what it is for, in words; decides nothing")
    owner: Owner | None = Field(
        None, description="who answers for it; decides nothing", examples=["retention team", "mara@example.com"]
    )
    tags: Tags | None = Field(
        None,
        description="labels to find it by; decide nothing",
        examples=[["cart", "email"]],
        json_schema_extra=TAGS_SCHEMA,
    )


class Header(Model):
    """A document without its rules."""

    account: AccountId = Field(description='whose rules these are; "*" = every account')
    timezone: ZoneName | None = Field(None, description="used for contacts without a timezone")
    policy: PolicyObject | None = Field(None, description="what holds for all its rules; replaces that of * whole")
    calendar: Holidays | None = Field(
        None,
        description="dates that are no workdays, and calendar files (.ics); replaces that of * whole",
        examples=[["2026-12-25", "2027-01-01"], "holidays.ics"],
    )
    cast: Casts | None = Field(
        None,
        description="texts read as numbers and epoch numbers read as times, before the rules see an event",
        examples=[[{"event": "order.completed", "number": ["total", "price"]}]],
    )
    repeats: RepeatsList | None = Field(
        None,
        description="events that are dropped since one that counted has brought their value",
        examples=[[{"event": "order.completed", "same": "order_id", "within": "30d"}]],
    )
    derive: Derivations | None = Field(
        None,
        description="one event of each element of a list",
        examples=[[{"event": "order.item_purchased", "from": "order.completed", "each": "products"}]],
    )
    matches: NamedMatches | None = Field(
        None,
        description="event matches by name, to be used wherever an event match may stand",
        examples=[{"purchase": {"event": "order.completed", "where": {"test": {"ne": True}}}}],
    )
    rules: None = Field(None, description="its rules")  # read one by one, each with its own errors
