"""What feeds ask of an account's events: which are a feed's, and which contacts wait for what it says.

Pure. Made once for a run of an account's versions; read by hosts, which compute when feeds were silent (ADR 0031).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from kittiwake.event_types import UPDATED
from kittiwake.kernel.plan.calendar import CalendarWait
from kittiwake.kernel.plan.match import Match
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.plan.wait import Delays, UntilWait

ANY: Final = "*"
"""In place of a type: whatever a contact does."""

Reaches = Mapping[Rhythm, int]
"""By feed, for how long after an event its contact waits for what the feed says."""


class FeedPlan(NamedTuple):
    """What the feeds of an account ask, over all versions."""

    rhythms: tuple[Rhythm, ...]
    """The feeds, sorted; one of several `every` for each."""
    reaches: Mapping[str, Reaches]
    """By type of the events that may arm a rule which relies on a feed."""

    def of_feed(self, event_type: str) -> Iterator[Rhythm]:
        """The feeds whose events are of a type."""
        return (rhythm for rhythm in self.rhythms if rhythm.type == event_type)

    def longest_us(self, rhythm: Rhythm) -> int:
        """For how long after an event a contact may still ask about it; 0: nobody asks."""
        return max((reaches.get(rhythm, 0) for reaches in self.reaches.values()), default=0)

    def may_arm(self, event_type: str) -> Reaches:
        """The feeds for which a contact waits after an event of a type, and how long."""
        named, of_any = self.reaches.get(event_type), self.reaches.get(ANY)
        if of_any is None or event_type.startswith(NO_DEED):
            return named or NOTHING
        if named is None:
            return of_any
        return {rhythm: max(named.get(rhythm, 0), of_any.get(rhythm, 0)) for rhythm in {**named, **of_any}}


NOTHING: Final[Reaches] = {}
NO_DEED: Final = ("contact.", "consent.")


def feed_plan_of(versions: Versions) -> FeedPlan:
    """What the feeds of an account ask."""
    rhythms = {feed.rhythm for program in versions.programs for feed in program.policy.feeds}
    reaches: defaultdict[str, dict[Rhythm, int]] = defaultdict(dict)
    for program in versions.programs:
        for rule, feeds in zip(program.rules, program.feeds, strict=True):
            reach_us = _reach_us(program, rule)
            for event_type in _types(program, rule) if feeds else ():
                known = reaches[event_type]
                for feed in feeds:
                    known[feed.rhythm] = max(reach_us, known.get(feed.rhythm, 0))
    return FeedPlan(tuple(sorted(rhythms)), dict(reaches))


def _reach_us(program: Program, rule: RuleProgram) -> int:
    """How long after an event that arms it a rule may still ask for a feed: nothing is held that has expired."""
    longest_us = rule.wait.delays_us[-1] if isinstance(rule.wait, Delays) else program.limits.max_wait_us
    within_us = 0 if rule.catalog is None else rule.catalog.within_us
    return within_us + (0 if rule.wait is None else longest_us) + rule.expires_us


def _types(program: Program, rule: RuleProgram) -> frozenset[str]:
    """The types of the events that may arm a rule, or move what is pending; of derived ones those they come from."""
    found = frozenset(_named(rule))
    for one in program.routes.preparation.derivations:
        if one.event in found:
            found |= {name for match in one.parents for name in match.types or {ANY}}
    return found


def _named(rule: RuleProgram) -> Iterator[str]:
    for match in _arming(rule):
        yield from match.types or {ANY}
    if isinstance(rule.wait, (UntilWait, CalendarWait)):
        yield UPDATED


def _arming(rule: RuleProgram) -> Iterator[Match]:
    yield from rule.when
    for step in rule.sequence.steps[-1:] if rule.sequence else ():
        yield from step
    if rule.catalog is not None:
        yield from rule.catalog.interest
