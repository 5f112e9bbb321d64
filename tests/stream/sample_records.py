"""Things that a streaming job tells, made by hand for tests of where they go."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from kittiwake.model import Decision, EventIds
from kittiwake.reasons import DeadLetterReason, Kind, Outcome, Reason
from kittiwake.stream.records import (
    DeadLetterRecord,
    DecisionRecord,
    LateEventRecord,
    Stage,
    dead_letter_of,
    decision_record,
)
from kittiwake.time.instants import parse_instant
from kittiwake.values import canonical

AT_US = parse_instant("2026-11-03T02:15:00.000001Z")
CLOCK_US = parse_instant("2026-11-03T02:15:07Z")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LONG_NUMBER = 10**40 + 1
INCLUDE = canonical({"total": Decimal("68.74"), "long": LONG_NUMBER, "name": 'Zoë "Z"'})


def clock() -> int:
    """A clock that stands still."""
    return CLOCK_US


def never(element: bytes) -> bool:
    """Whether it is kept."""
    return False


def decision(trigger_id: str = "a" * 32, **changes: Any) -> Decision:
    """A trigger that has everything a row can have, but for what the changes say."""
    fields: dict[str, Any] = {
        "trigger_id": trigger_id,
        "account_id": "acme",
        "contact_id": "c-1",
        "rule_id": "cart",
        "rule_version": "96d50ae79301",
        "kind": Kind.FIRED,
        "time_us": AT_US,
        "decision": Outcome.FIRED,
        "reason": None,
        "decided_us": AT_US,
        "fired_at_us": AT_US,
        "instance": '{"cart":1}',
        "events": EventIds("e1", "e2", 2, AT_US - 3_600_000_000, AT_US, "cart.item_added"),
        "include": INCLUDE,
        "threshold": Decimal("0.1"),
        "reminder": 1,
        "occurrence": date(2026, 11, 3),
        "ruleset_version": "3349aaec3651",
        "replaces": ("b" * 32,),
        "outranked_by": "c" * 32,
        "digest": '{"count":1,"listed":[]}',
        "digest_id": "e" * 32,
    }
    return Decision(**{**fields, **changes})


def trigger(trigger_id: str = "a" * 32, traceparent: str | None = None, **changes: Any) -> DecisionRecord:
    """The same, emitted."""
    return decision_record(decision(trigger_id, **changes), traceparent)


def bare(trigger_id: str = "d" * 32, **changes: Any) -> DecisionRecord:
    """A candidate that came to nothing, and of which as little is known as can be."""
    fields: dict[str, Any] = {
        "decision": Outcome.SUPPRESSED,
        "reason": Reason.NO_CONSENT,
        "fired_at_us": None,
        "instance": "{}",
        "events": None,
        "include": "{}",
        "threshold": None,
        "reminder": None,
        "occurrence": None,
        "replaces": (),
        "outranked_by": None,
        "digest": None,
        "digest_id": None,
    }
    return trigger(trigger_id, **{**fields, **changes})


def dead(raw: bytes = b'{"name": "Zo\xeb"}', **changes: Any) -> DeadLetterRecord:
    """A message that is not UTF-8."""
    fields: dict[str, Any] = {
        "stage": Stage.INTAKE,
        "reason": DeadLetterReason.NOT_UTF8,
        "detail": "the record is not UTF-8",
        "raw": raw,
        "raw_size": len(raw),
        "attributes": {"source": "shop", "trace": "t"},
        "message_id": "m-1",
        "publish_us": CLOCK_US - 1_000_000,
        "happened_us": CLOCK_US,
        "ruleset_version": "3349aaec3651",
        "release": "0.1.0",
    }
    return DeadLetterRecord(**{**fields, **changes})


def detail_of(letter: bytes) -> str:
    """What a dead letter on its way says."""
    return dead_letter_of(letter).detail


def late(**changes: Any) -> LateEventRecord:
    """An event that came too late."""
    fields: dict[str, Any] = {
        "account_id": "acme",
        "contact_id": "c-1",
        "event_id": "e0",
        "type": "cart.item_added",
        "time_us": AT_US,
        "evaluated_to_us": AT_US + 1,
        "raw": b'{"event_id": "e0"}',
        "attributes": {},
        "message_id": "",
        "publish_us": None,
        "happened_us": CLOCK_US,
    }
    return LateEventRecord(**{**fields, **changes})
