"""What is known of events as rules see them: the plan, with what an account's `cast` and `derive` make of its events.

Pure. Made for one account by the checks, and asked by them; where nothing is known it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from kittiwake.event_plan.model import DerivedObject, EventObject, PlanObject, PropertyObject
from kittiwake.event_plan.uses import Use
from kittiwake.event_types import UNMATCHED_BY_ANY, UPDATED
from kittiwake.rules.compile.match import matches_of, types_of
from kittiwake.rules.diagnostics import each
from kittiwake.rules.model.cast import CastObject
from kittiwake.rules.model.derive import DeriveObject
from kittiwake.rules.ruleset import Preparing

Properties: TypeAlias = dict[str, PropertyObject]

_NO_RANGE: Final = {"min": None, "max": None}


class Found(NamedTuple):
    """One property in the events of one type, or an attribute of contacts."""

    event_type: str
    """Empty for an attribute."""
    event: EventObject
    property: PropertyObject


class Answer(NamedTuple):
    """What is known of one property in the events of several types."""

    found: tuple[Found, ...] = ()
    """Where it occurs."""
    without: tuple[str, ...] = ()
    """Types of which it is known that they never have it."""
    unknown: bool = False
    """Whether some type may have it, of which too little is known."""

    @property
    def never(self) -> bool:
        """Whether it surely occurs nowhere, though such events do."""
        return not self.found and not self.unknown and bool(self.without)


class Known(NamedTuple):
    """The events of an account."""

    plan: PlanObject
    events: dict[str, EventObject]
    """The types that occur, derived ones too."""
    derived_from: dict[str, frozenset[str]]
    """By derived type: the types it is derived from."""
    attributes: Properties | None
    items: dict[str, EventObject] | None = None
    """The types of events of items; None: nothing is known of items."""

    def occurs(self, event_type: str) -> bool:
        """Whether events of a type may come."""
        return event_type in self.events or not self.plan.complete

    def before_rules(self) -> Known:
        """The events as they are sent, before `cast`; derived ones may be sent too."""
        derived = {name: event for name, event in self.events.items() if name in self.derived_from}
        sent = known_of(self.plan)
        return sent._replace(events={**derived, **sent.events})

    def types(self, named: Iterable[str]) -> list[str]:
        """Those of these types that are known to occur; `"*"` is every one that it covers."""
        names = list(named)
        every = [one for one in self.events if not one.startswith(UNMATCHED_BY_ANY)] if "*" in names else []
        return list(dict.fromkeys([*every, *(one for one in names if one in self.events)]))

    def property_of(self, named: Iterable[str], path: tuple[str, ...]) -> Answer:
        """A property of events of these types; `path` leads through lists: of the event, then of the elements."""
        named = list(named)
        found: list[Found] = []
        without: list[str] = []
        unknown = not self.plan.complete and any(one not in self.events for one in named)
        for event_type in self.types(named):
            event = self.events[event_type]
            one = property_at(event.properties, path, complete=event.complete)
            if isinstance(one, PropertyObject):
                found.append(Found(event_type, event, one))
            elif one is None:
                unknown = True
            else:
                without.append(event_type)
        return Answer(tuple(found), tuple(without), unknown)

    def answer(self, use: Use) -> Answer:
        """What a rule names."""
        if use.of_item:
            return self._item(use.path)
        return self.attribute(use.path[0]) if use.of_contact else self.property_of(use.types, use.path)

    def _item(self, path: tuple[str, ...]) -> Answer:
        """A property of items: an event of any type may bring it."""
        of_items = self._replace(events=self.items or {})
        return of_items.property_of(of_items.events, path) if self.items else Answer(unknown=True)

    def attribute(self, name: str) -> Answer:
        """An attribute of contacts."""
        one = property_at(self.attributes, (name,), complete=True)
        if isinstance(one, PropertyObject):
            return Answer((Found("", _event(None), one),))
        return Answer(unknown=True) if one is None else Answer(without=("",))


def property_at(
    properties: Properties | None, path: tuple[str, ...], *, complete: bool
) -> PropertyObject | bool | None:
    """What is known of a property: it; False: it never occurs; None: nothing."""
    if properties is None:
        return None
    name, rest = path[0], path[1:]
    listed = properties.get(name)
    one = listed if listed is not None else _from_around(properties, name, complete=complete)
    if not isinstance(one, PropertyObject):
        return one
    if one.present == 0 or (one.types is not None and not any(_counts(one.types))):
        return False
    if not rest:
        return one
    if "list" not in types_seen(one, otherwise=("list",)):
        return False
    elements = one.elements
    return None if elements is None else property_at(elements.properties, rest, complete=True)


def _counts(types: dict[str, int]) -> Iterator[int]:
    return (number for name, number in types.items() if name != "null")


def _from_around(properties: Properties, name: str, *, complete: bool) -> PropertyObject | bool | None:
    """A property that is not listed, from those that lie inside it, or around it."""
    if any(other.startswith(f"{name}.") for other in properties):
        return PropertyObject.model_validate({"type": "object"})
    parents = [name.rsplit(".", times)[0] for times in range(1, name.count(".") + 1)]
    around = next((properties[one] for one in parents if one in properties), None)
    if around is not None and "object" in types_seen(around, otherwise=("object",)):
        inside = [other for other in properties for one in parents if other.startswith(f"{one}.")]
        return False if inside and complete else None
    return False if complete else None


def types_seen(one: PropertyObject, otherwise: tuple[str, ...] = ()) -> frozenset[str]:
    """Of what types its values are, null left out: as seen, else as written; `otherwise`, if that is not known."""
    if one.types is not None:
        return frozenset(name for name, number in one.types.items() if number and name != "null")
    written = {name for _, name in each(one.type, ())} - {"null"}
    return frozenset(written or otherwise)


def _event(properties: Properties | None) -> EventObject:
    """A type of events of which only the properties are known."""
    return EventObject.model_validate({"properties": properties})


# ---------------------------------------------------------------- made for an account


def known_of(plan: PlanObject, preparing: Iterable[Preparing] = ()) -> Known:
    """What is known of the events of an account, whose documents say this of them before rules see them."""
    said = list(preparing)
    casts = [one for part in said for one in part.cast or ()]
    raw = {name: event for name, event in plan.events.items() if event.count != 0}
    attributes = plan.attributes
    if attributes is not None and UPDATED not in raw:
        raw[UPDATED] = _event(attributes)
    events = {name: _cast(name, event, casts) for name, event in raw.items()}
    derived_from: dict[str, frozenset[str]] = {}
    derivations = [one for part in said for one in part.derive or ()]
    for one in [*map(_by_shape, plan.derived or ()), *derivations]:
        parents = frozenset(
            Known(plan, events, {}, None).types(name for m in matches_of(one.from_) for name in m.types)
        )
        derived_from[one.event] = derived_from.get(one.event, frozenset()) | parents
        if one.event not in raw and parents:
            events[one.event] = _cast(one.event, _derived(one, [events[name] for name in sorted(parents)]), casts)
    updated = events.get(UPDATED)
    if updated is not None and (attributes is None or plan.attributes is not None):
        attributes = updated.properties if attributes is None else _cast_properties(UPDATED, attributes, casts)
    items = plan.items and {name: _cast(name, one, casts) for name, one in plan.items.items() if one.count != 0}
    return Known(plan, events, derived_from, attributes, items)


def _by_shape(one: DerivedObject) -> DeriveObject:
    """A derivation of the input's shape, as an author would write it."""
    keep = {} if one.keep is None else {"keep": one.keep}
    return DeriveObject.model_validate({"event": one.event, "from": one.from_, "each": one.each, **keep})


