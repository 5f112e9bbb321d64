"""The sweep: rules of plain `wait` over one full history, without walking time.

A batch host that has all of a contact's events, and a program whose rules ask nothing but `when`, `wait` and `unless`,
needs no timers, no state and no gates: one pass per rule gives the same decisions as `advance`, byte for byte
(`tests/laws/test_sweep.py` holds it to that). Anything beyond that, two events at one instant or the contact's end
included, is left to `run.timeline`. Called by `batch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec
from msgspec.structs import replace

from kittiwake.event_types import ENDINGS, UPDATED
from kittiwake.kernel.evaluate.decisions import row_of
from kittiwake.kernel.evaluate.include import included
from kittiwake.kernel.evaluate.pending import Pending
from kittiwake.kernel.evaluate.retention import size_of_attributes
from kittiwake.kernel.plan.policy import Policy
from kittiwake.kernel.plan.preparation import UNPREPARED
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.plan.wait import Delays
from kittiwake.kernel.state.state import Candidate
from kittiwake.model import Decision, Event
from kittiwake.reasons import Kind, Outcome
from kittiwake.time.instants import END_OF_TIME_US

ARMS: Final = 1
DISARMS: Final = 2

"""When nothing is pending, it falls due."""

KIND: Final = Kind.FIRED
OUTCOME: Final = Outcome.FIRED
INSTANCE: Final = "{}"
"""Of rules without `per`."""


class SweepPlan(msgspec.Struct, frozen=True):
    """What events do, by their types."""

    does: tuple[dict[str, int], ...]
    """Per rule: what an event of a type does, ARMS | DISARMS."""
    arms: dict[str, tuple[int, ...]]
    """The rules that an event of a type arms: no others can decide anything."""


def sweep_plan_of(program: Program) -> SweepPlan | None:
    """What each event type does in each rule, if the whole program can be swept; None if it cannot."""
    if program.routes.preparation != UNPREPARED or program.routes.of_item:
        return None
    asks = replace(program.policy, retention_us=Policy().retention_us, profile_retention_us=None) != Policy()
    if asks or not all(_is_plain(rule, program) for rule in program.rules):
        return None
    does = tuple(_types_of(rule) for rule in program.rules)
    arms: dict[str, tuple[int, ...]] = {}
    for index, types in enumerate(does):
        for name in (name for name, what in types.items() if what & ARMS):
            arms[name] = (*arms.get(name, ()), index)
    return SweepPlan(does, arms)


def _is_plain(rule: RuleProgram, program: Program) -> bool:
    """Whether nothing of a rule but when, wait and unless can matter."""
    wait = rule.wait
    return (
        isinstance(wait, Delays)
        and wait.delays_us[0] > 0
        and wait.delays_us[-1] <= program.limits.max_wait_us
        and not (rule.sequence or rule.audience or rule.reaches or rule.given or rule.still or rule.per or rule.same)
        and rule.reentry is None
        and rule.ready_us is None
        and rule.mode is Mode.LIVE
        and rule.rollout is None
        and rule.restart
        and not any(one.of_contact for one in rule.include)
        and all(match.types and match.where is None for match in rule.matches())
    )


def _types_of(rule: RuleProgram) -> dict[str, int]:
    types = {event_type: ARMS for match in rule.when for event_type in match.types}
    for match in rule.unless:
        for event_type in match.types:
            types[event_type] = types.get(event_type, 0) | DISARMS
    return types


def sweep(
    program: Program,
    sweep_plan: SweepPlan,
    contact_id: str,
    events: Sequence[Event],
    until_us: int,
    pending: dict[str, Pending],
) -> list[Decision] | None:
    """Everything decided of a contact's events before `until_us`.

    None if two share an instant, one ends the contact or sets too much, or it was silent for so long that it may have
    been forgotten.

    `events` are in order and without duplicates; `sweep_plan` is `sweep_plan_of(program)`. What still waits in the end
    is added to `pending`.
    """
    types = {event.type for event in events}
    if events and until_us - events[0].time_us >= program.policy.retention_us and _has_gap(program, events, until_us):
        return None
    if len({event.time_us for event in events}) < len(events) or not ENDINGS.isdisjoint(types):
        return None
    if UPDATED in types and any(event.type == UPDATED and _may_be_too_much(program, event) for event in events):
        return None
    found: list[Decision] = []
    for index in sorted({index for event_type in types for index in sweep_plan.arms.get(event_type, ())}):
        _sweep_rule(program, index, sweep_plan.does[index], contact_id, events, until_us, found, pending)
    return found


def _has_gap(program: Program, events: Sequence[Event], until_us: int) -> bool:
    """Whether the contact is silent for `retention` somewhere."""
    times_us = [*(event.time_us for event in events), until_us]
    return any(now_us - before_us >= program.policy.retention_us for before_us, now_us in pairwise(times_us))


def _may_be_too_much(program: Program, event: Event) -> bool:
    """Whether there may be no room for what an update sets; such rules read no attribute but the zone."""
    measured = program.measured
    return size_of_attributes(event.properties, measured) > program.limits.attribute_bytes


def _sweep_rule(
    program: Program,
    index: int,
    types: dict[str, int],
    contact_id: str,
    events: Sequence[Event],
    until_us: int,
    found: list[Decision],
    pending: dict[str, Pending],
) -> None:
    """One rule: an episode is its first and newest event, their number, and the reminders already decided."""
    wait = program.rules[index].wait
    assert isinstance(wait, Delays)
    delays_us, reminders = wait.delays_us, len(wait.delays_us)
    opened = newest = None
    count = decided = 0
    due_us = END_OF_TIME_US
    for event in events:
        does = types.get(event.type)
        if does is None:
            continue
        now_us = event.time_us
        while due_us <= now_us and opened is not None and newest is not None:
            found.append(_fired(program, index, contact_id, opened, newest, count, decided))
            decided += 1
            if decided == reminders:
                opened, due_us = None, END_OF_TIME_US
            else:
                due_us = newest.time_us + delays_us[decided]
        if does & DISARMS:
            opened, due_us = None, END_OF_TIME_US
        if does & ARMS:
            if opened is None:
                opened, count, decided = event, 0, 0
            newest = event
            count += 1
            due_us = now_us + delays_us[decided]
    while due_us <= until_us and opened is not None and newest is not None:
        found.append(_fired(program, index, contact_id, opened, newest, count, decided))
        decided += 1
        due_us = END_OF_TIME_US if decided == reminders else newest.time_us + delays_us[decided]
    if due_us != END_OF_TIME_US:
        pending[program.rules[index].rule_id] = Pending(1, due_us)


def _fired(
    program: Program, index: int, contact_id: str, opened: Event, newest: Event, count: int, reminder: int
) -> Decision:
    candidate = candidate_of(program, index, opened, newest, count, reminder)
    texts = program.texts[index]
    return row_of(program.account_id, texts, contact_id, INSTANCE, candidate, OUTCOME, None, candidate.due_us)


def candidate_of(program: Program, index: int, opened: Event, newest: Event, count: int, reminder: int) -> Candidate:
    """What falls due of an episode: its first and newest event, their number, and which of the rule's delays it is."""
    rule = program.rules[index]
    assert isinstance(rule.wait, Delays)
    return Candidate(
        KIND,
        newest.time_us + rule.wait.delays_us[reminder],
        opened.event_id,
        opened.time_us,
        newest.event_id,
        count,
        included(rule, newest, {}, program.limits.include_bytes),
        [],
        reminder if rule.wait.numbered else None,
        opened_type=opened.type,
        last_us=newest.time_us,
    )
