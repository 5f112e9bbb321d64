"""What is known of a contact at a step of its trace: events, attributes, consents, history, firings.

Built up step by step as the explanation walks a trace, so that every line can say what was
the case just then. Called by `explain`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Final, NamedTuple, TypeAlias

from kittiwake.event_types import ENDINGS, UPDATED
from kittiwake.explain.refusals import refused_by_condition, refused_by_reaches
from kittiwake.explain.rules import unmet_words
from kittiwake.kernel.evaluate.change import Updated
from kittiwake.kernel.evaluate.history import Slots, record
from kittiwake.kernel.evaluate.match import matches_any
from kittiwake.kernel.plan.layouts import serves
from kittiwake.kernel.plan.match import Matches
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.model import Event
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.time.durations import format_duration
from kittiwake.time.zones import zone_of
from kittiwake.values import canonical

REACHES: Final = -1
"""Instead of a condition's index: the total of `reaches`."""

EventKey: TypeAlias = tuple[int, str]
"""Time and id of an event."""


class Firing(NamedTuple):
    """A trigger that fired (of a rule that only watches the contact: would have)."""

    time_us: int
    rule: RuleProgram
    instance: str
    trigger_id: str
    kind: str
    counts: bool
    """Whether caps count it."""
    fired: bool
    """Whether it did fire; else it would have, but for shadow, the rollout or the holdout."""
    watched: bool
    """Whether the rule only watched the contact: such firings have a record of their own."""

    def is_of(self, rule: RuleProgram, instance: str | None, *, watched: bool) -> bool:
        """Whether re-entry of an instance of a rule asks about it."""
        is_same = self.rule.rule_id == rule.rule_id and self.instance == instance
        return is_same and self.watched is watched and self.kind != Kind.EXITED


class Unmatched(NamedTuple):
    """Events of a type that begins a rule, which its `where` did not take."""

    number: int
    newest: Event
    why: str


class Consent(NamedTuple):
    """What the newest consent event said of a purpose."""

    granted: bool
    event: Event


