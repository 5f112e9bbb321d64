"""One `advance` under way: the working copy of a state and what it has caused so far.

Mutable, made and dropped inside `advance`; the pattern files and the gates work on it. It
holds no logic of the language, only the book-keeping every part needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from kittiwake.kernel.evaluate.decisions import row_of
from kittiwake.kernel.evaluate.history import next_end_us, prune
from kittiwake.kernel.evaluate.match import SINGLE
from kittiwake.kernel.evaluate.retention import forget_deeds, memory_of_firing_us, still_counting, without_entries
from kittiwake.kernel.evaluate.wait import Clock
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import Mode, RuleProgram, Texts
from kittiwake.kernel.state.state import Candidate, Instance, Profile, Record, RuleState, Slot, State
from kittiwake.kernel.state.trace import Step, StepKind, step_of
from kittiwake.model import Decision, Event
from kittiwake.reasons import Clause, Found, Outcome, Reason
from kittiwake.time.instants import END_OF_TIME_US
from kittiwake.time.zones import zone_of
from kittiwake.values import canonical, parse_json

SHADOW: Final = Mode.SHADOW

BEFORE_ALL_US: Final = -(2**62)
"""Where the time of a contact begins."""


Wanted: TypeAlias = list[tuple[int, str]]
"""What the `same` values of an episode must be, by their place, for an `unless` event to disarm it."""


class Unusable(NamedTuple):
    """A sort of value that a rule could not use."""

    rule_id: str
    clause: Clause
    path: str
    """Dotted; `contact.` before an attribute's."""
    found: Found


NOTHING_UNUSABLE: Final[Mapping[Unusable, int]] = {}
"""Never changed."""


class Caused(msgspec.Struct, frozen=True, gc=False):
    """A candidate waiting for the gates of this instant."""

    rule_index: int
    key: str
    candidate: Candidate
    superseded: bool = False
    """A lower threshold of the same event: it passes no gate."""


