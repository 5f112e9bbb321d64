"""From a trace to an explanation: what happened to one contact, and for what did not fire, why.

Pure: reads the steps that `advance(..., trace=True)` returned and the state they led to.
Called by `kittiwake explain`, and by scenarios and the test kit to explain a failure. What was emitted and
taken back again is in no trace of what is known now: hosts that know of it hand in lines
(`explain_late`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kittiwake.explain.facts import REACHES, EventKey, Facts
from kittiwake.explain.gates import gates_words
from kittiwake.explain.misses import miss_of, misses_at_end, never_began
from kittiwake.explain.model import Explanation, Line, Miss, RuleExplanation, Stage, Tone
from kittiwake.explain.refusals import consent_words, not_disarmed, other_instance
from kittiwake.explain.spans import Spans
from kittiwake.explain.steps import line_of
from kittiwake.kernel.evaluate.retention import outlives
from kittiwake.kernel.plan.build import ENDINGS
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.state.state import State
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.model import Event
from kittiwake.reasons import Reason

Key = tuple[str, str]


def explain(
    rules: Program | Versions,
    state: State,
    steps: Sequence[Step],
    further: Sequence[Line] = (),
    *,
    all_properties: bool = False,
) -> Explanation:
    """What `steps` mean, which decided one contact from the beginning to `state`; `further` are lines beside them.

    Of events only what rules read is shown, or `all_properties`.
    """
    versions = as_versions(rules)
    end_us = state.evaluated_to_us or 0
    first_us = min([end_us, *(step.time_us for step in steps[:1])])
    facts = Facts(versions, state.contact_id, first_us, frozenset(_refused(steps)), all_properties=all_properties)
    walk = _Walk(facts)
    for step in steps:
        walk.take(step)
    evaluated_to_us = state.evaluated_to_us if state.evaluated_to_us is not None else walk.facts.now_us
    walk.facts.pass_to(evaluated_to_us)
    walk.facts.now_us = evaluated_to_us
    walk.misses.extend(misses_at_end(walk.facts, state, walk.part_way))
    return Explanation(
        account_id=versions.newest.account_id,
        contact_id=state.contact_id,
        zone=walk.facts.zone,
        events=sum(walk.facts.types.values()),
        evaluated_to_us=evaluated_to_us,
        lines=tuple(sorted([*walk.lines, *further], key=lambda line: line.time_us)),
        rules=tuple(_explain_rule(walk, rule) for rule in _in_order(walk.facts)),
        left_out=walk.facts.left_out,
        spans=walk.spans.until(evaluated_to_us),
    )


def _refused(steps: Iterable[Step]) -> Iterator[EventKey]:
    """The updates that there was no room for."""
    for step in steps:
        if step.kind is StepKind.NO_ROOM and step.details["what"] == "attributes":
            yield step.time_us, step.details["event_id"]


def _in_order(facts: Facts) -> list[RuleProgram]:
    """The rules in force at the end, then those that were before."""
    return [*facts.rules.values(), *(rule for rule_id, rule in facts.known.items() if rule_id not in facts.rules)]


class _Walk:
    """The lines and misses so far, and what is kept from one step for a later one."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.lines: list[Line] = []
        self.misses: list[Miss] = []
        self.spans = Spans()
        self.part_way: dict[Key, Step] = {}
        """The newest chain or total of each instance that is not complete."""
        self._gates: dict[Key, list[Step]] = {}
        """Gates asked of the candidate before its decision."""
        self._refusals: dict[Key, list[Step]] = {}
        """Conditions that did not hold, before the refusal."""
        self._dues: dict[Key, list[int]] = {}
        """Deadlines of what is armed."""
        self._armed_by: dict[Key, Event] = {}
        """The newest event that armed it."""
        self._instances: dict[str, set[str]] = {}
        """Of each rule, those that anything came of."""

    def take(self, step: Step) -> None:
        """Take one step in, in their order."""
        self.facts.take(step)
        key = (step.rule_id or "", step.instance or "")
        if "@" in key[0]:
            self._keep_part_way(key, step)  # of a rule that will be in force
            return
        if step.kind is StepKind.IN_FORCE:
            self._change_rules()
        if step.kind is StepKind.STILL:
            return
        if step.kind is StepKind.GATE:
            self._gates.setdefault(key, []).append(step)
            return
        self._keep(key, step)
        self.spans.take(key, step)
        line = line_of(self.facts, step)
        if line is not None:
            self.lines.append(line)
        self._add_unused(step)
        if step.kind in (StepKind.DECISION, StepKind.DEFERRED):
            self._add_gates(key)
        miss = miss_of(self.facts, step, self._refusals.get(key, []))
        if miss is not None:
            self.misses.append(miss)
        if step.kind is StepKind.REFUSED:
            self._refusals.pop(key, None)
        if step.kind is StepKind.EVENT and step.details["type"] in ENDINGS:
            self._forget(step)
        elif step.kind is StepKind.FORGOTTEN:
            self._forget_deeds()

    def _change_rules(self) -> None:
        """What is part of the way goes on where the rule is the same, or was foreseen."""
        before = {rule.rule_id: rule for rule in self.facts.before.rules if not rule.foreseen}
        kept = {}
        for (rule_id, instance), step in self.part_way.items():
            name, _, version = rule_id.partition("@")
            rule = self.facts.rules.get(name)
            if rule is not None and (version == rule.version if version else before[name].layout == rule.layout):
                kept[name, instance] = step
            elif version:
                kept[rule_id, instance] = step
        self.part_way = kept

    def _forget_deeds(self) -> None:
        """What stays pending of a forgotten contact ends with its profile, which has a step for each."""
        rules = self.facts.rules
        self._dues = {key: dues for key, dues in self._dues.items() if key[0] in rules and outlives(rules[key[0]])}
        self.spans.keep_only(self._dues, self.facts.now_us)
        self.part_way.clear()

    def _forget(self, step: Step) -> None:
        """The episodes of a contact that was deleted or merged are gone; the kernel spends no step on each."""
        why = step.details["type"].removeprefix("contact.")
        armed = [(key, [due_us for due_us in dues_us if due_us >= step.time_us]) for key, dues_us in self._dues.items()]
        for (rule_id, instance), dues_us in armed:
            if dues_us:
                details = {"why": why, "event_id": step.details["event_id"], "dues_us": dues_us}
                self.take(Step(step.time_us, StepKind.DISARMED, rule_id, instance, details))
        self._dues.clear()
        self.part_way.clear()

    def _keep(self, key: Key, step: Step) -> None:
        match step.kind:
            case StepKind.GIVEN if not step.details["holds"]:
                self._refusals.setdefault(key, []).append(step)
            case StepKind.PREFIX | StepKind.TOTAL | StepKind.COMPLETED:
                self._keep_part_way(key, step)
            case StepKind.ARMED | StepKind.RESTARTED:
                self._dues[key] = step.details["dues_us"]
                self._armed_by[key] = self.facts.by_id[step.details["event_id"]]
            case StepKind.MOVED:
                self._dues[key] = step.details["dues_us"]
            case StepKind.DISARMED:
                self._dues.pop(key, None)
            case StepKind.DECISION if step.details["reason"] in (Reason.RULE_CHANGED, Reason.RULE_REMOVED):
                self._dues.pop(key, None)

    def _keep_part_way(self, key: Key, step: Step) -> None:
        if step.kind in (StepKind.PREFIX, StepKind.TOTAL):
            self.part_way[key] = step
        elif step.kind is StepKind.COMPLETED:
            self.part_way.pop(key, None)

    def _add_unused(self, step: Step) -> None:
        """What a rule cannot use of an event, or takes for different though it reads the same."""
        if step.kind is StepKind.EVENT:
            self._add_event_unused(self.facts.by_id[step.details["event_id"]])
        elif step.kind in (StepKind.ARMED, StepKind.TOTAL, StepKind.PREFIX) and step.rule_id is not None:
            known = self._instances.setdefault(step.rule_id, set())
            if step.instance is not None and step.instance not in known:
                others = (other_instance(step.instance, one) for one in sorted(known))
                self._add(step.rule_id, step.instance, next((one for one in others if one is not None), None))
                known.add(step.instance)

    def _add_event_unused(self, event: Event) -> None:
        facts = self.facts
        if facts.program.policy.purposes:
            self._add(None, None, consent_words(event))
        for rule in facts.rules.values():
            refused = facts.refused.get((rule.rule_id, REACHES))
            if refused is not None and refused.newest is event:
                self._add(rule.rule_id, None, f"counted for nothing: {refused.why}")
        for (rule_id, instance), dues_us in self._dues.items():
            rule_now, armed_by = facts.rules.get(rule_id), self._armed_by.get((rule_id, instance))
            if rule_now is None or armed_by is None or dues_us[-1] <= event.time_us:
                continue
            why = not_disarmed(rule_now, armed_by, event, facts.attributes)
            further = None if why is None else f"not disarmed by {event.type} ({event.event_id}): {why}"
            self._add(rule_id, instance, further)

    def _add(self, rule_id: str | None, instance: str | None, text: str | None) -> None:
        if text is not None:
            now_us, zone = self.facts.now_us, self.facts.zone
            self.lines.append(Line(now_us, StepKind.LACKS, Tone.STOPPED, rule_id, instance, text, zone))

    def _add_gates(self, key: Key) -> None:
        asked = self._gates.pop(key, [])
        if asked:
            first = asked[0]
            text = gates_words([step.details for step in asked])
            line = Line(first.time_us, StepKind.GATE, Tone.ASIDE, first.rule_id, first.instance, text, self.facts.zone)
            self.lines.append(line)


