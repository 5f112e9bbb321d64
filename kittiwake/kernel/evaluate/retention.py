"""Retention: what stays of a contact that is forgotten, and how long what is remembered for a time lasts.

Pure but for the state it is given. Called by `run.retention` (semantics.md, section 12).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kittiwake.kernel.plan.policy import Cap, Reentry, memory_of_cap_us
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import UntilWait
from kittiwake.kernel.state.state import Firing, Instance, Reached, Record, RuleState, State
from kittiwake.values import canonical_bytes


def outlives(rule: RuleProgram) -> bool:
    """Whether what is pending or deferred of a rule stays: it waits for a date of the contact that comes again."""
    wait = rule.wait
    return isinstance(wait, UntilWait) and wait.of_contact and wait.repeat is not None


def forget_deeds_of_rule(rule: RuleProgram, left: RuleState) -> None:
    """Take out of what a rule remembers all that a forgotten contact did."""
    left.history = [{} for _ in left.history]
    left.interests = {}
    left.member = left.entered_fired = left.entered_held_out = False
    for one in left.instances.values():
        one.prefixes = []
        if one.reached is not None:
            one.reached.total = Decimal(0)
            one.reached = one.reached if one.reached.used else None
        if not outlives(rule):
            one.episode = one.held = None


def size_of_attributes(attributes: Mapping[str, Any], measured: Container[str]) -> int:
    """Bytes of the canonical JSON of those attributes that count against `Limits.attribute_bytes`."""
    return len(canonical_bytes({name: value for name, value in attributes.items() if name in measured}))


def without_entries(records: dict[str, Record]) -> dict[str, Record]:
    """Records of firings, without whether the last `entered` fired."""
    return {key: Record(one.span_us, one.fired_us) for key, one in records.items() if one.fired_us}


def still_counting(firings: Sequence[Firing], caps: Sequence[Cap], now_us: int) -> list[Firing]:
    """The firings that some cap can count at an instant or after it."""
    return [one for one in firings if any(_counts_until_us(cap, one) > now_us for cap in caps)]


def _counts_until_us(cap: Cap, firing: Firing) -> int:
    if not cap.concerns(firing.group, firing.channel):
        return firing.fired_us
    return firing.fired_us + memory_of_cap_us(cap)


def memory_of_firing_us(rule: RuleProgram, reentry: Reentry) -> int:
    """For how long re-entry counts a firing: `once` for `keep`, a duration for itself."""
    return rule.keep_us if reentry.within_us is None else reentry.within_us


def memory_ends_us(program: Program, state: State) -> int | None:
    """When the last thing has had its time that a forgotten contact keeps only for a time; None: it keeps no such."""
    caps = program.policy.caps
    found = [_counts_until_us(cap, one) for one in state.firings for cap in caps]
    found += [] if state.round_ends_us is None else [state.round_ends_us]
    found += [max(one.fired_us.values()) + one.span_us for one in state.records.values() if one.fired_us]
    for key, rule in zip(program.state_keys, program.rules, strict=True):
        left = state.rules.get(key)
        for one in left.instances.values() if left is not None else ():
            found += _ends_us(rule, one)
    return max(found, default=None)


def _ends_us(rule: RuleProgram, one: Instance) -> Iterator[int]:
    if one.fired_us is not None and rule.reentry is not None:
        yield one.fired_us + memory_of_firing_us(rule, rule.reentry)
    if one.reached is not None and rule.total_kept_us is not None:
        yield one.reached.newest_us + rule.total_kept_us


def remembers_firing(rule: RuleProgram, fired_us: int, now_us: int) -> bool:
    """Whether re-entry still counts a firing."""
    return rule.reentry is not None and now_us < fired_us + memory_of_firing_us(rule, rule.reentry)


def forgotten(rule: RuleProgram, one: Instance, now_us: int) -> bool:
    """Whether nothing is remembered of an instance; what time has passed is taken out of it."""
    if one.fired_us is not None and not remembers_firing(rule, one.fired_us, now_us):
        one.fired_us = None
    if one.reached is not None and is_total_forgotten(rule, one.reached, now_us):
        one.reached = None
    if one.prefixes and rule.sequence is not None:
        within_us = rule.sequence.within_us
        one.prefixes = [None if s is None or s + within_us <= now_us else s for s in one.prefixes]
        if not any(start is not None for start in one.prefixes):
            one.prefixes = []
    return not (one.episode or one.held or one.prefixes or one.reached or one.fired_us is not None)


def is_total_forgotten(rule: RuleProgram, reached: Reached, now_us: int) -> bool:
    """Whether a total of `reaches` and the thresholds that it used up are remembered no more."""
    kept_us = rule.total_kept_us
    return kept_us is not None and reached.newest_us + kept_us <= now_us


def still_remembered(records: dict[str, Record], now_us: int) -> Iterator[tuple[str, Record]]:
    """What is remembered of rules that are not in force."""
    for key, one in records.items():
        left = {instance: us for instance, us in one.fired_us.items() if now_us < us + one.span_us}
        if left or one.entered:
            yield key, Record(one.span_us, left, one.entered, one.held_out)
