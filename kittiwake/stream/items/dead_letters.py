"""Dead letters of items: an event that came to an item whose state cannot be read leaves, and can be reingested.

Pure. Called by the step that joins. Interest is kept without reading the state, and is no dead letter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kittiwake.kernel.items.facts import ItemFact
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.items.records import ItemEvent, item_record_of
from kittiwake.stream.records import TRACEPARENT, BufferedEvent, DeadLetterRecord, Stage, dead_letter
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical_bytes, parse_json


def unread(
    subject: tuple[str, str], record: bytes, why: str, clock_us: int, ruleset_version: str
) -> DeadLetterRecord | None:
    """The dead letter of a record of an item; `subject` is account and item. None: the record is no event.

    Its `raw` is an event again, with those of its properties that rules read.
    """
    found = item_record_of(record)
    if not isinstance(found, ItemEvent):
        return None
    fact = found.fact
    attributes = {} if found.traceparent is None else {TRACEPARENT: found.traceparent}
    event = BufferedEvent(fact.time_us, fact.event_id, fact.type, _event(subject, fact), attributes)
    return dead_letter(Stage.ITEMS, DeadLetterReason.STATE_UNREADABLE, why, event, clock_us, ruleset_version)


def _event(subject: tuple[str, str], fact: ItemFact) -> bytes:
    return canonical_bytes(
        {
            "event_id": fact.event_id,
            "account_id": subject[0],
            "item_id": subject[1],
            "type": fact.type,
            "time": format_instant(fact.time_us),
            "properties": _properties(fact.now),
        }
    )


def _properties(values: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Values by dotted path, outer paths first, as properties; an outer value has its inner ones."""
    found: dict[str, Any] = {}
    for path, text in values:
        *outer, name = path.split(".")
        holder: Any = found
        for each in outer:
            holder = holder.setdefault(each, {})
        holder[name] = parse_json(text.encode())
    return found
