"""A contact's settled events and the questions asked of them. Every answer is a fresh look at the whole list."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from tests.oracle import clock
from tests.oracle.ages import Ages, gone
from tests.oracle.changes import changed
from tests.oracle.language import Condition, Consent, Match, Matches, Rule
from tests.oracle.preparing import Brought, cast, derived
from tests.oracle.values import canonical, equal, exact, is_key, is_number, key_of, number_text, value_at, where_holds


@dataclass(frozen=True, eq=False)
class Event:
    """A settled event: its place in the order and the attributes as it sees them; of a change of an item between two.

    `life` is the place of the first event since the contact was last forgotten, `person` of the first since nothing was
    known of it. `before` are the attributes it found. `refused`: an update that the contact has no room for.
    """

    index: float
    id: str
    time: int
    type: str
    properties: dict[str, Any]
    attributes: dict[str, Any]
    life: int
    person: int
    before: dict[str, Any]
    refused: bool = False
    family: int = -1
    """The place of the event that it is derived from, or its own."""
    cut: tuple[tuple[str, str], ...] = ()
    """Of lists that were too long, what was derived of each and its path."""


def settled(
    events: Iterable[dict[str, Any]], until_us: int, horizon_us: int, ages: Ages, limits: dict[str, int]
) -> list[Event]:
    """The events that count, before `until_us`, in `(time, event_id, type)` order, each with the attributes at it.

    A life ends with a deletion, a merge, and the instant at which the contact is forgotten: an event at it comes late.
    """
    life = person = 0
    found: list[Event] = []
    brought, version = Brought(limits["repeats"]), -1
    for at, name, kind, properties in _that_count(events, horizon_us, ages, limits["ids"]):
        if at >= until_us:
            continue
        was = life
        if kind in ("contact.deleted", "contact.merged"):
            life = person = len(found) + 1
        elif person < len(found) and ages.profile_forgotten_at(found[-1].time) <= at:
            life = person = len(found)
        elif life < len(found) and ages.forgotten_at(found[-1].time) <= at:
            life = len(found)
        for coming in ages.versions[version + 1 : ages.at(at) + 1]:
            brought.pass_to(ages.preparation(coming.start - 1), coming.preparation, coming.start)
        now, version = ages.preparation(at), ages.at(at)
        if life != was:
            brought.forget()
        seen = cast(now.casts, kind, properties)
        if brought.is_repeat(now, kind, seen, at):
            continue
        event = Event(len(found), name, at, kind, seen, {}, life, person, {}, family=len(found))
        before, after = (_known(each, ages, ages.at(at)) for each in (found[person:], [*found[person:], event]))
        if limits["attribute_bytes"] < _size(after, ages, at) > _size(before, ages, at):
            event, after = replace(event, refused=True), before
        event.attributes.update(after)
        event.before.update(before)
        children, cut = derived(ages.derivations(version, at) if version >= 0 else (), (name, kind), seen, after)
        found.append(replace(event, cut=tuple(cut)))
        for child, of, own in children:
            drawn = cast(now.casts, of, own)
            found.append(replace(event, index=len(found), id=child, type=of, properties=drawn, cut=()))
    return found


def _size(attributes: dict[str, Any], ages: Ages, at: int) -> int:
    """Bytes of the attributes that the rules in force read; 0 where there are none."""
    if ages.at(at) < 0:
        return 0
    reads = {"timezone", *ages.reads(ages.at(at))}
    return len(canonical({name: value for name, value in attributes.items() if name in reads}).encode())


def _known(events: Iterable[Event], ages: Ages, version: int) -> dict[str, Any]:
    """The attributes the events have set, as far as the version's rules remember."""
    merged: dict[str, Any] = {}
    for event in events:
        if event.type == "contact.updated" and not event.refused:
            known = {name for name in event.properties if ages.attribute_since(version, name) <= event.time}
            merged |= {name: event.properties[name] for name in known}
    return {name: value for name, value in merged.items() if value is not None}


Counted = tuple[int, str, str, dict[str, Any]]
Order = tuple[int, str, str]


