"""From rows of snapshots to the shards of feeds: what a feed's events have covered, and who waits for what it says.

Pure. Called by the step that loads snapshots. In a stream a contact registers with each event that may arm a rule; the
events before the start were a batch's, so here contacts register from what the batch has left of them (ADR 0031).
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.kernel.items.index import HeldInterest
from kittiwake.kernel.plan.feed_plan import FeedPlan
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.kernel.state.state import State
from kittiwake.output.feed_snapshots import FeedSnapshot
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.stream.feeds.records import feed_key
from kittiwake.stream.items.records import FeedSeed, ShownInterest, encode, shard_of
from kittiwake.stream.items.routing import Routed


def feed_seeds(plan: FeedPlan, found: FeedSnapshot, shards: int) -> Iterator[Routed]:
    """What a row brings to every shard of its feed; nothing, if the rules have the feed no more."""
    if found.rhythm in plan.rhythms:
        record = encode(FeedSeed(found.evaluated_to_us, found.entries))
        for shard in range(shards):
            yield feed_key(found.account_id, found.rhythm, shard), record


def waits_of_contact(plan: FeedPlan, account_id: str, state: State, shards: int) -> Iterator[Routed]:
    """A contact of which something is pending, or may be corrected, registers with one shard of each feed.

    With a feed for as long as any event before the start may make a rule ask; with a breaker for the past only, as far
    back as an event lies that is still to be decided: what an event arms is asked of the event's time.
    """
    assert state.evaluated_to_us is not None, "a snapshot is of a contact that was evaluated"
    if not _may_ask(state):
        return
    end_us = state.evaluated_to_us
    begin_us = end_us if state.from_us is None else state.from_us
    for rhythm, reach_us in _asked(plan):
        spans = (begin_us - reach_us, end_us) if rhythm.is_breaker else (begin_us, end_us + reach_us + 1)
        yield _registered(account_id, rhythm, HeldInterest(state.contact_id, *spans), shards)


def waits_of_item(plan: FeedPlan, found: ItemSnapshot, shards: int) -> Iterator[Routed]:
    """Whoever has shown interest in an item registers too: a change of it may arm a rule long after.

    Nothing of the contact says so: it may have been forgotten meanwhile.
    """
    for rhythm, reach_us in _asked(plan):
        for one in found.interests if not rhythm.is_breaker else ():
            interest = HeldInterest(one.contact_id, one.from_us, one.to_us + reach_us + 1)
            yield _registered(found.account_id, rhythm, interest, shards)


def _asked(plan: FeedPlan) -> Iterator[tuple[Rhythm, int]]:
    """The feeds and breakers on which a rule relies, and for how long after an event one may ask."""
    reaches = ((rhythm, plan.longest_us(rhythm)) for rhythm in plan.rhythms)
    return ((rhythm, reach_us) for rhythm, reach_us in reaches if reach_us)


def _registered(account_id: str, rhythm: Rhythm, one: HeldInterest, shards: int) -> Routed:
    return feed_key(account_id, rhythm, shard_of(one.contact_id, shards)), encode(ShownInterest(one))


def _may_ask(state: State) -> bool:
    """Whether something is pending or held, or happened so lately that a late event may make it so."""
    since = state.since
    if state.inbox or (since is not None and (since.checkpoint is not None or since.chunks)):
        return True
    instances = (one for rule in state.rules.values() for one in rule.instances.values())
    return any(one.episode is not None or one.held is not None for one in instances)
