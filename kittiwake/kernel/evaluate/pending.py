"""Pending: what waits for its deadline when a run ends, counted by rule.

Pure. Called by the entrance of whole histories, and by hosts that have a contact's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import State


class Pending(NamedTuple):
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
                add_pending(found, rule.rule_id, Pending(1, one.episode.reminders[0].due_us))
    return found


def pending_in(versions: Versions, state: State) -> Mapping[str, Pending]:
    """What waits in a state, by rule id of the version in force up to where it is evaluated."""
    if state.evaluated_to_us is None or not state.rules:
        return NOTHING_PENDING
    return pending_of(versions.at(state.evaluated_to_us).rules, state)


def add_pending(found: dict[str, Pending], rule_id: str, more: Pending) -> None:
    """Add to what waits of a rule."""
    known = found.get(rule_id)
    if known is not None:
        more = Pending(known.number + more.number, min(known.next_due_us, more.next_due_us))
    found[rule_id] = more