class Run:
    """The working copy of one contact's state, and the steps taken on it."""

    def __init__(
        self, program: Program, state: State, trace: list[Step] | None = None, now_us: int | None = None
    ) -> None:
        """Works on `state`, which fits the program, from `now_us` on or from where it was settled to.

        `trace` takes the steps, if they are wanted.
        """
        self.program = program
        self.state = state
        self.attributes: dict[str, Any] = {} if state.attributes == "{}" else parse_json(state.attributes)
        self.zone = program.timezone
        """The contact's zone, else the account's; kept by `find_zone`."""
        begun_us = state.settled_us if now_us is None else now_us
        self.now_us = BEFORE_ALL_US if begun_us is None else begun_us
        self.begun_us = self.now_us
        """Nothing of this run happens before it."""
        self.rules: list[RuleState | None] = [None] * len(program.rules)
        self.caused: list[Caused] = []
        self.decisions: list[Decision] = []
        self.trace = trace
        self.duplicates = 0
        self.forgotten = 0
        """How often the contact was forgotten."""
        self.unusable: dict[Unusable, int] = {}
        """Values that rules in force could not use, and how often."""
        self.ids_forgotten = 0
        """Ids of events that had to make room while copies of them could still come."""
        self.newest_us = state.newest_us
        self.first: Event | None = None
        """The contact's first event, if it was taken in this run."""
        self.lacks: dict[int, int] = {}
        """By rule index: until when a rule misses something of what it looks back on."""
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
        self.opened: dict[tuple[int, str], set[tuple[str, str]]] = {}
        """At this instant, per instance: id and type of the events that opened an episode."""
        if program.looks_back:
            self.find_lacks()
        if state.rules or self.attributes:
            self.rules = [state.rules.get(key) for key in program.state_keys]
            self.find_zone()
        if state.rules or program.readied:
            self.rebuild_agenda()

    # ------------------------------------------------------------ state

    def rule_state(self, index: int) -> RuleState:
        """What the rule remembers, made at its first need."""
        found = self.rules[index]
        if found is None:
            found = empty_rule_state(self.program.rules[index])
            self.rules[index] = self.state.rules[self.program.state_keys[index]] = found
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
            self._drop_empty(index, self.now_us)
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

    def _drop_empty(self, index: int, now_us: int) -> None:
        """Forget the instances of a rule of which nothing is remembered any more."""
        found = self.rules[index]
        if found is not None:
            rule = self.program.rules[index]
            for key in [k for k, one in found.instances.items() if forgotten(rule, one, now_us)]:
                if (index, key) not in self.reserved:
                    del found.instances[key]

    def find_zone(self) -> None:
        """Keep `zone` in step with the attributes."""
        name = self.attributes.get("timezone") if self.attributes else None
        self.zone = zone_of(name) or self.program.timezone

    def type_of(self, event: Event) -> str:
        """The type of an event that opens something now, as its id asks for it; empty: as an earlier release did."""
        typed_us = self.state.typed_us
        return event.type if typed_us is None or self.now_us >= typed_us else ""

    def clock(self) -> Clock:
        """What waits are counted from now."""
        return Clock(self.now_us, self.zone, self.program.limits.max_wait_us)

    def find_lacks(self) -> None:
        """Find out which rules miss something of what they look back on (semantics 11.9)."""
        first_us, whole_us, profile = self.state.first_us, self.state.whole_us, self.state.profile
        known_us = first_us if profile is None else profile.first_us
        self.lacks = {}
        if known_us is None:
            return
        for index, rule in enumerate(self.program.rules):
            missing = [
                one.ready_us
                for one in rule.look_backs
                if _is_before(known_us if one.outlives else first_us, one.since_us)
                and (whole_us is None or whole_us < one.since_us)
            ]
            if missing:
                self.lacks[index] = max(missing)

    def is_lacking(self, index: int) -> bool:
        """Whether the rule misses now something of what it looks back on, and waits until it does not."""
        return bool(self.lacks) and not self.program.rules[index].partial and self.now_us < self.lacks.get(index, 0)

    def ready_us(self, index: int) -> int | None:
        """From when on candidates of a rule are ready; None: for ever."""
        rule = self.program.rules[index]
        lacking_us = None if rule.partial else self.lacks.get(index)
        if rule.ready_us is None or lacking_us is None:
            return lacking_us if rule.ready_us is None else rule.ready_us
        return max(rule.ready_us, lacking_us)

    def empty(self) -> None:
        """Know nothing of the contact any more."""
        state = self.state
        state.rules, state.firings, state.consents, state.records = {}, [], {}, {}
        state.first_us = self.newest_us = state.profile = None
        self.attributes, self.caused, self.lacks = {}, [], {}
        self.rules = [None] * len(self.program.rules)
        self.unless_taken.clear()
        self.opened.clear()
        self.reserved.clear()
        self.find_zone()
        self.rebuild_agenda()

    def forget_deeds(self) -> None:
        """Know nothing any more of what the contact did; what it is and has decided stays (semantics 12.2)."""
        state = self.state
        assert state.first_us is not None
        assert self.newest_us is not None
        known_us = state.first_us if state.profile is None else state.profile.first_us
        state.profile = Profile(known_us, self.newest_us)
        state.first_us = self.newest_us = None
        for rule, found in zip(self.program.rules, self.rules, strict=True):
            if found is not None:
                forget_deeds(rule, found)
        state.records = without_entries(state.records)
        self.lacks = {}
        if self.program.looks_back:
            self.find_lacks()
        self.forget(self.now_us)
        self.rebuild_agenda()

    def forgets_us(self) -> int | None:
        """When the contact is forgotten, or what stayed of it then; None: never."""
        policy, since_us, span_us = self.program.policy, self.newest_us, self.program.policy.retention_us
        if since_us is None:
            if self.state.profile is None or policy.profile_retention_us is None:
                return None
            since_us, span_us = self.state.profile.newest_us, policy.profile_retention_us
        return max(since_us + span_us, self.begun_us)

    def keeps_something(self) -> bool:
        """Whether anything is known of the contact besides its events."""
        state = self.state  # whose attributes are as old as its last freeze
        return bool(self.attributes or state.consents or state.rules or state.records or state.firings)

    # ------------------------------------------------------------ agenda

    def rebuild_agenda(self) -> None:
        """Collect every instant at which something falls due."""
        self.agenda[:] = self._dues()
        heapify(self.agenda)

    def _dues(self) -> Iterator[tuple[int, int, str]]:
        for index in self.program.readied:
            ready_us = self.ready_us(index)
            if ready_us is not None and self.now_us < ready_us < END_OF_TIME_US:
                yield ready_us, index, SINGLE
        yield from self._pending_dues()

    def _pending_dues(self) -> Iterator[tuple[int, int, str]]:
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
        if rule.audience is not None and not rule.foreseen:
            for condition, slots in zip(rule.conditions, found.history, strict=True):
                end_us = next_end_us(condition, slots, rule.keep_us, self.now_us)
                if end_us is not None:
                    yield end_us, SINGLE

    def wake(self, time_us: int, index: int, key: str = SINGLE) -> None:
        """Look at the instance again at `time_us`."""
        heappush(self.agenda, (time_us, index, key))

    def next_wake_us(self) -> int | None:
        """The next instant at which something falls due, or the contact is forgotten."""
        dues = self._pending_dues() if self.newest_us is None else self._dues()
        due_us = min((due_us for due_us, _, _ in dues), default=None)
        if self.newest_us is None and not self.keeps_something():
            return due_us
        forgets_us = self.forgets_us()
        return forgets_us if due_us is None or (forgets_us is not None and forgets_us < due_us) else due_us

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
        decision = row_of(
            self.program.account_id,
            self.program.texts[index],
            self.state.contact_id,
            key,
            candidate,
            outcome,
            reason,
            self.now_us,
            limit,
            bool(self.lacks) and self._is_partial(index, candidate),
        )
        self.decisions.append(decision)
        if self.trace is not None:
            self.trace.append(step_of(decision))

    def count_unusable(self, index: int, clause: Clause, path: str, found: Found) -> None:
        """Count a value that a rule in force needs and cannot use."""
        rule = self.program.rules[index]
        if not rule.foreseen:
            key = Unusable(rule.rule_id, clause, path, found)
            self.unusable[key] = self.unusable.get(key, 0) + 1

    def refuse(self, rule_id: str, candidate: Candidate) -> None:
        """Leave `suppressed: limit` for an event that concerns no rule."""
        decision = row_of(
            self.program.account_id,
            Texts(rule_id, "", self.program.ruleset_version),
            self.state.contact_id,
            SINGLE,
            candidate,
            Outcome.SUPPRESSED,
            Reason.LIMIT,
            self.now_us,
            at_arming=True,
        )
        self.decisions.append(decision)
        if self.trace is not None:
            self.trace.append(step_of(decision))

    def note(self, kind: StepKind, index: int | None, key: str | None, /, **details: Any) -> None:
        """Add a step to the trace. Callers ask `trace is not None` first, so that building details costs nothing.

        A rule that is only foreseen goes by its state key, so that its steps are not those of the rule in force.
        """
        assert self.trace is not None
        rule_id = None if index is None else self.program.state_keys[index]
        self.trace.append(Step(self.now_us, kind, rule_id, key, details))

    def _is_partial(self, index: int, candidate: Candidate) -> bool:
        return self.program.rules[index].partial and candidate.due_us < self.lacks.get(index, candidate.due_us)

    def freeze(self, settled_us: int, edge_us: int, forgotten_us: int | None = None) -> State:
        """The state after the last step, which knows the ids of events from a horizon before `edge_us` on.

        What time has passed at `forgotten_us`, or else at `edge_us`, is forgotten. The run may go on afterwards.
        """
        self.now_us = settled_us
        state = self.state
        state.settled_us, state.newest_us = settled_us, self.newest_us
        state.attributes = canonical(self.attributes) if self.attributes else "{}"
        ids_us = edge_us - self.program.allowed_lateness_us
        if state.seen:
            state.seen = _not_before(state.seen, ids_us)
        kept = ((name, _not_before(times_us, ids_us)) for name, times_us in state.counted.items())
        state.counted = {name: times_us for name, times_us in kept if times_us}
        if state.typed_us is not None and state.typed_us <= edge_us:
            state.typed_us = None
        self.forget(edge_us if forgotten_us is None else forgotten_us)
        return state

    def forget(self, now_us: int) -> None:
        """Forget what time has passed at an instant."""
        rules = self.state.rules
        for index, found in enumerate(self.rules):
            if found is None:
                continue
            rule = self.program.rules[index]
            self._drop_empty(index, now_us)
            for condition, slots in zip(rule.conditions, found.history, strict=True):
                prune(condition, slots, now_us, rule.keep_us)
            if not (found.instances or found.member or found.entered_fired or any(found.history)):
                del rules[self.program.state_keys[index]]
                self.rules[index] = None
        if self.state.records:
            self.state.records = dict(_still_remembered(self.state.records, now_us))
        if self.newest_us is None and self.state.firings:
            self.state.firings = still_counting(self.state.firings, self.program.policy.frequency, now_us)


