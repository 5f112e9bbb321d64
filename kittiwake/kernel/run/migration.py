"""Migration: what a contact's state keeps when a version comes into force, and what leaves it (semantics 11).

Changes the state it is given. Called by `run.timeline` at the instant of the version, and where a state is found that
was left under other rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

import msgspec
from msgspec.structs import replace

from kittiwake.kernel.evaluate.decisions import row_of
from kittiwake.kernel.evaluate.retention import memory_of_firing_us
from kittiwake.kernel.evaluate.rollout import is_watching
from kittiwake.kernel.plan.layouts import serves
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import RuleProgram, Texts
from kittiwake.kernel.plan.wait import Delays
from kittiwake.kernel.run.arming import pending_candidates
from kittiwake.kernel.run.eligibility import remembers
from kittiwake.kernel.run.execution import Execution, empty_rule_state
from kittiwake.kernel.run.retention import forget_expired
from kittiwake.kernel.state.interest import Interest
from kittiwake.kernel.state.remembered import Slot
from kittiwake.kernel.state.state import Instance, Record, RuleState, State, keeps_something
from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason
from kittiwake.time.instants import DAY_US, END_OF_TIME_US
from kittiwake.values import canonical, parse_json

UNKNOWN_SPAN_US: Final = 400 * DAY_US
"""For how long a firing is remembered of a rule whose text nobody knows any more: the default `keep`."""


def fits(program: Program, state: State) -> bool:
    """Whether what the state remembers was left under the rules of the program."""
    if not state.rules and not state.records:
        return True
    known = 0
    for key, rule in zip(program.state_keys, program.rules, strict=True):
        left = state.rules.get(key)
        if left is not None:
            known += 1
            if left.version != rule.version:
                return False
    if known != len(state.rules):
        return False
    if not state.records:
        return True
    in_force = (rule for rule in program.rules if not rule.foreseen)  # of one that will be, the record waits for it
    return not any(_has_record(program, state, rule) for rule in in_force)


def _has_record(program: Program, state: State, rule: RuleProgram) -> bool:
    """Whether the record of the firings of a rule in force stands beside it, not in it."""
    return record_key(rule.rule_id, is_watching(rule, program.account_id, state.contact_id)) in state.records


def concerned_us(program: Program, in_force: Program, state: State) -> int | None:
    """When a contact has to be evaluated because of a version to come; None: not for its sake.

    Something is decided as it comes into force, or falls due under it that does not under the version in force.
    """
    assert program.effective_us is not None
    if _is_met(program, state):
        return program.effective_us
    policy, before = program.policy, in_force.policy
    if state.newest_us is not None:
        is_shorter = policy.retention_us < before.retention_us
        return max(program.effective_us, state.newest_us + policy.retention_us) if is_shorter else None
    span_us, had_us = policy.profile_retention_us, before.profile_retention_us
    if state.profile is None or span_us is None or not keeps_something(state):
        return None
    is_shorter = had_us is None or span_us < had_us
    return max(program.effective_us, state.profile.newest_us + span_us) if is_shorter else None


def _is_met(program: Program, state: State) -> bool:
    """Whether a version has audiences to evaluate as it comes into force, or cancels what is pending or deferred."""
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
    return any(at_us is not None and (program.effective_us or 0) <= at_us < END_OF_TIME_US for at_us in instants_us)


def _stands(one: Instance) -> bool:
    return next(pending_candidates(one), None) is not None


def stamp(program: Program, state: State) -> None:
    """Take what a release left that did not say under which rules, as left under these, where the shape fits."""
    if all(left.version for left in state.rules.values()):
        return
    for key, rule in zip(program.state_keys, program.rules, strict=True):
        left = state.rules.get(key)
        if left is not None and not left.version and len(left.history) == len(rule.conditions):
            left.version, left.layout = rule.version, rule.layout
            left.shadow = is_watching(rule, program.account_id, state.contact_id)
            left.measures = [one.memory for one in rule.conditions]
            _number(rule, left)


def _number(rule: RuleProgram, left: RuleState) -> None:
    """Reminders fall due in their order; one may be deferred."""
    wait = rule.wait
    if not isinstance(wait, Delays) or not wait.numbered:
        return
    for one in left.instances.values():
        if one.episode is None:
            continue
        held = None if one.held is None else one.held.candidate.reminder
        first = one.episode.reminders[0].index if one.episode.reminders else len(wait.delays_us)
        one.episode.numbered = True
        one.episode.fallen = [each for each in range(first) if each != held]


def forget_for_good(run: Execution, now_us: int) -> None:
    """Before a version ends: forget what it does not remember at that instant, for a longer memory too."""
    forget_expired(run, now_us)
    caps = run.program.policy.caps
    run.state.firings = [one for one in run.state.firings if any(remembers(cap, one, now_us) for cap in caps)]


class Before(msgspec.Struct, frozen=True):
    """What is known of the rules in force before."""

    spans_us: Mapping[str, int] = {}
    """By rule id: for how long re-entry remembers a firing."""
    partial_us: Mapping[str, int] = {}
    """By rule id: until when a candidate has partial history."""
    texts: Mapping[str, Texts] = {}
    """By rule id: what its rows show."""


def known_of(run: Execution) -> Before:
    """What a version that ends leaves to know."""
    rules = run.program.rules
    spans = {rule.rule_id: memory_of_firing_us(rule, rule.reentry) for rule in rules if rule.reentry}
    partial = {rules[i].rule_id: until_us for i, until_us in run.missing_until_us.items() if rules[i].partial}
    return Before(spans, partial, dict(zip(run.program.state_keys, run.program.texts, strict=True)))


def activate(program: Program, state: State, now_us: int, known: Before) -> list[Decision]:
    """Lay the state out for the rules of the program; what becomes of what cannot stay."""
    before, state.rules = state.rules, {}
    in_force = {rule.rule_id: rule for rule in program.rules if not rule.foreseen}
    _take_records(state, before, known.spans_us)
    for key, rule in zip(program.state_keys, program.rules, strict=True):
        found = _taken_over(rule, before, shadow=is_watching(rule, program.account_id, state.contact_id))
        if not rule.foreseen:
            _give_records(state, rule, found, is_same=_is_same(rule, before.get(rule.rule_id)))
        if found.instances or found.member or found.entered_fired or any(found.history) or found.interests:
            state.rules[key] = found
    state.attributes = canonical({k: v for k, v in parse_json(state.attributes).items() if k in program.attributes})
    state.consents = {purpose: word for purpose, word in state.consents.items() if purpose in program.purposes}
    return [
        decision
        for rule_id, left in sorted(before.items())
        if "@" not in rule_id
        for decision in _cancelled(program, state, rule_id, left, in_force.get(rule_id), now_us, known)
    ]


# ---------------------------------------------------------------- what stays


def _taken_over(rule: RuleProgram, before: Mapping[str, RuleState], *, shadow: bool) -> RuleState:
    """What a rule remembers from now on: of its own text before, and of what was foreseen for it.

    `shadow`: it only watches the contact.
    """
    own, foreseen = before.get(rule.rule_id), before.get(f"{rule.rule_id}@{rule.version}")
    found = empty_rule_state(rule, shadow=shadow)
    sources = [one for one in (own, foreseen) if one is not None]
    for i, condition in enumerate(rule.conditions):
        found.history[i] = _history(condition.memory, sources)
    found.interests = _interests(found.interest_memory, sources)
    if not rule.foreseen and own is not None and _is_same(rule, own):
        found.instances, found.member = own.instances, own.member
        if own.shadow is not found.shadow:
            _change_mode(found)
        return found
    laid_out = next((one for one in (foreseen, own) if one is not None and one.layout == rule.layout), None)
    if laid_out is not None:
        found.instances = _memories(laid_out)
    return found


def _is_same(rule: RuleProgram, left: RuleState | None) -> bool:
    """Whether what is pending under the one text of a rule goes on under the other."""
    return left is not None and left.layout == rule.layout


def _change_mode(left: RuleState) -> None:
    for one in left.instances.values():
        if one.episode is not None:
            one.episode.fired, one.episode.fired_otherwise = one.episode.fired_otherwise, one.episode.fired


def _history(memory: str, sources: Iterable[RuleState]) -> dict[str, Slot]:
    """The history that serves a condition, if somebody remembered it; its own, for several may be served by one."""
    for source in sources:
        for had, slots in zip(source.measures, source.history, strict=True):
            if serves(had, memory):
                return _copied(slots)
    return {}


def _copied(history: dict[str, Slot]) -> dict[str, Slot]:
    return _decoder_of_histories().decode(msgspec.msgpack.encode(history))


@cache
def _decoder_of_histories() -> msgspec.msgpack.Decoder[dict[str, Slot]]:
    return msgspec.msgpack.Decoder(dict[str, Slot])  # for which all its types are read: not for who keeps one version


def _interests(memory: str, sources: Iterable[RuleState]) -> dict[str, Interest]:
    """The interest of a catalogue rule, if somebody remembered it; its own, for several may be served by one."""
    for source in sources:
        if memory and source.interest_memory == memory:
            return {item: replace(one) for item, one in source.interests.items()}
    return {}


def _memories(left: RuleState) -> dict[str, Instance]:
    """Of a rule's instances what it will look back on again: chains and totals."""
    kept = {key: Instance(prefixes=one.prefixes, reached=one.reached) for key, one in left.instances.items()}
    return {key: one for key, one in kept.items() if one.prefixes or one.reached}


