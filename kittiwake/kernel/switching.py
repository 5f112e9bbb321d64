"""A version comes into force: what a contact's state keeps, and what leaves it (docs/semantics.md, section 11).

Changes the state it is given. Called by `settling` at the instant of the version, and where a state is found that was
left under other rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from kittiwake.kernel.arming import candidate_of_reminder
from kittiwake.kernel.decisions import row_of
from kittiwake.kernel.eligibility import counted_by
from kittiwake.kernel.layouts import serves
from kittiwake.kernel.program import NEVER_US, Delays, Program, RuleProgram, Texts
from kittiwake.kernel.run import Run, empty_rule_state, memory_of_firing_us
from kittiwake.kernel.state import Candidate, Gone, Instance, RuleState, Slot, State
from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason
from kittiwake.time.instants import DAY_US
from kittiwake.values import canonical, parse_json

_history_encoder: Final = msgspec.msgpack.Encoder()
_history_decoder: Final = msgspec.msgpack.Decoder(dict[str, Slot])

UNKNOWN_SPAN_US: Final = 400 * DAY_US
"""For how long a firing is remembered of a rule whose text nobody knows any more: the default `keep`."""


def fits(program: Program, state: State) -> bool:
    """Whether what the state remembers was left under the rules of the program."""
    if not state.rules and not state.gone:
        return True
    rules = dict(zip(program.state_keys, program.rules, strict=True))
    for key, left in state.rules.items():
        rule = rules.get(key)
        if rule is None or left.version != rule.version:
            return False
    return not any(rule_id in rules and rules[rule_id].reentry for rule_id in state.gone)


def concerned_us(program: Program, in_force: Program, state: State) -> int | None:
    """When a contact has to be looked at because of a version to come; None: not for its sake.

    Something is decided as it comes into force, or falls due under it that does not under the version in force.
    """
    assert program.effective_us is not None
    if _is_met(program, state):
        return program.effective_us
    retention_us = program.policy.retention_us
    if state.newest_us is not None and retention_us < in_force.policy.retention_us:
        return max(program.effective_us, state.newest_us + retention_us)
    return None


def _is_met(program: Program, state: State) -> bool:
    """Whether a version has audiences to look at as it comes into force, or cancels what is pending or deferred."""
    left, rules = state.rules, {rule.rule_id: rule for rule in program.rules if not rule.foreseen}
    audiences = [rule for rule in rules.values() if rule.audience is not None] if state.newest_us is not None else []
    if any(one.rule_id not in left or left[one.rule_id].version != one.version for one in audiences):
        return True
    if any(_is_ready_later(one, program) for one in audiences):
        return True
    return any(
        (key not in rules or rules[key].layout != one.layout) and any(map(_stands, one.instances.values()))
        for key, one in left.items()
    )


def _is_ready_later(rule: RuleProgram, program: Program) -> bool:
    instants_us = [rule.ready_us, *(one.ready_us for one in rule.look_backs)]
    return any(at_us is not None and (program.effective_us or 0) <= at_us < NEVER_US for at_us in instants_us)


def _stands(one: Instance) -> bool:
    return next(standing(one), None) is not None


def stamp(program: Program, state: State) -> None:
    """Take what a release left that did not say under which rules, as left under these, where the shape fits."""
    for key, rule in zip(program.state_keys, program.rules, strict=True):
        left = state.rules.get(key)
        if left is not None and not left.version and len(left.history) == len(rule.conditions):
            left.version, left.layout = rule.version, rule.layout
            left.measures = [one.memory for one in rule.conditions]
            _number(rule, left)


def _number(rule: RuleProgram, left: RuleState) -> None:
    numbered = isinstance(rule.wait, Delays) and rule.wait.numbered
    for one in left.instances.values():
        if one.episode is not None:
            one.episode.numbered = numbered


def forget_for_good(run: Run, now_us: int) -> None:
    """Before a version ends: forget what it does not remember at that instant, for a longer memory too."""
    run.forget(now_us)
    caps, firings = run.program.policy.frequency, run.state.firings
    counted = {id(one) for cap in caps for one in counted_by(cap, firings, run.zone, now_us)}
    run.state.firings = [one for one in firings if id(one) in counted]


def spans_us(program: Program) -> dict[str, int]:
    """By rule id: for how long re-entry remembers a firing."""
    return {rule.rule_id: memory_of_firing_us(rule, rule.reentry) for rule in program.rules if rule.reentry}


def bring_into_force(program: Program, state: State, now_us: int, spans: Mapping[str, int]) -> list[Decision]:
    """Lay the state out for the rules of the program; what becomes of what cannot stay.

    `spans` are those of the program before, as far as it is known.
    """
    before, state.rules = state.rules, {}
    in_force = {rule.rule_id: rule for rule in program.rules if not rule.foreseen}
    _keep_firings(state, before, in_force, spans)
    for key, rule in zip(program.state_keys, program.rules, strict=True):
        found = _taken_over(rule, before)
        if not rule.foreseen and rule.reentry is not None and rule.rule_id in state.gone:
            for instance, fired_us in state.gone.pop(rule.rule_id).fired_us.items():
                found.instances.setdefault(instance, Instance()).fired_us = fired_us
        if found.instances or found.member or found.entered_fired or any(found.history):
            state.rules[key] = found
    state.attributes = canonical({k: v for k, v in parse_json(state.attributes).items() if k in program.attributes})
    state.consents = {purpose: word for purpose, word in state.consents.items() if purpose in program.purposes}
    return [
        decision
        for rule_id, left in sorted(before.items())
        if "@" not in rule_id
        for decision in _cancelled(program, state, rule_id, left, in_force.get(rule_id), now_us)
    ]


# ---------------------------------------------------------------- what stays


def _taken_over(rule: RuleProgram, before: Mapping[str, RuleState]) -> RuleState:
    """What a rule remembers from now on: of its own text before, and of what was foreseen for it."""
    own, foreseen = before.get(rule.rule_id), before.get(f"{rule.rule_id}@{rule.version}")
    found = empty_rule_state(rule)
    sources = [one for one in (own, foreseen) if one is not None]
    for i, condition in enumerate(rule.conditions):
        found.history[i] = _history(condition.memory, sources)
    laid_out = next((one for one in sources if one.layout == rule.layout), None)
    if laid_out is not None and laid_out is own and not rule.foreseen:
        found.instances, found.member, found.entered_fired = own.instances, own.member, own.entered_fired
        return found
    if laid_out is not None:
        found.instances = _memories(laid_out)
    if own is not None and rule.audience is not None and not rule.foreseen:
        found.member = found.entered_fired = own.entered_fired
    return found


def _history(memory: str, sources: Iterable[RuleState]) -> dict[str, Slot]:
    """The history that serves a condition, if somebody remembered it; its own, for several may be served by one."""
    for source in sources:
        for had, slots in zip(source.measures, source.history, strict=True):
            if serves(had, memory):
                return _history_decoder.decode(_history_encoder.encode(slots))
    return {}


def _memories(left: RuleState) -> dict[str, Instance]:
    """Of a rule's instances what it will look back on again: chains and totals."""
    kept = {key: Instance(prefixes=one.prefixes, reached=one.reached) for key, one in left.instances.items()}
    return {key: one for key, one in kept.items() if one.prefixes or one.reached}