def _is_before(first_us: int | None, since_us: int) -> bool:
    return first_us is not None and first_us < since_us


def _not_before(times_us: dict[str, int], edge_us: int) -> dict[str, int]:
    return {event_id: time_us for event_id, time_us in times_us.items() if time_us >= edge_us}


def _still_remembered(records: dict[str, Record], now_us: int) -> Iterator[tuple[str, Record]]:
    """What is remembered of rules that are not in force."""
    for key, one in records.items():
        left = {instance: us for instance, us in one.fired_us.items() if now_us < us + one.span_us}
        if left or one.entered:
            yield key, Record(one.span_us, left, one.entered, one.held_out)


def empty_rule_state(rule: RuleProgram) -> RuleState:
    """What a rule remembers before anything has happened."""
    shadow = rule.mode is SHADOW
    if not rule.conditions:
        return RuleState(version=rule.version, layout=rule.layout, shadow=shadow)
    measures, history = [one.memory for one in rule.conditions], [dict[str, Slot]() for _ in rule.conditions]
    return RuleState(history=history, version=rule.version, layout=rule.layout, measures=measures, shadow=shadow)


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
    """Whether re-entry still counts a firing."""
    return rule.reentry is not None and now_us < fired_us + memory_of_firing_us(rule, rule.reentry)


Taker: TypeAlias = Callable[[Run, Event], None]
"""What lets an event do what it does: in one rule, or to the contact's own data."""
