"""From events of contacts to the records of feeds: what comes to a feed, and who waits for what it says.

Pure. Called by the intake with every event of an account that has feeds.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.kernel.evaluate.floods import is_counted, mark_of
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
        mark = mark_of(event.contact_id, event.event_id) if rhythm.is_breaker else 0
        if rhythm.is_breaker and not is_counted(rhythm, mark):
            continue
        record = encode(FeedEvent(event.time_us, mark))
        for shard in range(shards):
            yield feed_key(event.account_id, rhythm, shard), record
    waits = plan.may_arm(event.type)
    shard = shard_of(event.contact_id, shards) if waits else 0
    for rhythm, reach_us in waits.items():
        waits_us = 1 if rhythm.is_breaker else reach_us + 1  # whether an event is of a flood is asked of its time
        interest = HeldInterest(event.contact_id, event.time_us, event.time_us + waits_us)
        yield feed_key(event.account_id, rhythm, shard), encode(ShownInterest(interest))
