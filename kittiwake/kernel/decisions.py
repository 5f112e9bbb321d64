"""From a candidate to its decision, under an id that the same facts always give.

Pure. Called by the run and, for what is still deferred when a run ends, by `unfinished`.
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Final

from kittiwake.kernel.program import Program
from kittiwake.kernel.state import Candidate
from kittiwake.model import Decision, EventIds
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.values import Number, canonical, exact

ID_BYTES: Final = 16
"""Of the digest: 128 bits, so that 2^32 triggers collide with a probability of 2^-65."""

EXPIRY: Final = "expiry"
"""Stands for the causing event where a look-back's end (or readiness) caused an edge."""


def decision_of(
    program: Program,
    index: int,
    contact_id: str,
    key: str,
    candidate: Candidate,
    outcome: Outcome,
    reason: Reason | None,
    decided_us: int,
    *,
    at_arming: bool = False,
) -> Decision:
    """The row of a candidate. `at_arming`: a limit refused the event before there was an episode."""
    rule = program.rules[index]
    occurrence = None if candidate.occurrence is None else date.fromordinal(candidate.occurrence)
    return Decision(
        trigger_id=_trigger_id(program.account_id, contact_id, rule.rule_id, key, candidate, at_arming),
        account_id=program.account_id,
        contact_id=contact_id,
        rule_id=rule.rule_id,
        rule_version=rule.version,
        kind=candidate.kind,
        time_us=candidate.due_us,
        decision=outcome,
        reason=reason,
        decided_us=decided_us,
        fired_at_us=decided_us if outcome is Outcome.FIRED else None,
        instance=key,
        events=_events(candidate),
        include=candidate.include,
        threshold=_threshold(candidate),
        reminder=candidate.reminder,
        occurrence=occurrence,
    )


def _trigger_id(account_id: str, contact_id: str, rule_id: str, key: str, candidate: Candidate, at_arming: bool) -> str:
    parts = [
        account_id,
        contact_id,
        rule_id,
        key,
        str(candidate.kind),
        _opener(candidate),
        candidate.reminder,
        None if candidate.occurrence is None else date.fromordinal(candidate.occurrence).isoformat(),
    ]
    if at_arming:
        parts.append(str(Reason.LIMIT))
    return sha256(canonical(parts).encode()).digest()[:ID_BYTES].hex()


def _opener(candidate: Candidate) -> list[object]:
    """The event that opened the episode; for an edge its time and cause; the threshold and what crossed it."""
    if candidate.kind is not Kind.FIRED:
        return [candidate.due_us, EXPIRY if candidate.opened_id is None else [candidate.opened_id]]
    return [candidate.opened_id, candidate.opened_us, _threshold(candidate)]


def _threshold(candidate: Candidate) -> Number | None:
    return None if candidate.threshold is None else exact(candidate.threshold)


def _events(candidate: Candidate) -> EventIds | None:
    if candidate.opened_id is None or candidate.last_id is None:
        return None
    return EventIds(candidate.opened_id, candidate.last_id, candidate.count)
