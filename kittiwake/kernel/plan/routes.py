"""Routes: what an event of one type can do in one rule, computed when the program is built.

So that at event time nobody asks a rule about types it does not name. Built by `plan.build`; `run.dispatch` makes
handlers of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kittiwake.event_types import UNMATCHED_BY_ANY, is_item_change
from kittiwake.kernel.plan.match import Comparison, Match, Matches, Other, Predicate, asks_of_change, leaves_of
from kittiwake.kernel.plan.preparation import UNPREPARED, Preparation
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import FieldWait, UntilWait
from kittiwake.values import Path


class Route(msgspec.Struct, frozen=True):
    """The matches of one rule that an event of one type can meet; `where` is all that is left to ask."""

    rule_index: int
    rule: RuleProgram
    when: Matches
    steps: tuple[tuple[int, Matches], ...]
    """Of a sequence, by step."""
    unless: Matches
    conditions: tuple[tuple[int, Matches], ...]
    """Of `given` or `audience`, by condition."""
    interest: Matches = ()
    """Of a catalogue rule."""

    def matches(self) -> Iterator[Match]:
        """Every match, whatever clause it is of."""
        for matches in (
            self.when,
            self.unless,
            self.interest,
            *(found for _, found in (*self.steps, *self.conditions)),
        ):
            yield from matches

    def asks_of_change(self) -> bool:
        """Whether a match of it depends on what an attribute was before the event."""
        return any(match.where is not None and asks_of_change(match.where) for match in self.matches())

    def reads(self) -> bool:
        """Whether it may read the properties of its events."""
        return any(True for _ in self.paths()) or any(match.where is not None for match in self.matches())

    def paths(self) -> Iterator[Path]:
        """Where in the properties of its events it may read."""
        for match in self.matches():
            yield from match.own_same
            if match.where is not None:
                yield from _paths_of(match.where)
        if self.interest and self.rule.catalog is not None:
            yield from (self.rule.catalog.item, *((name,) for name in self.rule.catalog.shown))
            yield from _paths_of_a_row(self.rule)  # of interest for which there is no room
        asked = [self.rule.conditions[i] for i, _ in self.conditions]
        for condition in asked:
            yield from (*condition.same, *condition.own_same, *((condition.path,) if condition.path else ()))
        if self.when or self.steps or self.rule.audience:
            yield from _paths_of_what_arms(self.rule)
        if any(condition.same or condition.path or condition.near_us for condition in asked):
            yield from _paths_of_a_row(self.rule)  # it may find no room, and leaves one that says so


def _paths_of(predicate: Predicate) -> Iterator[Path]:
    """Where in the properties of an event a predicate looks."""
    for one in leaves_of(predicate):
        if isinstance(one, Comparison):
            if not one.of_contact:
                yield one.path
            if isinstance(one.operand, Other) and not one.operand.of_contact:
                yield one.operand.path


def _paths_of_what_arms(rule: RuleProgram) -> Iterator[Path]:
    """Where a rule looks in the properties of what arms it, or is a step of it."""
    wait, reaches = rule.wait, rule.reaches
    yield from _paths_of_a_row(rule)
    yield from rule.same
    if reaches is not None and reaches.path is not None:
        yield reaches.path
    if isinstance(wait, FieldWait) or (isinstance(wait, UntilWait) and not wait.of_contact):
        yield wait.path


def _paths_of_a_row(rule: RuleProgram) -> Iterator[Path]:
    """Where the row of a decision that an event brings about at once looks in its properties."""
    yield from rule.per
    yield from (one.path for one in rule.include if one.of_event)


class Routes(msgspec.Struct, frozen=True, weakref=True):
    """The routes of every event of a program; programs that differ only in their account share them."""

    by_type: dict[str, tuple[Route, ...]] = msgspec.field(default_factory=dict)
    """Of every type a rule names; see `of` for the others."""
    of_any: tuple[Route, ...] = ()
    """Of a type nobody names: rules with a "*" match, and audiences that hold of an empty history."""
    of_contact: tuple[Route, ...] = ()
    """Of a `contact.*` or `consent.*` type nobody names: audiences that hold of an empty history,
    since any event can be the contact's first."""
    own_types: frozenset[str] = frozenset()
    """Types the kernel itself takes: `contact.*` and, where the policy asks for consent, `consent.*`."""
    preparation: Preparation = UNPREPARED
    """What becomes of events before the rules see them; without derivations of types that no rule needs."""
    takes_any: bool = False
    """Whether events of every type are needed: by a "*" of a rule or of a derivation, or as a contact's first."""
    of_item: tuple[Route, ...] = ()
    """Of changes of items: the catalogue rules."""

    def names_read(self, event_type: str) -> frozenset[str]:
        """The properties at the top that rules may read of events of a type that is none of the kernel's own."""
        return frozenset(path[0] for route in self.of(event_type) for path in route.paths())

    def of(self, event_type: str) -> tuple[Route, ...]:
        """What an event of this type can do, rule by rule."""
        found = self.by_type.get(event_type)
        if found is not None:
            return found
        if is_item_change(event_type):
            return self.of_item
        return self.of_contact if event_type.startswith(UNMATCHED_BY_ANY) else self.of_any


def route_of(rule_index: int, rule: RuleProgram, event_type: str | None) -> Route:
    """The route of events of a type in a rule; None: of a type that no rule names and "*" covers."""
    steps = rule.sequence.steps if rule.sequence else ()
    return Route(
        rule_index,
        rule,
        _of_type(rule.when, event_type),
        _numbered(steps, event_type),
        _of_type(rule.unless, event_type),
        _numbered(tuple(condition.of for condition in rule.conditions), event_type),
        _of_type(rule.catalog.interest, event_type) if rule.catalog else (),
    )


def _numbered(alternatives: tuple[Matches, ...], event_type: str | None) -> tuple[tuple[int, Matches], ...]:
    found = ((i, _of_type(matches, event_type)) for i, matches in enumerate(alternatives))
    return tuple((i, matches) for i, matches in found if matches)


def _of_type(matches: Matches, event_type: str | None) -> Matches:
    return tuple(match for match in matches if match.covers(event_type))
