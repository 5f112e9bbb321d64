"""The span of a trigger that leaves, in the trace of the event that brought it. Pure; sent by `transforms.sinks.spans`.

Everything is a function of the trigger but the end, which is the clock's: a bundle that is tried again gives the same
span again. No span holds a contact, a property or an id of an event.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from kittiwake.stream.records import DecisionRecord

_CONTEXT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
"""A trace context of W3C; a version later than 00 may have more behind it."""
_SAMPLED: Final = 1
_ALL: Final = 1 << 64


class TriggerSpan(NamedTuple):
    """A span, apart from what is the same of all."""

    trace_id: int
    parent_id: int
    span_id: int
    start_us: int
    """When the trigger fell due; of a correction by a late event, its own time."""
    end_us: int
    """When it left."""
    attributes: dict[str, str | int]


class _Row(msgspec.Struct):
    reason: str | None = None


_row_of: Final = msgspec.json.Decoder(_Row).decode


def span_of(record: DecisionRecord, share: float, clock_us: int) -> TriggerSpan | None:
    """The span of a trigger that is sent; None: its trace is not sampled, or it is not among this share of triggers."""
    if not record.is_sent or record.traceparent is None:
        return None
    context = _CONTEXT.fullmatch(record.traceparent)
    if context is None or not int(context[3], 16) & _SAMPLED or not is_sampled(record.trigger_id, share):
        return None
    start_us = record.time_us if record.due_us is None else record.due_us
    span_id = _number(f"{record.trigger_id} {record.revision}") or 1
    return TriggerSpan(
        int(context[1], 16), int(context[2], 16), span_id, start_us, max(start_us, clock_us), _attributes(record)
    )


def is_sampled(trigger_id: str, share: float) -> bool:
    """Whether a trigger is among a share of all: always the same ones, and those of a smaller share among them."""
    return _number(trigger_id) < share * _ALL


def _attributes(record: DecisionRecord) -> dict[str, str | int]:
    found: dict[str, str | int | None] = {
        "account_id": record.account_id,
        "rule_id": record.rule_id,
        "trigger_id": record.trigger_id,
        "revision": record.revision,
        "kind": record.kind,
        "decision": record.decision,
        "reason": _row_of(record.row).reason,
        "channel": record.channel,
    }
    return {f"kittiwake.{name}": value for name, value in found.items() if value is not None}


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
