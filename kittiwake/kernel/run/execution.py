"""An execution: one contact passing through time under one version of the rules.

Works on a state, which it changes. `run.timeline` makes it and lets it pass through events and time; the handlers of
the rules and the gates act on it; nobody keeps it. It holds what all of them need of the contact now, and nothing that
belongs to one construct of the language.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kittiwake.kernel.evaluate.decisions import row_of
from kittiwake.kernel.evaluate.look_backs import missing_until_us, ready_us
from kittiwake.kernel.evaluate.match import SINGLE
from kittiwake.kernel.evaluate.retention import forgotten
from kittiwake.kernel.evaluate.rollout import is_watching
from kittiwake.kernel.evaluate.wait import Clock
from kittiwake.kernel.plan.feeds import NEVER_SILENT, Silences
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import Mode, RuleProgram, Texts
from kittiwake.kernel.run.outputs import Outputs, Unusable
from kittiwake.kernel.run.shared_instant import SharedInstant
from kittiwake.kernel.run.timer_queue import Timer, TimerQueue, timers_of, true_due_us
from kittiwake.kernel.state.remembered import Slot
from kittiwake.kernel.state.state import Candidate, Instance, RuleState, State
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.model import Event
from kittiwake.reasons import Clause, Found, Outcome, Reason
from kittiwake.time.instants import BEFORE_ALL_US, END_OF_TIME_US
from kittiwake.time.zones import zone_of
from kittiwake.values import parse_json

SHADOW: Final = Mode.SHADOW


class Caused(msgspec.Struct, frozen=True, gc=False):
    """A candidate waiting for the gates of this instant."""

    rule_index: int
    key: str
    candidate: Candidate
    superseded: bool = False
    """A lower threshold of the same event: it passes no gate."""
    released: bool = False
    """It was deferred, and is asked again."""


class Execution:
    """The working copy of one contact's state, and what has come of it so far."""

    __slots__ = (
        "attributes",
        "begun_us",
        "caused",
        "first",
        "is_held_out",
        "missing_until_us",
        "newest_us",
        "now_us",
        "outputs",
        "program",
        "refused",
        "repeated",
        "reserved",
        "rules",
        "shared_instant",
        "silences",
        "state",
        "timers",
        "trace",
        "watched",
        "winners",
        "zone",
    )

    def __init__(
        self,
        program: Program,
        state: State,
        outputs: Outputs | None = None,
        now_us: int | None = None,
        silences: Silences = NEVER_SILENT,
    ) -> None:
        """Works on `state`, which fits the program, from `now_us` on or from where it was evaluated to.

        `outputs` are those of the version before, to which this one adds.
        """
        self.program = program
        self.state = state
        self.outputs = Outputs() if outputs is None else outputs
        self.silences = silences
        """As of `Versions`."""
        self.trace: list[Step] | None = self.outputs.trace
        """At hand, for it is asked for at every step."""
        self.attributes: dict[str, Any] = {} if state.attributes == "{}" else parse_json(state.attributes)
        self.zone = program.timezone
        """The contact's zone, else the account's; kept by `find_zone`."""
        begun_us = state.evaluated_to_us if now_us is None else now_us
        self.now_us = BEFORE_ALL_US if begun_us is None else begun_us
        self.begun_us = self.now_us
        """Nothing of this execution happens before it."""
        self.rules: list[RuleState | None] = [None] * len(program.rules)
        """By rule index, what the state remembers; made by `rule_state`."""
        self.timers = TimerQueue()
        self.newest_us = state.newest_us
        self.first: Event | None = None
        """The contact's first event, if it was handled in this execution."""
        self.missing_until_us: dict[int, int] = missing_until_us(program, state) if program.looks_back else {}
        """By rule index: until when a rule misses something of what it looks back on."""
        self.is_held_out: bool | None = None
        """Whether the contact is in the holdout; None: not asked yet."""
        self.watched: dict[int, bool] | None = None
        """By index of a rule with a rollout, whether it only watches the contact; None: not asked yet."""
        self.caused: list[Caused] = []
        """Candidates of this instant that wait for the gates."""
        self.reserved: set[tuple[int, str]] = set()
        """Instances of candidates without episode that wait for the gates of this instant: they have room."""
        self.winners: list[str] = []
        """Under arbitration, ids of what has passed every gate in this part of the instant."""
        self.refused: tuple[int, Event] | None = None
        """The last rule and event that left `suppressed: limit`: they leave it once."""
        self.repeated: dict[str, dict[str, int]] | None = None
        """What `run.repeats` knows; None: it has not been asked yet."""
        self.shared_instant: SharedInstant | None = None
        """None while no two events share the instant."""
        if state.rules or self.attributes:
            self.rules = [state.rules.get(key) for key in program.state_keys]
            self.find_zone()
        if state.rules or program.readied:
            self.reset_timers()

    # ------------------------------------------------------------ state

    def rule_state(self, index: int) -> RuleState:
        """What the rule remembers, made at its first need."""
        found = self.rules[index]
        if found is None:
            found = empty_rule_state(self.program.rules[index], shadow=self.is_watching(index))
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
            self.drop_forgotten(index, self.now_us)
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

    def drop_forgotten(self, index: int, now_us: int) -> None:
        """Drop the instances of a rule of which nothing is remembered any more."""
        found = self.rules[index]
        if found is not None and found.instances:
            rule = self.program.rules[index]
            for key in [k for k, one in found.instances.items() if forgotten(rule, one, now_us)]:
                if (index, key) not in self.reserved:
                    del found.instances[key]

    # ------------------------------------------------------------ the contact now

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

    def is_lacking(self, index: int) -> bool:
        """Whether the rule misses now something of what it looks back on, and waits until it does not."""
        missing = self.missing_until_us
        return bool(missing) and not self.program.rules[index].partial and self.now_us < missing.get(index, 0)

    def ready_us(self, index: int) -> int | None:
        """From when on candidates of a rule are ready; None: for ever."""
        return ready_us(self.program.rules[index], self.missing_until_us.get(index))

    def is_watching(self, index: int) -> bool:
        """Whether nothing of the rule is sent to the contact: shadow, or outside of its rollout."""
        rule = self.program.rules[index]
        if rule.rollout is None:
            return rule.mode is SHADOW
        if self.watched is None:
            self.watched = {}
        found = self.watched.get(index)
        if found is None:
            found = is_watching(rule, self.program.account_id, self.state.contact_id)
            self.watched[index] = found
        return found

    # ------------------------------------------------------------ timers

    def reset_timers(self) -> None:
        """Set a timer for every instant at which something falls due, and no others."""
        self.timers.fill(self.all_timers())

    def all_timers(self) -> list[Timer]:
        """A timer for everything that falls due, audiences that become ready included."""
        timers = timers_of(self.program.rules, self.rules, self.now_us, self.zone)
        for index in self.program.readied:
            at_us = self._readied_us(index)
            if at_us is not None:
                timers.append((at_us, index, SINGLE))
        return timers

    def next_due_us(self) -> int | None:
        """The earliest of `all_timers`, without making them; of a contact without events no audience becomes ready."""
        return self.timers.earliest_us(self._true_due_us)

    def _true_due_us(self, index: int, key: str) -> int | None:
        found, rule = self.rules[index], self.program.rules[index]
        due_us = None if found is None else true_due_us(rule, found, key, self.now_us, self.zone)
        if index not in self.program.readied or key != SINGLE or self.newest_us is None:
            return due_us
        at_us = self._readied_us(index)
        return at_us if due_us is None or (at_us is not None and at_us < due_us) else due_us

    def _readied_us(self, index: int) -> int | None:
        """When an audience becomes ready, if that is to come."""
        at_us = ready_us(self.program.rules[index], self.missing_until_us.get(index))
        return at_us if at_us is not None and self.now_us < at_us < END_OF_TIME_US else None

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
        outranked_by: str | None = None,
    ) -> str:
        """Give a candidate its final decision; the id of its row."""
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
            bool(self.missing_until_us) and self.is_partial(index, candidate),
            outranked_by,
        )
        self.outputs.add(decision)
        return decision.trigger_id

    def count_unusable(self, index: int, clause: Clause, path: str, found: Found) -> None:
        """Count a value that a rule in force needs and cannot use."""
        rule = self.program.rules[index]
        if not rule.foreseen:
            self.outputs.count_unusable(Unusable(rule.rule_id, clause, path, found))

    def refuse(self, rule_id: str, key: str, candidate: Candidate) -> None:
        """Leave `suppressed: limit` for an event that concerns no rule."""
        decision = row_of(
            self.program.account_id,
            Texts(rule_id, "", self.program.ruleset_version),
            self.state.contact_id,
            key,
            candidate,
            Outcome.SUPPRESSED,
            Reason.LIMIT,
            self.now_us,
            at_arming=True,
        )
        self.outputs.add(decision)

    def note(self, kind: StepKind, index: int | None, key: str | None, /, **details: Any) -> None:
        """Add a step to the trace. Callers ask `trace is not None` first, so that building details costs nothing.

        A rule that is only foreseen goes by its state key, so that its steps are not those of the rule in force.
        """
        assert self.trace is not None
        rule_id = None if index is None else self.program.state_keys[index]
        self.trace.append(Step(self.now_us, kind, rule_id, key, details))

    def is_partial(self, index: int, candidate: Candidate) -> bool:
        """Whether it is decided all the same, though its rule lacks some of the contact's history."""
        missing_us = self.missing_until_us.get(index, candidate.due_us)
        return self.program.rules[index].partial and candidate.due_us < missing_us


def empty_rule_state(rule: RuleProgram, *, shadow: bool) -> RuleState:
    """What a rule remembers of a contact before anything has happened; `shadow`: it only watches it."""
    memory = "" if rule.catalog is None else rule.catalog.memory
    if not rule.conditions:
        return RuleState(version=rule.version, layout=rule.layout, shadow=shadow, interest_memory=memory)
    measures, history = [one.memory for one in rule.conditions], [dict[str, Slot]() for _ in rule.conditions]
    return RuleState(
        history=history,
        version=rule.version,
        layout=rule.layout,
        measures=measures,
        shadow=shadow,
        interest_memory=memory,
    )