def _that_count(events: Iterable[dict[str, Any]], horizon_us: int, ages: Ages, ids: int) -> list[Counted]:
    """Of the events needed those that are no copies, in order: of one time, id and type the one with the smallest rest.

    A copy of an earlier one lies at most the horizon after it, and fewer than `ids` others that count lie between.
    """
    return counted_copies([raw for raw in events if ages.is_needed(raw["type"], _time(raw))], horizon_us, ids)


def _time(raw: dict[str, Any]) -> int:
    at = clock.parse_instant(raw["time"])
    assert at is not None
    return at


def counted_copies(events: Iterable[dict[str, Any]], horizon_us: int, ids: int) -> list[Counted]:
    """Of the events of one subject those that are no copies, in order."""
    copies: dict[Order, list[tuple[bytes, dict[str, Any]]]] = {}
    for raw in events:
        at = _time(raw)
        properties = exact(raw.get("properties")) or {}
        rest = canonical({"properties": properties}).encode()
        copies.setdefault((at, raw["event_id"], raw["type"]), []).append((rest, properties))
    counted: list[Counted] = []
    for (at, name, kind), group in sorted(copies.items(), key=lambda each: each[0]):
        known = counted[max(0, len(counted) - ids) :]
        if not any(other[1:3] == (name, kind) and at - other[0] <= horizon_us for other in known):
            counted.append((at, name, kind, min(group, key=lambda copy: copy[0])[1]))
    return counted