# ---------------------------------------------------------------- records of firings


def record_key(rule_id: str, shadow: bool) -> str:
    """Where the record of a rule's firings stands; no rule id has a ~."""
    return f"{rule_id}~" if shadow else rule_id


def _take_records(state: State, before: Mapping[str, RuleState], spans_us: Mapping[str, int]) -> None:
    """Take out of the rules what stays with their ids: what re-entry remembers, and if the last `entered` fired."""
    for rule_id, left in before.items():
        if "@" in rule_id:
            continue
        fired = {key: one.fired_us for key, one in left.instances.items() if one.fired_us is not None}
        for key in fired:
            left.instances[key].fired_us = None
        if fired or left.entered_fired:
            span_us = spans_us.get(rule_id, UNKNOWN_SPAN_US)
            state.records[record_key(rule_id, left.shadow)] = Record(
                span_us, fired, left.entered_fired, left.entered_held_out
            )


def _give_records(state: State, rule: RuleProgram, found: RuleState, *, is_same: bool) -> None:
    """Give a rule in force the record of its mode; of the other one it is what decides how long it is remembered."""
    for shadow in (False, True):
        record = state.records.pop(record_key(rule.rule_id, shadow), None)
        if record is None:
            continue
        fired = record.fired_us if rule.reentry else {}
        if shadow is found.shadow:
            for key, fired_us in fired.items():
                found.instances.setdefault(key, Instance()).fired_us = fired_us
            found.entered_fired, found.entered_held_out = record.entered, record.held_out
        elif fired or record.entered:
            span_us = memory_of_firing_us(rule, rule.reentry) if rule.reentry else 0
            state.records[record_key(rule.rule_id, shadow)] = Record(span_us, fired, record.entered, record.held_out)
    if not is_same:
        found.member = found.entered_fired


# ---------------------------------------------------------------- what leaves


def _cancelled(
    program: Program,
    state: State,
    rule_id: str,
    left: RuleState,
    now: RuleProgram | None,
    now_us: int,
    known: Before,
) -> Iterator[Decision]:
    """The rows of what is pending or deferred of a rule that is gone, or not the same."""
    if now is not None and now.layout == left.layout:
        return
    reason = Reason.RULE_REMOVED if now is None else Reason.RULE_CHANGED
    texts = known.texts.get(rule_id, Texts(rule_id, "", ""))
    texts = texts._replace(rule_version=left.version, ruleset_version=program.ruleset_version)
    for key, one in sorted(left.instances.items()):
        for candidate in pending_candidates(one):
            yield row_of(
                program.account_id,
                texts,
                state.contact_id,
                key,
                candidate,
                Outcome.CANCELLED,
                reason,
                now_us,
                partial_history=candidate.due_us < known.partial_us.get(rule_id, candidate.due_us),
            )
