"""One `advance` under way: the working copy of a state and what it has caused so far.

Mutable, made and dropped inside `advance`; the pattern files and the gates work on it. It
holds no logic of the language, only the book-keeping every part needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any, Final, TypeAlias

import msgspec

from kittiwake.kernel.decisions import decision_of
from kittiwake.kernel.history import next_end_us, prune
from kittiwake.kernel.matching import SINGLE
from kittiwake.kernel.program import Program, RuleProgram
from kittiwake.kernel.state import Candidate, Instance, RuleState, State
from kittiwake.kernel.trace import Step, StepKind
from kittiwake.kernel.waits import Clock
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.time.zones import is_zone
from kittiwake.values import canonical, parse_json

BEFORE_ALL_US: Final = -(2**62)
"""Where the time of a contact begins."""


Wanted: TypeAlias = list[tuple[int, str]]
"""What the `same` values of an episode must be, by their place, for an `unless` event to disarm it."""


class Caused(msgspec.Struct, frozen=True, gc=False):
    """A candidate waiting for the gates of this instant."""

    rule_index: int
    key: str
    candidate: Candidate
    superseded: bool = False
    """A lower threshold of the same event: it passes no gate."""


class Run:
    """The working copy of one contact's state, and the steps taken on it."""

    def __init__(self, program: Program, state: State, *, trace: bool) -> None:
        self.program = program
        self.state = state
        self.attributes: dict[str, Any] = {} if state.attributes == "{}" else parse_json(state.attributes)
        self.zone = program.timezone
        """The contact's zone, else the account's; kept by `find_zone`."""
        self.now_us = BEFORE_ALL_US if state.settled_us is None else state.settled_us
        self.rules: list[RuleState | None] = [None] * len(program.rules)
        self.caused: list[Caused] = []
        self.decisions: list[Decision] = []
        self.trace: list[Step] | None = [] if trace else None
        self.duplicates = 0
        self.agenda: list[tuple[int, int, str]] = []
        """A heap of (time, rule index, instance): none of what is pending or deferred is due before an entry for it.

        An entry may come too early, for a restart only moves the deadline: it is put back when it is met.
        """
        self.reserved: set[tuple[int, str]] = set()
        """Instances of candidates without episode that wait for the gates of this instant: they have room."""
        self.refused: tuple[int, Event] | None = None
        """The last rule and event that left `suppressed: limit`: they leave it once."""
        self.is_held_out: bool | None = None
        """Whether the contact is in the holdout; None: not asked yet."""
        self.deferred = False
        """Whether anything was deferred in this run."""
        self.together = False
        """Whether this instant has several events: only then is the following kept."""
        self.unless_taken: dict[int, list[tuple[Event, list[Wanted]]]] = {}
        """At this instant, per rule index: the `unless` events taken, with what they want of an episode."""
        self.opened: dict[tuple[int, str], set[str]] = {}
        """At this instant, per instance: ids of the events that opened an episode."""
        if state.rules or self.attributes:
            self.rules = [state.rules.get(rule.rule_id) for rule in program.rules]
            self.find_zone()
        if state.rules or program.readied:
            self.rebuild_agenda()

    # ------------------------------------------------------------ state

    def rule_state(self, index: int) -> RuleState:
        """What the rule remembers, made at its first need."""
        found = self.rules[index]
        if found is None:
            rule = self.program.rules[index]
            found = RuleState(history=[{} for _ in rule.conditions] if rule.conditions else [])
            self.rules[index] = self.state.rules[rule.rule_id] = found
        return found

    def instance(self, index: int, key: str) -> Instance | None:
        """The instance, if anything is remembered of it."""
        found = self.rules[index]
        return None if found is None else found.instances.get(key)

    def instance_or_new(self, index: int, key: str) -> Instance | None:
        """The instance, made if there is room for one more key; None if there is not."""
        state = self.rules[index] or self.rule_state(index)
        found = state.instances.get(key)
        if found is not None:
            return found
        if len(state.instances) >= self.program.limits.keys:
            self.drop_empty(index)
            if len(state.instances) >= self.program.limits.keys:
                return None
        made = state.instances[key] = Instance()
        return made

    def reserve(self, index: int, key: str) -> bool:
        """Make room for a candidate without episode until it has passed the gates; False if there is none."""
        self.reserved.add((index, key))
        if self.instance_or_new(index, key) is not None:
            return True
        self.reserved.discard((index, key))
        return False

    def drop_empty(self, index: int) -> None:
        """Forget the instances of a rule of which nothing is remembered any more."""
        found = self.rules[index]
        if found is not None:
            rule = self.program.rules[index]
            for key in [k for k, one in found.instances.items() if forgotten(rule, one, self.now_us)]:
                if (index, key) not in self.reserved:
                    del found.instances[key]

    def find_zone(self) -> None:
        """Keep `zone` in step with the attributes."""
        name = self.attributes.get("timezone") if self.attributes else None
        self.zone = str(name) if is_zone(name) else self.program.timezone

    def clock(self) -> Clock:
        """What waits are counted from now."""
        return Clock(self.now_us, self.zone, self.program.limits.max_wait_us)

    # ------------------------------------------------------------ agenda

    def rebuild_agenda(self) -> None:
        """Collect every instant at which something falls due."""
        self.agenda[:] = self._dues()
        heapify(self.agenda)

    def _dues(self) -> Iterator[tuple[int, int, str]]:
        for index in self.program.readied:
            ready_us = self.program.rules[index].ready_us
            assert ready_us is not None
            if ready_us > self.now_us:
                yield ready_us, index, SINGLE
        for index, found in enumerate(self.rules):
            if found is not None:
                for due_us, key in self._dues_of(index, found):
                    yield due_us, index, key

    def _dues_of(self, index: int, found: RuleState) -> Iterator[tuple[int, str]]:
        rule = self.program.rules[index]
        for key, one in found.instances.items():
            if one.episode is not None and one.episode.reminders:
                yield one.episode.reminders[0].due_us, key
            if one.held is not None:
                yield one.held.release_us, key
        if rule.audience is not None:
            for condition, slots in zip(rule.conditions, found.history, strict=True):
                end_us = next_end_us(condition, slots, rule.keep_us)
                if end_us is not None:
                    yield end_us, SINGLE

    def wake(self, time_us: int, index: int, key: str = SINGLE) -> None:
        """Look at the instance again at `time_us`."""
        heappush(self.agenda, (time_us, index, key))

    def next_wake_us(self) -> int | None:
        """The next instant at which something falls due."""
        return min((due_us for due_us, _, _ in self._dues()), default=None)

    def is_due(self, index: int, key: str) -> bool:
        """Whether anything of an entry of the agenda falls due now; audiences are looked at in any case."""
        one = self.instance(index, key)
        due_us = None if one is None else next_due_us(one)
        return self.program.rules[index].audience is not None or (due_us is not None and due_us <= self.now_us)

    def due_entries(self) -> list[tuple[int, str]]:
        """Take off the agenda what may be due now: rule index and instance, each once."""
        agenda, now_us = self.agenda, self.now_us
        if not agenda or agenda[0][0] > now_us:
            return []
        _, index, key = heappop(agenda)
        if not agenda or agenda[0][0] > now_us:
            return [(index, key)]
        found: dict[tuple[int, str], None] = {(index, key): None}
        while agenda and agenda[0][0] <= now_us:
            _, index, key = heappop(agenda)
            found[index, key] = None
        return list(found)

    # ------------------------------------------------------------ output

    def decide(
        self,
        index: int,
        key: str,
        candidate: Candidate,
        outcome: Outcome,
        reason: Reason | None,
        *,
        limit: bool = False,
    ) -> None:
        """Give a candidate its final decision."""
        decision = decision_of(
            self.program, index, self.state.contact_id, key, candidate, outcome, reason, self.now_us, at_arming=limit
        )
        self.decisions.append(decision)
        if self.trace is not None:
            self.note(
                StepKind.DECISION,
                index,
                key,
                trigger_id=decision.trigger_id,
                decision=str(outcome),
                reason=None if reason is None else str(reason),
                kind=str(candidate.kind),
                time_us=candidate.due_us,
                threshold=decision.threshold,
                reminder=candidate.reminder,
            )

    def note(self, kind: StepKind, index: int | None, key: str | None, /, **details: Any) -> None:
        """Add a step to the trace. Callers ask `trace is not None` first, so that building details costs nothing."""
        assert self.trace is not None
        rule_id = None if index is None else self.program.rules[index].rule_id
        self.trace.append(Step(self.now_us, kind, rule_id, key, details))

    def freeze(self, settled_us: int) -> State:
        """The state after the last step: what time has passed is forgotten."""
        self.now_us = settled_us
        state = self.state
        state.settled_us = settled_us
        state.attributes = canonical(self.attributes) if self.attributes else "{}"
        edge_us = settled_us - self.program.allowed_lateness_us
        state.seen = {event_id: time_us for event_id, time_us in state.seen.items() if time_us >= edge_us}
        for index, found in enumerate(self.rules):
            if found is None:
                continue
            rule = self.program.rules[index]
            self.drop_empty(index)
            for condition, slots in zip(rule.conditions, found.history, strict=True):
                prune(condition, slots, settled_us, rule.keep_us)
            if not (found.instances or found.member or found.entered_fired or any(found.history)):
                del state.rules[rule.rule_id]
        return state