def _explain_rule(walk: _Walk, rule: RuleProgram) -> RuleExplanation:
    misses = tuple(miss for miss in walk.misses if miss.rule_id == rule.rule_id)
    fired = [one for one in walk.facts.fired if one.rule.rule_id == rule.rule_id]
    return RuleExplanation(rule.rule_id, len(fired), misses, tuple(_nearest(walk.facts, rule, misses)), rule.about)


def _nearest(facts: Facts, rule: RuleProgram, misses: Sequence[Miss]) -> list[Miss]:
    """Every candidate that fell due and did not fire; of an instance that came to none, how near it came.

    An instance that fired came near enough. A rule that came to no instance has a miss of its own.
    """
    fired = {one.instance for one in facts.fired if one.rule.rule_id == rule.rule_id}
    fired |= {instance for rule_id, instance in facts.listed if rule_id == rule.rule_id}
    due = [miss for miss in misses if miss.stage is Stage.GATED]
    there = fired | {miss.instance for miss in due}
    best: dict[str | None, Miss] = {}
    for miss in misses:
        known = best.get(miss.instance)
        if miss.instance not in there and (known is None or miss.stage >= known.stage):
            best[miss.instance] = miss
    if there or len(best) > 1:
        best.pop(None, None)
    if not there and not best:
        return [never_began(facts, rule)]
    return sorted([*due, *best.values()], key=lambda miss: miss.time_us or 0)
