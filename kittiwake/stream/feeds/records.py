"""Keys of feeds and breakers, and what a contact is notified of one.

Pure. A feed, or the breaker of a type, has a key for each shard of the contacts that wait, as an item has, in the same
step; what comes to it are `items.records.FeedEvent` and `ShownInterest`. Contacts are notified by a `BufferedEvent`
that does nothing by itself.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from kittiwake.event_types import feed_notice_type
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.stream.contact.feeds import FeedNotice, encode_notice
from kittiwake.stream.records import BufferedEvent


class FeedShard(NamedTuple):
    """Whose key it is."""

    account_id: str
    rhythm: Rhythm
    shard: int


def feed_key(account_id: str, rhythm: Rhythm, shard: int) -> bytes:
    """The key under which the events of a feed meet the contacts of a shard that wait for them.

    >>> feed_key("acme", Rhythm("order.completed", 6), 3), feed_shard_of(b'["acme","p-1",3]')
    (b'["acme","order.completed",6,3]', None)
    >>> feed_key("acme", Rhythm("order.completed", 6, 500), 3)
    b'["acme","order.completed",6,500,3]'
    """
    parts = rhythm if rhythm.is_breaker else rhythm[:2]
    return msgspec.json.encode((account_id, *parts, shard))


def feed_shard_of(key: bytes) -> FeedShard | None:
    """The shard of a feed that a key is of; None: it is one of an item."""
    parts = msgspec.json.decode(key)
    return FeedShard(parts[0], Rhythm(*parts[1:-1]), parts[-1]) if len(parts) > PARTS_OF_ITEM else None


PARTS_OF_ITEM: Final = 3
"""Of an item's key: that of a feed has four, that of a breaker five."""


def notice_to(feed: FeedShard, notice: FeedNotice, since_us: int) -> BufferedEvent:
    """Notices on their way to a contact, of what is otherwise from an instant on: there before that is decided."""
    event_id = f"{feed.rhythm.every_us}/{notice.known}"
    if feed.rhythm.is_breaker:
        event_id = f"{event_id}/{feed.rhythm.max_events}/{since_us}"
    return BufferedEvent(since_us - 1, event_id, feed_notice_type(feed.rhythm.type), encode_notice(notice))