def next_due_us(one: Instance) -> int | None:
    """The next instant at which a deadline or a release of the instance falls due."""
    due_us = one.episode.reminders[0].due_us if one.episode and one.episode.reminders else None
    if one.held is None:
        return due_us
    return one.held.release_us if due_us is None else min(due_us, one.held.release_us)


def forgotten(rule: RuleProgram, one: Instance, now_us: int) -> bool:
    """Whether nothing is remembered of an instance; what time has passed is taken out of it."""
    if one.fired_us is not None and not remembers_firing(rule, one.fired_us, now_us):
        one.fired_us = None
    if one.reached is not None and rule.per and one.reached.newest_us + rule.keep_us <= now_us:
        one.reached = None
    if one.prefixes and rule.sequence is not None:
        within_us = rule.sequence.within_us
        one.prefixes = [None if s is None or s + within_us <= now_us else s for s in one.prefixes]
        if not any(start is not None for start in one.prefixes):
            one.prefixes = []
    return not (one.episode or one.held or one.prefixes or one.reached or one.fired_us is not None)


def remembers_firing(rule: RuleProgram, fired_us: int, now_us: int) -> bool:
    """Whether re-entry still counts a firing: `once` for `keep`, a duration for itself."""
    if rule.reentry is None:
        return False
    span_us = rule.keep_us if rule.reentry.within_us is None else rule.reentry.within_us
    return now_us < fired_us + span_us


Taker: TypeAlias = Callable[[Run, Event], None]
"""What lets an event do what it does: in one rule, or to the contact's own data."""
