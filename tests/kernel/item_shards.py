"""The least host of the index of items: one item's state, through its bytes, and the interests of all its contacts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kittiwake.kernel.items.changes import ItemChange, event_of
from kittiwake.kernel.items.facts import FactReader
from kittiwake.kernel.items.index import (
    HeldInterest,
    ItemState,
    Outcome,
    decode,
    encode,
    given_to,
    with_interest,
    with_item_event,
)
from kittiwake.kernel.items.interests import InterestReader, Interval
from kittiwake.kernel.late.deduplication import in_order
from kittiwake.kernel.plan.catalog_plan import CatalogPlan
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import KNOWN, Event
from kittiwake.values import canonical


@dataclass
class Shard:
    """Takes events in any order, and keeps what it gives each contact."""

    item_id: str
    versions: Versions
    plan: CatalogPlan
    horizon_us: int
    state: bytes = encode(ItemState())
    interests: list[HeldInterest] = field(default_factory=list)
    given: dict[str, list[Event]] = field(default_factory=dict)

    def take(self, event: Event) -> Outcome | None:
        """Take an event of the item, or one of a contact that may show interest in it."""
        if event.item_id is not None:
            fact = FactReader(self.versions, self.plan).fact(event)
            taken = with_item_event(decode(self.state), self.item_id, fact, self.horizon_us)
            self.state = encode(taken.state)
            for contact_id, change in given_to(taken.changes, self.interests):
                self._give(contact_id, change)
            return taken.outcome
        assert event.contact_id is not None
        for one in InterestReader(self.versions, self.plan).interests(event):
            if one.item_id == self.item_id:
                self.interests.append(HeldInterest(event.contact_id, one.from_us, one.to_us))
                interval = Interval(one.from_us, one.to_us)
                for change in with_interest(decode(self.state), self.item_id, interval, self.horizon_us):
                    self._give(event.contact_id, change)
        return None

    def _give(self, contact_id: str, change: ItemChange) -> None:
        self.given.setdefault(contact_id, []).append(event_of(change, contact_id=contact_id))


def counted(events: Iterable[Event]) -> list[tuple[int, str, str, str]]:
    """What the kernel makes of the item changes of a contact: the newest of each, without those that are no events."""
    found = []
    for one in in_order(events):
        properties = {name: value for name, value in one.properties.items() if name != KNOWN}
        if properties["now"]:
            found.append((one.time_us, one.event_id, one.type, canonical(properties)))
    return found
