"""From events, and rows of snapshots, to the records of items that they concern: which item, which shard.

Pure. Called by the intake with every event of an account that has catalogue rules, and with every row of items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from kittiwake.kernel.items.facts import FactReader
from kittiwake.kernel.items.index import HeldInterest
from kittiwake.kernel.items.index import encode as encode_state
from kittiwake.kernel.items.interests import InterestReader
from kittiwake.kernel.plan.catalog_plan import CatalogPlan
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Event
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.rules.compile.accounts import PROGRAMS_MAX, Plan
from kittiwake.stream.items.records import ItemEvent, ItemSeed, ShownInterest, encode, item_key, shard_of

SHARDS: Final = 8
"""Of the contacts of an item: enough that a million of them weigh some 6 MB each."""

Routed = tuple[bytes, bytes]
"""A key of an item's shard, and a record as bytes."""


class ItemRouter:
    """Routes events of one account."""

    def __init__(self, versions: Versions, catalog: CatalogPlan) -> None:
        self._facts, self._interests = FactReader(versions, catalog), InterestReader(versions, catalog)

    def of_item(self, event: Event, shards: int, traceparent: str | None) -> Iterator[Routed]:
        """An event of an item goes to every shard: each has some of the contacts that watch it."""
        assert event.item_id is not None, "an event of an item"
        record = encode(ItemEvent(self._facts.fact(event), traceparent))
        for shard in range(shards):
            yield item_key(event.account_id, event.item_id, shard), record

    def of_contact(self, event: Event, shards: int) -> Iterator[Routed]:
        """The interest that an event of a contact shows."""
        assert event.contact_id is not None, "an event of a contact"
        if not self._interests.may_show(event.time_us, event.type):
            return
        shard = shard_of(event.contact_id, shards)
        for one in self._interests.interests(event):
            held = HeldInterest(event.contact_id, one.from_us, one.to_us)
            yield item_key(event.account_id, one.item_id, shard), encode(ShownInterest(held))


class ItemRouters:
    """The routers of accounts, made when they are first met, and anew when their rules have changed."""

    def __init__(self, shards: int) -> None:
        """`shards`: of the contacts of an item, from 1 to `VIRTUAL_SHARDS`."""
        self.shards = shards
        self._known: dict[str, tuple[Versions, ItemRouter]] = {}

    def routed(self, account_id: str, plan: Plan, event: Event, traceparent: str | None) -> Iterator[Routed]:
        """What an event brings to items; nothing in an account without catalogue rules."""
        if plan.catalog is None:
            return iter(())
        router = self._router(account_id, plan.versions, plan.catalog)
        if event.item_id is None:
            return router.of_contact(event, self.shards)
        return router.of_item(event, self.shards, traceparent)

    def _router(self, account_id: str, versions: Versions, catalog: CatalogPlan) -> ItemRouter:
        found = self._known.get(account_id)
        if found is not None and found[0] is versions:
            return found[1]
        if len(self._known) >= PROGRAMS_MAX:
            self._known.clear()
        router = ItemRouter(versions, catalog)
        self._known[account_id] = versions, router
        return router


def seeds_of(found: ItemSnapshot, shards: int) -> Iterator[Routed]:
    """What a row of a snapshot brings to the shards of its item."""
    by_shard: defaultdict[int, list[HeldInterest]] = defaultdict(list)
    for one in found.interests:
        by_shard[shard_of(one.contact_id, shards)].append(one)
    state = None if found.state is None else encode_state(found.state)
    for shard in range(shards) if state is not None else sorted(by_shard):
        seed = ItemSeed(state, tuple(by_shard.get(shard, ())))
        yield item_key(found.account_id, found.item_id, shard), encode(seed)