class History:
    """The settled events as a kernel would have seen them: questions name the position up to which they look."""

    def __init__(self, events: list[Event], ages: Ages, limits: dict[str, int]) -> None:
        """Without changes of items; `changes` is set by who has them."""
        self.events = events
        self.changes: list[Any] = []
        self.feeds: dict[str, list[int]] = {}
        self.named: dict[str, list[tuple[int, str]]] = {}
        """The times of all contacts' events, by type."""
        self.ages = ages
        self.limits = limits
        self._answers: dict[tuple[Match, int], bool] = {}
        self._forgotten: set[int] = set()
        self._gone: set[int] = set()

    def life(self, position: int) -> int:
        """Where the contact's present life began, seen after `position` events."""
        return position if position in self._forgotten or not position else self.events[position - 1].life

    def person(self, position: int) -> int:
        """Since where anything of the contact is known, seen after `position` events."""
        return position if position in self._gone or not position else self.events[position - 1].person

    def alive(self, position: int) -> list[Event]:
        """The events of the contact's present life, the oldest first."""
        return self.events[self.life(position) : position]

    def known(self, position: int) -> list[Event]:
        """The events since anything of the contact is known, the oldest first."""
        return self.events[self.person(position) : position]

    def forget(self, position: int, *, wholly: bool) -> None:
        """The contact has been forgotten after so many events: what it did, or all of it."""
        self._forgotten.add(position)
        if wholly:
            self._gone.add(position)

    def attributes(self, position: int, version: int) -> dict[str, Any]:
        """The contact's attributes after so many events, as far as the version remembers them."""
        return _known(self.known(position), self.ages, version)

    def consents(self, position: int, version: int, consent: Consent) -> bool:
        """Whether the newest remembered consent event that concerns the purpose granted it."""
        purpose, since = consent.purpose, self.ages.consent_since(version, consent.purpose)
        for event in reversed([each for each in self.known(position) if since <= each.time]):
            named = event.properties.get("purpose")
            if event.type == "consent.granted" and (named is None or named == purpose):
                return True
            if event.type == "consent.withdrawn" and (named in (None, purpose) or not isinstance(named, str)):
                return False
        return consent.granted

    def matches(self, matches: Matches, event: Event) -> bool:
        """Whether the event fits one of the alternatives, `same` aside."""
        return any(self.fits(match, event) for match in matches)

    def fits(self, match: Match, event: Event) -> bool:
        """Whether the event fits the match, `same` aside."""
        answer = self._answers.get((match, event.index))
        if answer is None:
            answer = self._answers[match, event.index] = _fits(match, event)
        return answer

    # -- history conditions ------------------------------------------------------------------------------------

    def holds(self, condition: Condition, position: int, now: int, asker: Event | None) -> bool:
        """Whether the condition holds at `now` over the first `position` events, asked by `asker` (for `same`)."""
        found = self._in_reach(condition, position, now, asker)
        if condition.what in ("present", "absent"):
            return bool(found) == (condition.what == "present")
        measured = self._measure(condition, found)
        return measured is not None and _compare(condition.op, measured, condition.number)

    def _measure(self, condition: Condition, found: list[Event]) -> Any:
        """What the condition measures of its events, newest first; None where it is nothing."""
        if condition.what == "count":
            return Fraction(len(found))
        values = [value_at(condition.path, event.properties) for event in found]
        if condition.what == "sum":
            return sum(values, Fraction(0))
        if condition.what in ("avg", "min", "max", "last"):
            return _value(condition.what, values) if values else None
        return Fraction(len({canonical(value) for value in values}))

    def _in_reach(self, condition: Condition, position: int, now: int, asker: Event | None) -> list[Event]:
        """The recorded matching events still remembered at `now`, newest first."""
        reach: list[Event] = []
        horizon, spans = now, self.ages.of_condition(condition).spans
        forgetful = condition.what == "distinct" or bool(condition.same)
        for event in reversed(self._recorded(condition, position)):
            if asker is not None and condition.same and not _same(condition.own, event, condition.same, asker):
                continue
            if condition.within is not None and event.time + condition.within <= now:
                break
            if condition.within is None and forgetful and gone(spans, event.time, horizon):
                break
            reach.append(event)
            horizon = now if condition.what == "distinct" else event.time
        since = 0 if condition.period is None else clock.period_start(now, self.zone(position, now), condition.period)
        return [
            event
            for event in reach
            if event.time + condition.near <= now and (condition.period is None or since <= event.time)
        ]

    def zone(self, position: int, now: int) -> Any:
        """The contact's zone after so many events, else that of the account in force."""
        version = self.ages.at(now)
        own = clock.zone_of(self.attributes(position, version).get("timezone"))
        return own or self.ages.versions[version].zone

    def _recorded(self, condition: Condition, position: int) -> list[Event]:
        memory = self.ages.of_condition(condition)
        return [
            event
            for event in self.alive(position)
            if memory.since <= event.time and event.index not in memory.unrecorded and self._concerns(condition, event)
        ]

    def _concerns(self, condition: Condition, event: Event) -> bool:
        """Whether the event is one that the condition records: it has its keys and something to add."""
        if not self.matches(condition.matches, event):
            return False
        return key_of(condition.own, event.properties) is not None and _adds(condition, event)

    # -- room --------------------------------------------------------------------------------------------------

    def record(self, rule: Rule, event: Event) -> bool:
        """Record the event in the rule's conditions; false if one of them has no room for it."""
        had_room = [self.record_in(condition, event) for condition in rule.conditions]
        return all(had_room)

    def record_in(self, condition: Condition, event: Event) -> bool:
        """Record the event in one condition; false if there is no room."""
        if not self._concerns(condition, event) or self._has_room(condition, event):
            return True
        self.ages.of_condition(condition).unrecorded.add(event.index)
        return False

    def was_recorded(self, rule: Rule, event: Event) -> bool:
        """Whether every condition of the rule that the event concerns had room for it."""
        return not any(event.index in self.ages.of_condition(each).unrecorded for each in rule.conditions)

    def _has_room(self, condition: Condition, event: Event) -> bool:
        if event.index - event.life < min(self.limits[name] for name in ("keys", "distinct", "sum_entries")):
            return True
        past = [each for each in self._recorded(condition, event.index) if self._remembers(condition, each, event.time)]
        return (
            self._key_fits(condition, event, past)
            and self._value_fits(condition, event, past)
            and self._entry_fits(condition, event, past)
        )

    def _remembers(self, condition: Condition, event: Event, now: int) -> bool:
        if condition.within is not None:
            return now < event.time + condition.within
        return not gone(self.ages.of_condition(condition).spans, event.time, now)

    def _key_fits(self, condition: Condition, event: Event, past: list[Event]) -> bool:
        keys = {key_of(condition.own, each.properties) for each in past}
        known = key_of(condition.own, event.properties) in keys
        return not condition.same or known or len(keys) < self.limits["keys"]

    def _value_fits(self, condition: Condition, event: Event, past: list[Event]) -> bool:
        if condition.what != "distinct" or condition.near:
            return True
        paths = (*condition.own, condition.path)
        values = {key_of(paths, each.properties) for each in past}
        return key_of(paths, event.properties) in values or len(values) < self.limits["distinct"]

    def _entry_fits(self, condition: Condition, event: Event, past: list[Event]) -> bool:
        if condition.near:
            return len(past) < self.limits["sum_entries"]
        if condition.what not in ("sum", "avg", "min", "max") or condition.within is None:
            return True
        entries = _undone(condition, past, event) if condition.what in ("min", "max") else past
        return len(entries) < self.limits["sum_entries"]

    # -- sequences ---------------------------------------------------------------------------------------------

    def completes(self, rule: Rule, event: Event, candidates: list[Event]) -> bool:
        """Whether the event ends a chain through the candidates: some start is less than `within` older."""
        if not self.matches(rule.steps[-1], event):
            return False
        young = [each for each in candidates if event.time < each.time + rule.within]
        return any(
            self.matches(rule.steps[0], start) and self._walks(rule.steps[1:-1], young[place + 1 :])
            for place, start in enumerate(young)
        )

    def _walks(self, steps: tuple[Matches, ...], events: list[Event]) -> bool:
        """Whether the steps occur among the events in their order."""
        rest = iter(events)
        return all(any(self.matches(step, event) for event in rest) for step in steps)