def _keep_firings(
    state: State, before: Mapping[str, RuleState], in_force: Mapping[str, RuleProgram], spans: Mapping[str, int]
) -> None:
    """What re-entry remembers stays with the rule id: put aside what its instances do not keep."""
    for rule_id, left in before.items():
        rule = in_force.get(rule_id)
        if rule is not None and rule.reentry is not None and rule.layout == left.layout:
            continue
        fired = {key: one.fired_us for key, one in left.instances.items() if one.fired_us is not None}
        if fired:
            state.gone[rule_id] = Gone(spans.get(rule_id, UNKNOWN_SPAN_US), fired)


# ---------------------------------------------------------------- what leaves


def _cancelled(
    program: Program, state: State, rule_id: str, left: RuleState, now: RuleProgram | None, now_us: int
) -> Iterator[Decision]:
    """The rows of what is pending or deferred of a rule that is gone, or not the same."""
    if now is not None and now.layout == left.layout:
        return
    reason = Reason.RULE_REMOVED if now is None else Reason.RULE_CHANGED
    texts = Texts(rule_id, left.version, program.ruleset_version)
    for key, one in sorted(left.instances.items()):
        for candidate in standing(one):
            yield row_of(program.account_id, texts, state.contact_id, key, candidate, Outcome.CANCELLED, reason, now_us)


def standing(one: Instance) -> Iterator[Candidate]:
    """What is pending or deferred of an instance, as the candidates that it will not become."""
    if one.held is not None:
        yield one.held.candidate
    if one.episode is not None:
        for reminder in one.episode.reminders:
            yield candidate_of_reminder(one.episode, reminder)
