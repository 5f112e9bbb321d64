"""The items and feeds of a job that is soaked: the real steps over shards in memory, which die and fire twice."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import deepcopy

from kittiwake.stream.contact.timer_grid import TIMER_US
from kittiwake.stream.feeds import shard as feeds
from kittiwake.stream.feeds.records import feed_shard_of
from kittiwake.stream.items import shard
from kittiwake.stream.items.records import subject_of_item
from kittiwake.stream.items.routing import Routed
from tests.soak.rules import LATENESS_US
from tests.stream.test_items import Shard

Element = tuple[bytes, bytes]


class ShardWithSilence(Shard):
    """A shard of an item or of a feed in memory."""

    silence_us: int | None = None

    def set_silence_timer(self, at_us: int) -> None:
        self.silence_us = -(-at_us // TIMER_US) * TIMER_US


class Items:
    """Shards of items and of feeds, by key."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._shards: defaultdict[bytes, ShardWithSilence] = defaultdict(ShardWithSilence)
        self.deaths = 0

    def take(self, records: Sequence[Routed]) -> list[Element]:
        """What records bring to contacts. Now and then a process dies half way, and nothing of it has happened."""
        if records and self._rng.random() < 0.1:
            kept = {key: deepcopy(self._shards[key]) for key, _ in records}
            self._taken(records[: self._rng.randint(1, len(records))])
            self._shards |= kept
            self.deaths += 1
        return self._taken(records)

    def pass_to(self, watermark_us: int) -> list[Element]:
        """What contacts are notified of. Timers look for silence and forget, in any order; some come again."""
        found: list[Element] = []
        for key, store in self._shards.items():
            found += self._silence(key, store, watermark_us)
            due = [at_us for at_us in store.timers if at_us <= watermark_us]
            for at_us in self._rng.sample(due, len(due)):
                is_item = feed_shard_of(key) is None
                gone = shard.on_timer(store, at_us, watermark_us, LATENESS_US, is_item=is_item)
                assert not gone.interests
                assert not gone.damaged
                if self._rng.random() < 0.9:
                    store.timers.discard(at_us)
        return found

    def _silence(self, key: bytes, store: ShardWithSilence, watermark_us: int) -> list[Element]:
        feed, found = feed_shard_of(key), list[Element]()
        while feed is not None and store.silence_us is not None and store.silence_us <= watermark_us:
            at_us, store.silence_us = store.silence_us, None
            for _ in range(self._rng.choice((1, 1, 1, 2))):
                found += feeds.on_timer(store, feed, at_us, LATENESS_US)
        return found

    def interested(self) -> set[str]:
        """The contacts of whom anything is kept."""
        return {one.contact_id for store in self._shards.values() for one in shard.interests_of(store)}

    @property
    def item_bytes(self) -> int:
        """Of all shards of items."""
        return sum(_bytes(store) for key, store in self._shards.items() if feed_shard_of(key) is None)

    @property
    def feed_bytes(self) -> int:
        """Of all shards of feeds and of breakers."""
        return sum(_bytes(store) for key, store in self._shards.items() if feed_shard_of(key) is not None)

    def _taken(self, records: Iterable[Routed]) -> list[Element]:
        found: list[Element] = []
        for key, record in records:
            feed, store = feed_shard_of(key), self._shards[key]
            if feed is None:
                account_id, item_id, _ = subject_of_item(key)
                found += shard.on_record(store, (account_id, item_id), record, LATENESS_US).changes
            else:
                found += feeds.on_record(store, feed, record, LATENESS_US)
        return found


def _bytes(store: Shard) -> int:
    return len(store.item or b"") + sum(map(len, store.interests))
