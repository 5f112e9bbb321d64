"""The items of a job that is soaked: the real join over shards in memory, which die and fire twice."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import deepcopy

from kittiwake.stream.items import shard
from kittiwake.stream.items.records import subject_of_item
from kittiwake.stream.items.routing import Routed
from tests.soak.histories import LATENESS_US
from tests.stream.test_items import Shard

Element = tuple[bytes, bytes]


class Items:
    """Shards of items, by key."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._shards: defaultdict[bytes, Shard] = defaultdict(Shard)
        self.deaths = 0

    def take(self, records: Sequence[Routed]) -> list[Element]:
        """What records bring to contacts. Now and then a process dies half way, and nothing of it has happened."""
        if records and self._rng.random() < 0.1:
            kept = {key: deepcopy(self._shards[key]) for key, _ in records}
            self._taken(records[: self._rng.randint(1, len(records))])
            self._shards |= kept
            self.deaths += 1
        return self._taken(records)

    def pass_to(self, watermark_us: int) -> None:
        """Timers forget, in any order; some come again."""
        for store in self._shards.values():
            due = [at_us for at_us in store.timers if at_us <= watermark_us]
            for at_us in self._rng.sample(due, len(due)):
                gone = shard.on_timer(store, at_us, watermark_us, LATENESS_US)
                assert not gone.interests
                assert not gone.damaged
                if self._rng.random() < 0.9:
                    store.timers.discard(at_us)

    def interested(self) -> set[str]:
        """The contacts of whom anything is kept."""
        return {one.contact_id for store in self._shards.values() for one in shard.interests_of(store)}

    @property
    def kept_bytes(self) -> int:
        """Of all shards."""
        return sum(len(one.item or b"") + sum(map(len, one.interests)) for one in self._shards.values())

    def _taken(self, records: Iterable[Routed]) -> list[Element]:
        found: list[Element] = []
        for key, record in records:
            account_id, item_id, _ = subject_of_item(key)
            found += shard.on_record(self._shards[key], (account_id, item_id), record, LATENESS_US).changes
        return found
