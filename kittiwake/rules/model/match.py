"""Models of what an event must be: `where` and event matches (rules.md, section 3, Event matches).

Pure. Checked further by `check.match`, read by `compile.match`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, TypeAlias

from kittiwake.rules.model.base import Field, JsonSchema, Model, Tag, chosen, shape
from kittiwake.rules.model.change import AttributeChanges, is_change_match
from kittiwake.rules.model.number import Flag, Orderable, ScalarValue, Word
from kittiwake.rules.model.text import PATH_SCHEMA_PATTERN, EventType, OwnPath, PathText, SamePaths
from kittiwake.values import Scalar


class OtherProperty(Model):
    """In place of a value: what stands at another path."""

    path: PathText = Field(description="another property of the event; contact.… is an attribute of the contact")


def _value_or_path(value: Any) -> str:
    return "|path" if isinstance(value, dict) else "|value"


_EITHER: Final = chosen(_value_or_path, "a value or {path: …} is needed here", "Write 3, or {path: compare_at_price}")

ValueOrPath: TypeAlias = Annotated[
    Annotated[ScalarValue, Tag("|value")] | Annotated[OtherProperty, Tag("|path")], _EITHER
]
OrderableOrPath: TypeAlias = Annotated[
    Annotated[Orderable, Tag("|value")] | Annotated[OtherProperty, Tag("|path")], _EITHER
]


def _element_tag(value: Any) -> str:
    return "|object" if isinstance(value, dict) else "|value"


class Operators(Model):
    """Comparisons of one property; all of them have to hold."""

    SCHEMA: ClassVar[JsonSchema] = {"minProperties": 1}

    eq: ValueOrPath | None = Field(None, description="equals")
    ne: ValueOrPath | None = Field(None, description="does not equal, or is missing")
    gt: OrderableOrPath | None = Field(None, description="is greater than")
    gte: OrderableOrPath | None = Field(None, description="is greater than or equal to")
    lt: OrderableOrPath | None = Field(None, description="is less than")
    lte: OrderableOrPath | None = Field(None, description="is less than or equal to")
    in_: list[ScalarValue] | None = Field(None, alias="in", description="is one of")
    not_in: list[ScalarValue] | None = Field(None, description="is none of, or is missing")
    exists: Flag | None = Field(None, description="is there at all, null included")
    empty: Flag | None = Field(None, description="true: a list, object or text without content; false: one with")
    contains: (
        Annotated[
            Annotated[ScalarValue, Tag("|value")] | Annotated[Where, Tag("|object")],
            chosen(_element_tag, "a value or an object is needed here", "Write gold, or {sku: a, quantity: {gte: 2}}"),
        ]
        | None
    ) = Field(
        None,
        description="a text that contains this text, or a list this element; "
        "with an object: a list of objects, one of which is as it says",
    )
    starts_with: Word | None = Field(None, description="a text that starts with this text")


def _test_tag(value: Any) -> str | None:
    found = shape(value)
    return "|value" if found in (None, "|text") else found


PropertyTest: TypeAlias = Annotated[
    Annotated[ScalarValue, Tag("|value")]
    | Annotated[list[ScalarValue], Tag("|list")]
    | Annotated[Operators, Tag("|object")],
    chosen(_test_tag, "a value, a list or operators are needed here", "Write gold, [gold, silver] or {gte: 3}"),
]


class Where(Model):
    """Properties (or attributes) and what they must be; all of them have to hold."""

    SCHEMA: ClassVar[JsonSchema] = {"minProperties": 1, "propertyNames": {"pattern": PATH_SCHEMA_PATTERN}}
    own_keys: dict[str, PropertyTest]

    all_: list[Where] | None = Field(None, alias="all", description="all of these hold")
    any_: list[Where] | None = Field(None, alias="any", description="at least one of these holds")
    not_: Where | None = Field(None, alias="not", description="this does not hold")
    contact: Where | None = Field(None, description="of the contact's attributes, as they were at that event")

    def tests(self) -> dict[str, Scalar | list[Scalar] | Operators]:
        """What each named property must be."""
        return self.own_keys


EventTypes: TypeAlias = Annotated[
    Annotated[EventType, Tag("|text")] | Annotated[list[EventType], Tag("|list")],
    chosen(
        lambda value: shape(value) if isinstance(value, (str, list)) else None,
        "an event type or a list of them is needed here",
        "Write order.completed or [order.completed, order.paid]",
    ),
]


class MatchObject(Model):
    """An event match written out."""

    event: EventTypes = Field(description="the event's type, a list of types, or *")
    where: Where | None = Field(None, description="what its properties must be")
    same: SamePaths | None = Field(None, description="properties that must equal those of the newest arming event")
    item: OwnPath | None = Field(None, description="in a catalogue rule: the property that names the item")


class ChangeMatch(Model):
    """A match of a `contact.updated` that changes an attribute."""

    contact: AttributeChanges = Field(description="an attribute of the contact and how it changes")
    where: Where | None = Field(None, description="what the properties of that event must be")
    same: SamePaths | None = Field(None, description="properties that must equal those of the newest arming event")


def match_shape(value: Any) -> str | None:
    """The tag of a written match."""
    return "|change" if is_change_match(value) else shape(value)


_MATCH_MESSAGE = "an event match is needed here"
_MATCH_ADVICE = "Write order.completed, a list of types, or {event: …, where: …}"

MatchEntry: TypeAlias = Annotated[
    Annotated[EventType, Tag("|text")]
    | Annotated[MatchObject, Tag("|object")]
    | Annotated[ChangeMatch, Tag("|change")],
    chosen(lambda value: match_shape(value) if isinstance(value, (str, dict)) else None, _MATCH_MESSAGE, _MATCH_ADVICE),
]

EventMatch: TypeAlias = Annotated[
    Annotated[EventType, Tag("|text")]
    | Annotated[list[MatchEntry], Tag("|list")]
    | Annotated[MatchObject, Tag("|object")]
    | Annotated[ChangeMatch, Tag("|change")],
    chosen(match_shape, _MATCH_MESSAGE, _MATCH_ADVICE),
]
"""A type, a list of types and objects, or an object: as the author wrote it."""


Entry: TypeAlias = str | MatchObject | ChangeMatch
"""One alternative of a match."""


def entries(match: EventMatch) -> list[Entry]:
    """The alternatives of a match."""
    return list(match) if isinstance(match, list) else [match]
