"""The trace: what the kernel saw and thought, step by step, as data.

Returned by `advance(..., trace=True)`; nothing is built when it is off. Read by `explain`,
`kittiwake test` and people. Steps come in the order in which the kernel took them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from kittiwake.model import Decision
from kittiwake.values import parse_json


class StepKind(StrEnum):
    """What a step is. `details` holds, per kind, what is written behind it."""

    EVENT = "event"
    """An event is taken. event_id, type, properties; as_sent (its properties as they came in) where some
    are cast, parent (event_id) where it is derived."""
    DUPLICATE = "duplicate"
    """A duplicate of an event is dropped. event_id, type."""
    REPEAT = "repeat"
    """An event is dropped since one that counted has brought its value. event_id, type."""
    LATE = "late"
    """An event older than the evaluated time. event_id, type."""
    INSTANT = "instant"
    """A deadline, release or look-back's end is reached; no details."""
    LACKS = "lacks"
    """A `when` match lacks a `per` or `same` property, or a usable wait. event_id, paths (list of dotted)."""
    RECORDED = "recorded"
    """History is recorded for a condition. event_id, condition (index)."""
    INTERESTED = "interested"
    """Interest in an item is remembered. event_id."""
    CHANGED = "changed"
    """An item in which the contact is interested changed. event_id, reference, value, is_so (as the rule asks),
    fits (as its `where` asks)."""
    NO_ROOM = "no_room"
    """A limit was met. event_id, what."""
    PREFIX = "prefix"
    """A sequence got so far. event_id, step (1-based), of, within_us, started_us."""
    COMPLETED = "completed"
    """A sequence is complete. event_id, started_us."""
    GIVEN = "given"
    """One condition asked. condition (index; None: of the contact's attributes), of (its `same` key), value, holds."""
    STILL = "still"
    """One condition asked of what falls due or is released. time_us (due), and what GIVEN has."""
    REFUSED = "refused"
    """`given` does not hold: nothing is armed. event_id."""
    ARMED = "armed"
    """An episode opens. event_id, dues_us (list), reminders (their indices)."""
    RESTARTED = "restarted"
    """Its deadlines move. event_id, dues_us (list), reminders, count."""
    COUNTED = "counted"
    """A later match only counts (`restart: false`). event_id, count."""
    MOVED = "moved"
    """A changed attribute or zone moved the deadlines. event_id, dues_us (list), reminders."""
    DISARMED = "disarmed"
    """A pending episode ends without decision. event_id, why (unless | reverted | past | changed | deleted)."""
    TOTAL = "total"
    """`reaches`: the total moved. event_id, before, after, next (threshold or None)."""
    MEMBERSHIP = "membership"
    """An audience's membership was evaluated at a change. member, values (list per condition), cause."""
    DUE = "due"
    """A candidate falls due. time_us, reminder, threshold, occurrence, kind."""
    GATE = "gate"
    """A gate was asked. gate, passes, details of its own."""
    DEFERRED = "deferred"
    """Held back by quiet hours, by arbitration, or for a silent feed. reason, release_us, time_us, reminder,
    opens_round, silent (a list: type, since when)."""
    FORGOTTEN = "forgotten"
    """The contact has been silent for `retention`, or for `profile_retention`: wholly, nothing stays. wholly."""
    IN_FORCE = "in_force"
    """A version of the rule set comes into force. ruleset_version."""
    CORRECTED = "corrected"
    """A late event is corrected for: what was decided since is evaluated again. event_id, type, time_us (its own)."""
    DECISION = "decision"
    """A candidate's final decision. trigger_id, decision, reason, kind, time_us, threshold, reminder; maybe variant,
    outranked_by, digest (count, listed), digest_id."""


class Step(NamedTuple):
    """One step. `rule_id` and `instance` are None where a step concerns no rule.

    `rule_id` is a state key, `id@version`, where a rule of a later version only remembers.
    """

    time_us: int
    kind: StepKind
    rule_id: str | None
    instance: str | None
    details: dict[str, Any]


def step_of(decision: Decision) -> Step:
    """The step of a decision."""
    details = {
        "trigger_id": decision.trigger_id,
        "decision": str(decision.decision),
        "reason": None if decision.reason is None else str(decision.reason),
        "kind": str(decision.kind),
        "time_us": decision.time_us,
        "threshold": decision.threshold,
        "reminder": decision.reminder,
    }
    if decision.variant is not None:
        details["variant"] = decision.variant
    if decision.outranked_by is not None:
        details["outranked_by"] = decision.outranked_by
    if decision.digest is not None:
        details["digest"] = parse_json(decision.digest)
    if decision.digest_id is not None:
        details["digest_id"] = decision.digest_id
    return Step(decision.decided_us, StepKind.DECISION, decision.rule_id, decision.instance, details)
