"""Decisions: from a candidate to its row, under an id that the same facts always give.

Pure. Called by `run` and, for what is still deferred when a history ends, by both entrances and the hosts.
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from operator import itemgetter
from typing import Final

from kittiwake.kernel.evaluate.look_backs import missing_until_us
from kittiwake.kernel.evaluate.variants import variant_of
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import Texts
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.state.state import Candidate, Held, State
from kittiwake.model import Decision, EventIds
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.values import Number, canonical_bytes, exact

ID_DIGITS: Final = 32
"""Hexadecimal digits of the digest: 128 bits, so that 2^32 triggers collide with a probability of 2^-65."""

LIMIT: Final = Reason.LIMIT
FIRED: Final = Outcome.FIRED
KIND_FIRED: Final = Kind.FIRED

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
    partial_history: bool = False,
) -> Decision:
    """The row of a candidate. `at_arming`: a limit refused the event before there was an episode."""
    return row_of(
        program.account_id,
        program.texts[index],
        contact_id,
        key,
        candidate,
        outcome,
        reason,
        decided_us,
        at_arming,
        partial_history,
    )


def row_of(
    account_id: str,
    texts: Texts,
    contact_id: str,
    key: str,
    candidate: Candidate,
    outcome: Outcome,
    reason: Reason | None,
    decided_us: int,
    at_arming: bool = False,
    partial_history: bool = False,
    outranked_by: str | None = None,
) -> Decision:
    """As `decision_of`, also of a rule that is not there any more."""
    occurrence = None if candidate.occurrence is None else date.fromordinal(candidate.occurrence)
    threshold = None if candidate.threshold is None else exact(candidate.threshold)
    opened_id, last_id = candidate.opened_id, candidate.last_id
    opened_us, opened_type = candidate.opened_us, candidate.opened_type
    identity = identity_of(account_id, texts, contact_id, key, candidate, at_arming)
    return Decision(
        sha256(identity).hexdigest()[:ID_DIGITS],
        account_id,
        contact_id,
        texts.rule_id,
        texts.rule_version,
        candidate.kind,
        candidate.due_us,
        outcome,
        reason,
        decided_us,
        decided_us if outcome is FIRED else None,
        key,
        None
        if opened_id is None or last_id is None
        else EventIds(opened_id, last_id, candidate.count, opened_us, candidate.last_us, opened_type),
        candidate.include,
        threshold,
        candidate.reminder,
        occurrence,
        texts.ruleset_version,
        partial_history,
        outranked_by=outranked_by,
        variant=None if texts.variants is None else variant_of(texts.variants, account_id, contact_id),
        channel=texts.channel,
    )


def identity_of(
    account_id: str, texts: Texts, contact_id: str, key: str, candidate: Candidate, at_arming: bool = False
) -> bytes:
    """The facts of a candidate of which its id is a digest, as canonical JSON."""
    threshold = None if candidate.threshold is None else exact(candidate.threshold)
    occurrence = None if candidate.occurrence is None else date.fromordinal(candidate.occurrence)
    parts: list[object] = [
        account_id,
        contact_id,
        texts.rule_id,
        key,
        candidate.kind,
        _opening(candidate, threshold) if candidate.kind is KIND_FIRED else _cause(candidate),
        candidate.reminder,
        None if occurrence is None else occurrence.isoformat(),
    ]
    if at_arming:
        parts.append(LIMIT)
    return canonical_bytes(parts)


def _opening(candidate: Candidate, threshold: Number | None) -> list[object]:
    """The event that opened the episode; or the threshold, and which time it is where it may be crossed again."""
    if candidate.crossing is not None:
        return [threshold, candidate.crossing]
    return [candidate.opened_id, candidate.opened_us, candidate.opened_type or threshold]


def _cause(candidate: Candidate) -> list[object]:
    """What stands for the event that opened the episode, or crossed the threshold, where there is an edge instead."""
    if candidate.opened_id is None:
        return [candidate.due_us, EXPIRY]
    return [candidate.due_us, [candidate.opened_id, *([candidate.opened_type] if candidate.opened_type else [])]]


def gate_of(held: Held) -> Reason:
    """The gate that has deferred a candidate."""
    if held.for_feed:
        return Reason.FEED_SILENT
    if held.for_flood:
        return Reason.FLOODED
    return Reason.ARBITRATION if held.in_round else Reason.QUIET_HOURS


def unfinished(rules: Program | Versions, state: State) -> tuple[Decision, ...]:
    """The decisions of a run that ends here: what is still deferred leaves `deferred`, for what holds it back."""
    if state.evaluated_to_us is None:
        return ()
    program, found = as_versions(rules).at(state.evaluated_to_us), []
    missing_us = missing_until_us(program, state) if program.looks_back else {}
    for index, rule in enumerate(program.rules):
        remembered = state.rules.get(rule.state_key)
        if remembered is None or not remembered.instances:
            continue
        held = [(key, one.held) for key, one in remembered.instances.items() if one.held is not None]
        for key, deferred in sorted(held, key=itemgetter(0)):
            candidate, due_us = deferred.candidate, deferred.candidate.due_us
            found.append(
                decision_of(
                    program,
                    index,
                    state.contact_id,
                    key,
                    candidate,
                    Outcome.DEFERRED,
                    gate_of(deferred),
                    state.evaluated_to_us,
                    partial_history=rule.partial and due_us < missing_us.get(index, due_us),
                )
            )
    return tuple(found)
