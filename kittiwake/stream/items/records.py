"""Records on their way to an item: its events, the interest of contacts in it, and what a snapshot knows of both.

Pure. As those of `stream.records`: msgpack arrays, whose fields are only ever added at the end, with a default.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from kittiwake.kernel.items.facts import ItemFact
from kittiwake.kernel.items.index import HeldInterest

EVENT, INTEREST, SEED, FEED, FEED_SEED = 1, 2, 3, 4, 5

VIRTUAL_SHARDS: Final = 256
"""Contacts fall into so many by hash. The shards of a job are groups of them, so how many there are decides nothing."""

ItemKey = tuple[str, str, int]
"""Account, item, and shard of the contacts."""


class ItemEvent(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="tag", tag=EVENT):
    """An event of an item, with what rules read of it."""

    fact: ItemFact
    traceparent: str | None = None


class ShownInterest(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="tag", tag=INTEREST):
    """A contact showed interest in the item."""

    interest: HeldInterest


class ItemSeed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="tag", tag=SEED):
    """What a snapshot knows of the item: a new job starts from there."""

    state: bytes | None
    """As `kernel.items.index.encode` writes it; None: another row has it."""
    interests: tuple[HeldInterest, ...] = ()
    """Of contacts of the shard."""


class FeedEvent(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="tag", tag=FEED):
    """An event of a feed, or of a breaker's type, on its way to a shard of it (`stream.feeds`)."""

    time_us: int
    mark: int = 0
    """Of a breaker's: what stands for its names (`kernel.evaluate.floods`)."""


class FeedSeed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="tag", tag=FEED_SEED):
    """What a snapshot knows of a feed, or a breaker, all of it or a part: a new job starts from there."""

    evaluated_to_us: int
    """Every event before it has been seen."""
    entries: tuple[tuple[int, int], ...]
    """As `kernel.evaluate.feeds.kept_of` has them."""


ItemRecord = ItemEvent | ShownInterest | ItemSeed | FeedEvent | FeedSeed

encode: Final = msgspec.msgpack.Encoder().encode
item_record_of: Final = msgspec.msgpack.Decoder(ItemRecord).decode
interest_of: Final = msgspec.msgpack.Decoder(HeldInterest).decode


def item_key(account_id: str, item_id: str, shard: int) -> bytes:
    """The key under which an item's events meet the interest of a shard's contacts.

    >>> item_key("acme", "p-1", 3), subject_of_item(item_key("acme", "p-1", 3))
    (b'["acme","p-1",3]', ('acme', 'p-1', 3))
    """
    return msgspec.json.encode((account_id, item_id, shard))


subject_of_item: Final = msgspec.json.Decoder(ItemKey).decode


def shard_of(contact_id: str, shards: int) -> int:
    """The shard of a contact.

    >>> shard_of("c-42", 1), shard_of("c-42", 256) // 64 == shard_of("c-42", 4)
    (0, True)
    """
    return sha256(contact_id.encode()).digest()[0] * shards // VIRTUAL_SHARDS
