"""From events of contacts to the records of feeds: what comes to a feed, and who waits for what it says.

Pure. Called by the intake with every event of an account that has feeds.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.kernel.items.index import HeldInterest
from kittiwake.kernel.plan.feed_plan import FeedPlan
from kittiwake.model import Event
from kittiwake.stream.feeds.records import feed_key
from kittiwake.stream.items.records import FeedEvent, ShownInterest, encode, shard_of


def routed_to_feeds(plan: FeedPlan, event: Event, shards: int) -> Iterator[tuple[bytes, bytes]]:
    """An event of a feed goes to every shard of it; one that may arm a rule registers its contact with one."""
    if event.contact_id is None:
        return
    for rhythm in plan.of_feed(event.type):
        record = encode(FeedEvent(event.time_us))
        for shard in range(shards):
            yield feed_key(event.account_id, rhythm, shard), record
    waits = plan.may_arm(event.type)
    shard = shard_of(event.contact_id, shards) if waits else 0
    for rhythm, reach_us in waits.items():
        interest = HeldInterest(event.contact_id, event.time_us, event.time_us + reach_us + 1)
        yield feed_key(event.account_id, rhythm, shard), encode(ShownInterest(interest))
