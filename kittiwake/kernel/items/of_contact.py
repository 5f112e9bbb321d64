"""The join for one contact, step by step: what it is given when an event of an item comes, or one of its own.

Changes what it holds; otherwise pure. For scenarios, which play one contact as a stream does, and forget nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kittiwake.kernel.items.changes import event_of
from kittiwake.kernel.items.facts import FactReader
from kittiwake.kernel.items.index import HeldInterest, ItemState, given_to, with_interest, with_item_event
from kittiwake.kernel.items.interests import InterestReader, Interval
from kittiwake.kernel.plan.catalog_plan import catalog_of
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Event


class ContactJoin:
    """The items of an account, and the interest of one contact in them."""

    def __init__(self, versions: Versions, contact_id: str) -> None:
        """Nothing is known yet."""
        self._contact_id = contact_id
        self._items: dict[str, ItemState] = {}
        self._interests: dict[str, list[HeldInterest]] = {}
        self.change_rules(versions)

    def change_rules(self, versions: Versions) -> None:
        """Go on by other rules, with what is known."""
        self._versions, plan = versions, catalog_of(versions)
        self._facts = None if plan is None else FactReader(versions, plan)
        self._reads = None if plan is None else InterestReader(versions, plan)

    def with_changes(self, events: Iterable[Event]) -> list[Event]:
        """The contact's events of these, and the item changes that it is given by all of them."""
        found: list[Event] = []
        for event in events:
            if event.item_id is None:
                found.append(event)
                found.extend(self._by_interest(event))
            else:
                found.extend(self._by_item(event, event.item_id))
        return found

    def _by_interest(self, event: Event) -> Iterator[Event]:
        for item_id, from_us, to_us in () if self._reads is None else self._reads.interests(event):
            self._interests.setdefault(item_id, []).append(HeldInterest(self._contact_id, from_us, to_us))
            state, interval = self._items.get(item_id, ItemState()), Interval(from_us, to_us)
            for change in with_interest(state, item_id, interval, self._versions.horizon_us):
                yield event_of(change, event.account_id, self._contact_id)

    def _by_item(self, event: Event, item_id: str) -> Iterator[Event]:
        if self._facts is None:
            return
        state = self._items.get(item_id, ItemState())
        taken = with_item_event(state, item_id, self._facts.fact(event), self._versions.horizon_us)
        self._items[item_id] = taken.state
        for contact_id, change in given_to(taken.changes, self._interests.get(item_id, ())):
            yield event_of(change, event.account_id, contact_id)
