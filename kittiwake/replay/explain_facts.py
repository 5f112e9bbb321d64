"""What is known of a contact at a step of its trace: events, attributes, consents, history, firings.

Built up step by step as the explanation walks a trace, so that every line can say what was
the case just then. Called by `explain`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from kittiwake.kernel.history import Slots, record
from kittiwake.kernel.matching import matches_any
from kittiwake.kernel.program import Matches, Program, RuleProgram
from kittiwake.kernel.trace import Step, StepKind
from kittiwake.model import Event
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.replay.explain_rules import unmet_words
from kittiwake.time.zones import is_zone


class Firing(NamedTuple):
    """A trigger that fired (of a shadow rule: would have)."""

    time_us: int
    rule: RuleProgram
    instance: str
    trigger_id: str
    kind: str
    counts: bool
    """Whether caps count it."""

    def is_of(self, rule: RuleProgram, instance: str | None) -> bool:
        """Whether re-entry of an instance of a rule asks about it."""
        return self.rule is rule and self.instance == instance and self.kind != Kind.EXITED


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

    def __init__(self, program: Program, contact_id: str) -> None:
        self.program = program
        self.contact_id = contact_id
        self.rules = {rule.rule_id: rule for rule in program.rules}
        self.now_us = 0
        self.event: Event | None = None
        """The event being taken; None at an instant without one."""
        self.by_id: dict[str, Event] = {}
        self.types: Counter[str] = Counter()
        self.unmatched: dict[str, Unmatched] = {}
        self.begun_by: dict[str, list[Event]] = {}
        """Events that a rule begins with."""
        self.fired: list[Firing] = []
        """Every trigger there was."""
        self._forget_contact()

    def _forget_contact(self) -> None:
        self.attributes: dict[str, Any] = {}
        self.consents: dict[str | None, Consent] = {}
        self.history: dict[str, list[Slots]] = {
            rule.rule_id: [{} for _ in rule.conditions] for rule in self.program.rules
        }
        self.record: list[Firing] = []
        """What re-entry and caps remember."""

    @property
    def zone(self) -> str:
        """The contact's zone, else the account's."""
        name = self.attributes.get("timezone")
        return str(name) if is_zone(name) else self.program.timezone

    def rule(self, step: Step) -> RuleProgram:
        """The rule a step concerns."""
        assert step.rule_id is not None, step
        return self.rules[step.rule_id]

    def take(self, step: Step) -> None:
        """Learn what a step says; before the step is told."""
        self.now_us = step.time_us
        if step.kind is StepKind.EVENT:
            details = step.details
            self._take_event(Event(step.time_us, details["event_id"], details["type"], details["properties"]))
        elif step.kind is StepKind.INSTANT:
            self.event = None
        elif step.kind is StepKind.DECISION:
            self._take_decision(step)

    def _take_event(self, event: Event) -> None:
        self.event = self.by_id[event.event_id] = event
        self.types[event.type] += 1
        if event.type == "contact.deleted":
            self._forget_contact()
        elif event.type == "contact.updated":
            merged = self.attributes | event.properties
            self.attributes = {name: value for name, value in merged.items() if value is not None}
        elif event.type.startswith("consent."):
            self._take_consent(event)
        for rule in self.program.rules:
            self._record(rule, event)
            self._note_beginning(rule, event)

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
        for condition, slots in zip(rule.conditions, self.history[rule.rule_id], strict=True):
            if matches_any(condition.of, event, self.attributes):
                record(condition, slots, event, rule.keep_us, self.program.limits)

    def _note_beginning(self, rule: RuleProgram, event: Event) -> None:
        if matches_any(begins(rule), event, self.attributes):
            self.begun_by.setdefault(rule.rule_id, []).append(event)
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
        fired, shadow = step.details["decision"] == Outcome.FIRED, step.details["reason"] == Reason.SHADOW
        if not (fired or shadow):
            return
        rule, kind = self.rule(step), step.details["kind"]
        counts = fired and not rule.transactional and kind != Kind.EXITED
        firing = Firing(step.time_us, rule, str(step.instance), step.details["trigger_id"], kind, counts)
        self.record.append(firing)
        if fired:
            self.fired.append(firing)


def begins(rule: RuleProgram) -> Matches:
    """The event match that begins a rule: `when`, or the first step of its sequence."""
    return rule.sequence.steps[0] if rule.sequence is not None else rule.when
