"""Routes: what an event of one type can do in one rule, computed when the program is built.

So that at event time nobody asks a rule about types it does not name. Built by `plan.build`; `run.dispatch` makes
handlers of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from kittiwake.event_types import UNMATCHED_BY_ANY, is_item_change
from kittiwake.kernel.plan.match import Match, Matches, asks_of_change
from kittiwake.kernel.plan.preparation import UNPREPARED, Preparation
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import FieldWait, UntilWait


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
        if self.interest:
            return True
        if any(match.where is not None or match.same for match in self.matches()):
            return True
        asked = (self.rule.conditions[i] for i, _ in self.conditions)
        if any(condition.same or condition.path is not None for condition in asked):
            return True
        arms = self.when or self.steps or self.rule.audience
        return bool(arms) and _reads_what_arms(self.rule)


def _reads_what_arms(rule: RuleProgram) -> bool:
    """Whether a rule takes something from the properties of what arms it, or is a step of it."""
    wait = rule.wait
    return (
        bool(rule.per or rule.same)
        or any(one.of_event for one in rule.include)
        or (rule.reaches is not None and rule.reaches.path is not None)
        or isinstance(wait, FieldWait)
        or (isinstance(wait, UntilWait) and not wait.of_contact)
    )


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Routes:
    """The routes of every event of a program; programs that differ only in their account share them."""

    by_type: dict[str, tuple[Route, ...]] = field(default_factory=dict)
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
