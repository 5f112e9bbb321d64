"""Pending: what waits for its deadline when a run ends, counted by rule.

Pure. Called by the entrance of whole histories, and by hosts that have a contact's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import RuleState, State

Timer: TypeAlias = tuple[int, int, str]
"""When, of which rule (by its index), of which instance."""


class Pending(msgspec.Struct, gc=False):
    """Episodes of a rule that wait."""

    number: int
    next_due_us: int
    """The earliest of their next deadlines."""


NOTHING_PENDING: Final[Mapping[str, Pending]] = {}
"""Never changed."""


def pending_of(rules: Iterable[RuleProgram], state: State) -> Mapping[str, Pending]:
    """What waits in a state, by rule id. What is deferred is none of it: it is a decision already."""
    found: dict[str, Pending] = {}
    for rule in rules:
        remembered = state.rules.get(rule.state_key)
        for one in remembered.instances.values() if remembered is not None and not rule.foreseen else ():
            if one.episode is not None and one.episode.reminders:
                _add(found, rule.rule_id, one.episode.reminders[0].due_us)
    return found


def pending_in(versions: Versions, state: State) -> Mapping[str, Pending]:
    """What waits in a state, by rule id of the version in force up to where it is evaluated."""
    if state.evaluated_to_us is None or not state.rules:
        return NOTHING_PENDING
    return pending_of(versions.at(state.evaluated_to_us).rules, state)


def pending_by_timers(
    timers: Iterable[Timer], rules: Sequence[RuleProgram], remembered: Sequence[RuleState | None]
) -> Mapping[str, Pending]:
    """As `pending_of`, of a run at its end: nothing waits without a timer, and most timers are of what waits.

    `remembered` has what each of the rules remembers.
    """
    found: dict[str, Pending] = {}
    for index, key in {(index, key) for _, index, key in timers}:
        state = remembered[index]
        one = None if state is None else state.instances.get(key)
        if one is not None and one.episode is not None and one.episode.reminders and not rules[index].foreseen:
            _add(found, rules[index].rule_id, one.episode.reminders[0].due_us)
    return found


def _add(found: dict[str, Pending], rule_id: str, due_us: int) -> None:
    known = found.get(rule_id)
    if known is None:
        found[rule_id] = Pending(1, due_us)
        return
    known.number += 1
    known.next_due_us = min(known.next_due_us, due_us)
