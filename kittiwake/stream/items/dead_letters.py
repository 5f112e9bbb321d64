"""Dead letters of items: what comes to a state that cannot be read, what comes too late, and interest without room.

Pure. Called by the step that joins. An event leaves as an event again, with those of its properties that rules read, so
that it can be reingested. Interest leaves as an object that names the contact and the time it covers. Every shard of an
item says so for itself: rows of one event share their `row_id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from kittiwake.kernel.items.facts import ItemFact
from kittiwake.kernel.items.index import HeldInterest
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.items.records import FeedEvent, FeedSeed, ItemEvent, ShownInterest, item_record_of
from kittiwake.stream.records import TRACEPARENT, BufferedEvent, DeadLetterRecord, Stage, dead_letter
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical_bytes, parse_json

TOO_LATE: Final = "an event of an item came later than is allowed, or than its newest 10,000: it changed nothing"
NO_ROOM: Final = "a shard of the item has more contacts than it keeps: this interest, which ends early, was forgotten"
DAMAGED: Final = "what was kept of the interest of {number} contacts is damaged, and was dropped"


class ItemDeadLetters(NamedTuple):
    """Makes dead letters of one item."""

    account_id: str
    item_id: str
    clock_us: int
    ruleset_version: str
    named: str = "item_id"
    """What `item_id` is: of a feed its type."""

    def unread(self, record: bytes, why: str) -> Iterator[DeadLetterRecord]:
        """What could not be taken in, for what is kept of the item cannot be read."""
        found, reason = item_record_of(record), DeadLetterReason.STATE_UNREADABLE
        if isinstance(found, ItemEvent):
            yield self._of_event(found, reason, why)
            return
        if isinstance(found, (FeedEvent, FeedSeed)):
            return  # times alone are no event; its contact, or the snapshot, has it whole
        for one in (found.interest,) if isinstance(found, ShownInterest) else found.interests:
            yield self._of_interest(one, reason, why)

    def too_late(self, record: bytes) -> DeadLetterRecord:
        """An event that comes before all that can still be changed."""
        found = item_record_of(record)
        assert isinstance(found, ItemEvent), "only events are late"
        return self._of_event(found, DeadLetterReason.ITEM_TOO_LATE, TOO_LATE)

    def forgotten(self, interests: Iterable[HeldInterest], damaged: int) -> Iterator[DeadLetterRecord]:
        """Interest for which there was no room, and how many entries of it were damaged."""
        for one in interests:
            yield self._of_interest(one, DeadLetterReason.INTEREST_FORGOTTEN, NO_ROOM)
        if damaged:
            why = DAMAGED.format(number=damaged)
            yield self._dead_letter(DeadLetterReason.STATE_UNREADABLE, why, BufferedEvent(0, "", "", self._raw({})))

    def _of_event(self, found: ItemEvent, reason: DeadLetterReason, why: str) -> DeadLetterRecord:
        fact, trace = found.fact, found.traceparent
        attributes = {} if trace is None else {TRACEPARENT: trace}
        raw = self._raw(_fields(fact))
        return self._dead_letter(reason, why, BufferedEvent(fact.time_us, fact.event_id, fact.type, raw, attributes))

    def _of_interest(self, one: HeldInterest, reason: DeadLetterReason, why: str) -> DeadLetterRecord:
        times = {"interested_from": format_instant(one.from_us), "interested_until": format_instant(one.to_us)}
        raw = self._raw({"contact_id": one.contact_id, **times})
        return self._dead_letter(reason, why, BufferedEvent(one.from_us, "", "", raw))

    def _raw(self, fields: dict[str, Any]) -> bytes:
        return canonical_bytes({"account_id": self.account_id, self.named: self.item_id, **fields})

    def _dead_letter(self, reason: DeadLetterReason, why: str, of: BufferedEvent) -> DeadLetterRecord:
        return dead_letter(Stage.ITEMS, reason, why, of, self.clock_us, self.ruleset_version)


def _fields(fact: ItemFact) -> dict[str, Any]:
    time = format_instant(fact.time_us)
    return {"event_id": fact.event_id, "type": fact.type, "time": time, "properties": _properties(fact.now)}


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