def _derived(written: DeriveObject, parents: list[EventObject]) -> EventObject:
    """The events that are derived from those of these types."""
    properties: Properties = {}
    is_known = True
    for parent in parents:
        listed = property_at(parent.properties, (written.each,), complete=parent.complete)
        elements = listed.elements if isinstance(listed, PropertyObject) else None
        if elements is None or (elements.properties is None and written.as_ is None):
            is_known = False
            continue
        if written.as_ is not None:
            plain = PropertyObject.model_construct(
                **{one: getattr(elements, one) for one in PropertyObject.model_fields}
            )
            properties.setdefault(written.as_, plain)
        kept = {name: (parent.properties or {}).get(name) for name in written.keep or ()}
        for name, one in {**kept, **(elements.properties or {})}.items():
            if one is not None:
                properties.setdefault(name, one)
    return _event(properties if is_known else None)


def _cast(event_type: str, event: EventObject, casts: list[CastObject]) -> EventObject:
    if event.properties is None:
        return event
    return event.model_copy(update={"properties": _cast_properties(event_type, event.properties, casts)})


def _cast_properties(event_type: str, properties: Properties, casts: list[CastObject]) -> Properties:
    cast = dict(properties)
    for one in casts:
        types = types_of(one.event)
        if event_type not in types and ("*" not in types or event_type.startswith(UNMATCHED_BY_ANY)):
            continue
        for _, name in each(one.number, ()):
            if name in cast:
                cast[name] = _as_number(cast[name])
        for name, counted in (one.instant.counted() if one.instant is not None else {}).items():
            if name in cast:
                cast[name] = _as_instant(cast[name], counted)
    return cast


def _as_number(one: PropertyObject) -> PropertyObject:
    """A property whose texts are read as numbers, as far as they are some."""
    formats, types = one.formats or {}, one.types
    if types is None:
        return one.model_copy(update={"type": "number", "values": None}) if "text" in types_seen(one) else one
    numbers = min(formats.get("number", 0), types.get("text", 0))
    if not numbers:
        return one
    moved = {**types, "text": types["text"] - numbers, "number": types.get("number", 0) + numbers}
    known_range: dict[str, Any] = (
        {} if not types.get("number") else _NO_RANGE
    )  # else it may be that of the numbers alone
    return one.model_copy(update={"types": moved, "type": None, "values": None, "formats": None, **known_range})


def _as_instant(one: PropertyObject, counted: str) -> PropertyObject:
    formats, types = one.formats or {}, one.types
    if types is None:
        return one.model_copy(update={"type": "text", "format": "instant", "values": None})
    read = formats.get(counted, types.get("number", 0))
    if not read:
        return one
    of_numbers = min(read, types.get("number", 0))
    moved = {**types, "number": types.get("number", 0) - of_numbers, "text": types.get("text", 0) + of_numbers}
    update = {"types": moved, "type": None, "values": None, "formats": {"instant": read}, **_NO_RANGE}
    return one.model_copy(update=update)