def _same(paths: tuple[str, ...], event: Event, others: tuple[str, ...], other: Event) -> bool:
    """Whether what the one event has at some paths is what the other has at others."""
    here = [value_at(path, event.properties) for path in paths]
    there = [value_at(path, other.properties) for path in others]
    return all(map(is_key, here)) and canonical(here) == canonical(there)


def same_as(match: Match, event: Event, newest: Event) -> bool:
    """Whether the event agrees with the newest arming event in every property the match's `same` names."""
    if match.item:
        named = value_at(match.item, event.properties)
        text = number_text(named) if is_number(named) else named
        return isinstance(text, str) and text == newest.properties["item_id"]
    return not match.same or _same(match.own, event, match.same, newest)


def _fits(match: Match, event: Event) -> bool:
    named = event.type in match.types
    anything = "*" in match.types and not event.type.startswith(("contact.", "consent."))
    asked = (named or anything) and where_holds(match.where, event.properties, event.attributes)
    return asked and all(
        changed(path, spec, event.properties, event.before, event.attributes) for path, spec in match.change.items()
    )


def _adds(condition: Condition, event: Event) -> bool:
    """Whether a sum finds a number in the event, a `distinct` a key, a `last` a key it can be compared with."""
    value = value_at(condition.path, event.properties) if condition.path else None
    if condition.what in ("sum", "avg", "min", "max"):
        return is_number(value)
    if condition.what == "last":
        operands = condition.number if isinstance(condition.number, list) else [condition.number]
        return is_key(value) and type(value) in {type(operand) for operand in operands}
    return condition.what != "distinct" or is_key(value)


def _value(what: str, values: list[Any]) -> Any:
    """Of the values of some events, the newest first."""
    if what == "last":
        return values[0]
    return sum(values, Fraction(0)) / len(values) if what == "avg" else min(values) if what == "min" else max(values)


def _undone(condition: Condition, past: list[Event], event: Event) -> list[Event]:
    """Those that may still be the smallest (greatest) of their key once the event and all after them are there."""
    best = min if condition.what == "min" else max

    def outdone(each: Event) -> bool:
        newer = [
            other
            for other in [*past, event]
            if other.index > each.index and _same(condition.own, each, condition.own, other)
        ]
        value, values = (
            value_at(condition.path, each.properties),
            [value_at(condition.path, one.properties) for one in newer],
        )
        return bool(values) and best([value, *values]) == best(values)

    return [each for each in past if not outdone(each)]


def _compare(op: str, left: Any, right: Any) -> bool:
    if op == "in":
        return any(equal(left, each) for each in right)
    if op == "eq":
        return equal(left, right)
    return {"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[op]