class Facts:
    """The state of knowledge while walking a trace."""

    def __init__(
        self,
        versions: Versions,
        contact_id: str,
        first_us: int,
        refused: Container[EventKey] = (),
        *,
        all_properties: bool = False,
    ) -> None:
        """`first_us`: the first instant that is shown; `refused`: updates that the contact has no room for.

        `all_properties`: those that no rule reads are shown too.
        """
        self._refused = refused
        self.versions = versions
        self.all_properties = all_properties
        self.left_out = False
        """Whether an event had properties that were not shown."""
        self.contact_id = contact_id
        self.program = self.before = versions.at(first_us)
        """The version in force, and the one before."""
        self.rules = _in_force(self.program)
        """The rules in force; what is foreseen for later versions is none."""
        self.known = dict(self.rules)
        """The newest text of every rule that has been in force since then."""
        self.since_us: dict[str, int] = {}
        """Since when a rule is there or another; not of those that were there from the first."""
        self._passed_us = first_us
        self.now_us = 0
        self.event: Event | None = None
        """The event being taken; None at an instant without one."""
        self.by_id: dict[str, Event] = {}
        self.types: Counter[str] = Counter()
        self.unmatched: dict[str, Unmatched] = {}
        self.begun_by: dict[str, list[Event]] = {}
        """Events that a rule begins with."""
        self.still_keys: dict[tuple[str | None, str | None, int], str] = {}
        """By rule, instance and condition of `still`: the key of `same` values it asked about last."""
        self.held_by: dict[tuple[str | None, str | None], Reason] = {}
        """By rule and instance, what deferred the newest candidate that was."""
        self.fired: list[Firing] = []
        """Every trigger there was."""
        self.listed: set[tuple[str, str]] = set()
        """By rule, the instances that a digest which fired has listed."""
        self._forgotten: Step | None = None
        self._forget_contact()
        self.zone_before = self.zone
        """The zone before the step that is being taken, by which an event is shown that brings another one."""

    def _forget_contact(self) -> None:
        self.attributes: dict[str, Any] = {}
        self.consents: dict[str | None, Consent] = {}
        self.record: list[Firing] = []
        """What re-entry and caps remember."""
        self.known_us: int | None = None
        """Since when anything of the contact is known."""
        self._forget_deeds()

    def _forget_deeds(self) -> None:
        self.history: dict[str, list[Slots]] = {
            rule_id: [{} for _ in rule.conditions] for rule_id, rule in self.rules.items()
        }
        self.first_us: int | None = None
        """Time of the first event."""
        self.refused: dict[tuple[str, int], Unmatched] = {}
        """By rule and condition (`REACHES` for its total): events whose values count for nothing there."""
        self._taken: list[tuple[Event, dict[str, Any]]] = []
        """Every event, with the attributes after it: rules of later versions look back on them."""

    def silence(self) -> tuple[str, str]:
        """For how long a contact that is being forgotten has been silent, and by which setting of the policy."""
        policy = self.program.policy
        if self._forgotten is not None and self._forgotten.details["wholly"]:
            assert policy.profile_retention_us is not None
            return format_duration(policy.profile_retention_us), "profile_retention"
        return format_duration(policy.retention_us), "retention"

    @property
    def zone(self) -> str:
        """The contact's zone, else the account's."""
        return zone_of(self.attributes.get("timezone")) or self.program.timezone

    def rule(self, step: Step) -> RuleProgram:
        """The rule a step concerns; one that is gone as it was last."""
        assert step.rule_id is not None, step
        return self.known[step.rule_id]

    def take(self, step: Step) -> None:
        """Learn what a step says; before the step is worded."""
        self.now_us = step.time_us
        self.pass_to(step.time_us)
        if self._forgotten is not None and step.kind is not StepKind.DECISION:
            forget = self._forget_contact if self._forgotten.details["wholly"] else self._forget_deeds
            self._forgotten = None
            forget()
        self.zone_before = self.zone
        if step.kind is StepKind.FORGOTTEN:
            self._forgotten = step  # what it cancels is shown in the contact's own clock
        elif step.kind is StepKind.EVENT:
            details = step.details
            self._take_event(Event(step.time_us, details["event_id"], details["type"], details["properties"]))
        elif step.kind is StepKind.INSTANT:
            self.event = None
        elif step.kind is StepKind.STILL and step.details["condition"] is not None:
            self.still_keys[step.rule_id, step.instance, step.details["condition"]] = step.details["of"]
        elif step.kind is StepKind.DEFERRED:
            self.held_by[step.rule_id, step.instance] = Reason(step.details["reason"])
        elif step.kind is StepKind.DECISION:
            self._take_decision(step)

    def pass_to(self, time_us: int) -> None:
        """Let the version in force at an instant be the one that is asked."""
        for program in self.versions.coming(self._passed_us, time_us):
            assert program.effective_us is not None
            self._enter(program, program.effective_us)
        self._passed_us = max(self._passed_us, time_us)

    def _enter(self, program: Program, time_us: int) -> None:
        self.before, self.program = self.program, program
        had, self.rules = self.rules, _in_force(program)
        self.known |= self.rules
        for rule_id, rule in self.rules.items():
            before = had.get(rule_id)
            if before is None or before.version != rule.version:
                self.history[rule_id] = [*self._histories(rule, before)]
                self.refused = {key: one for key, one in self.refused.items() if key[0] != rule_id}
            if before is None or before.layout != rule.layout:
                self._begin_anew(rule_id, time_us)

    def _begin_anew(self, rule_id: str, time_us: int) -> None:
        """Nothing of a rule that is new, or another, has begun yet."""
        self.since_us[rule_id] = time_us
        self.begun_by.pop(rule_id, None)
        self.unmatched.pop(rule_id, None)

    def _histories(self, rule: RuleProgram, before: RuleProgram | None) -> Iterator[Slots]:
        """What a rule that comes into force looks back on: of a stream, what its text before remembered too."""
        for condition in rule.conditions:
            slots: Slots = {}
            if self.versions.whole_history:
                for event, attributes in self._taken:
                    if matches_any(condition.of, event, attributes):
                        record(condition, slots, event, rule.keep_us, self.program.limits)
            elif before is not None:
                served = [k for k, one in enumerate(before.conditions) if serves(one.memory, condition.memory)]
                slots = deepcopy(self.history[rule.rule_id][served[0]]) if served else slots
            yield slots

    def _take_event(self, event: Event) -> None:
        if self.first_us is None:
            self.first_us = event.time_us
        if self.known_us is None:
            self.known_us = event.time_us
        self.event = self.by_id[event.event_id] = event
        self.types[event.type] += 1
        if event.type in ENDINGS:
            self._forget_contact()
        elif event.type == UPDATED:
            self._update(event)
        elif event.type.startswith("consent."):
            self._take_consent(event)
        self._taken.append((event, self.attributes))
        for rule in self.rules.values():
            self._record(rule, event)
            self._note_beginning(rule, event)

    def _update(self, event: Event) -> None:
        """The attributes, which know what they were before; an update that there is no room for changes none."""
        refused = (event.time_us, event.event_id) in self._refused
        merged = self.attributes if refused else self.attributes | event.properties
        self.attributes = Updated({name: value for name, value in merged.items() if value is not None}, self.attributes)

    def _take_consent(self, event: Event) -> None:
        purpose = event.properties.get("purpose")
        granted = event.type == "consent.granted"
        if event.type not in ("consent.granted", "consent.withdrawn"):
            return
        if purpose is None or not isinstance(purpose, str):
            if granted and purpose is not None:
                return
            self.consents = {None: Consent(granted, event)}
        else:
            self.consents[purpose] = Consent(granted, event)

    def _record(self, rule: RuleProgram, event: Event) -> None:
        for index, (condition, slots) in enumerate(zip(rule.conditions, self.history[rule.rule_id], strict=True)):
            matches = matches_any(condition.of, event, self.attributes)
            if matches:
                record(condition, slots, event, rule.keep_us, self.program.limits)
            self._refuse(rule, index, event, refused_by_condition(condition, event, self.attributes, matches=matches))

    def _refuse(self, rule: RuleProgram, index: int, event: Event, why: str | None) -> None:
        if why is not None:
            before = self.refused.get((rule.rule_id, index))
            self.refused[rule.rule_id, index] = Unmatched(before.number + 1 if before else 1, event, why)

    def refused_words(self, rule: RuleProgram, index: int, within_us: int | None = None) -> str:
        """What else there was and counted for nothing, to be said behind what did count; else nothing."""
        one = self.refused.get((rule.rule_id, index))
        if one is None or (within_us is not None and one.newest.time_us + within_us <= self.now_us):
            return ""
        newest = f"(the newest, {one.newest.event_id})"
        return f"; {one.number} × {one.newest.type} counted for nothing: {one.why} {newest}"

    def _note_beginning(self, rule: RuleProgram, event: Event) -> None:
        if matches_any(begins(rule), event, self.attributes):
            self.begun_by.setdefault(rule.rule_id, []).append(event)
            self._refuse(rule, REACHES, event, refused_by_reaches(rule, event))
            return
        refusing = [m for m in begins(rule) if event.type in m.types and m.where is not None]
        if not refusing:
            return
        where = refusing[0].where
        assert where is not None
        before = self.unmatched.get(rule.rule_id)
        why = unmet_words(where, event.properties, self.attributes)
        self.unmatched[rule.rule_id] = Unmatched(before.number + 1 if before else 1, event, why)

    def _take_decision(self, step: Step) -> None:
        fired = step.details["decision"] == Outcome.FIRED
        if not (fired or step.details["reason"] in _WOULD_HAVE_FIRED):
            return
        rule, kind = self.rule(step), step.details["kind"]
        watched = rule.mode is Mode.SHADOW or step.details["reason"] == Reason.ROLLOUT
        counts = not watched and not rule.transactional and kind != Kind.EXITED
        trigger_id = step.details["trigger_id"]
        firing = Firing(step.time_us, rule, str(step.instance), trigger_id, kind, counts, fired, watched)
        self.record.append(firing)
        if fired:
            self.fired.append(firing)
        if "digest" in step.details:
            self._take_digest(firing, step.details["digest"]["listed"])

    def _take_digest(self, firing: Firing, listed: Iterable[Mapping[str, Any]]) -> None:
        """What it lists has fired to re-entry; caps count the digest alone."""
        for one in listed:
            instance = canonical(one["instance"])
            self.record.append(firing._replace(instance=instance, counts=False))
            if firing.fired:
                self.listed.add((firing.rule.rule_id, instance))


_WOULD_HAVE_FIRED: Final = (Reason.SHADOW, Reason.ROLLOUT, Reason.HOLDOUT)


def _in_force(program: Program) -> dict[str, RuleProgram]:
    return {rule.rule_id: rule for rule in program.rules if not rule.foreseen}


def begins(rule: RuleProgram) -> Matches:
    """The event match that begins a rule: `when`, or the first step of its sequence."""
    return rule.sequence.steps[0] if rule.sequence is not None else rule.when
