"""A shard of a feed: what a streaming host keeps of it, and what it notifies the contacts of that wait.

The seam for a host is that of an item's shard (`items.shard`): a value state (what the feed's events cover), and a
bag state (who waits, until when). A timer in event time fires where what is covered ends: then the feed is silent, if
nothing has come meanwhile. What contacts are notified of does not depend on the order in which events come.

A breaker is the same with other contents: the first events of each interval, and the times of those that may have armed
something. A flood is known with the event that is too many; the timer, at the end of an interval, only lets go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from kittiwake.kernel.evaluate.feeds import covered_since, differing, entries_of, kept_of, stretches_of
from kittiwake.kernel.evaluate.floods import interval_end_us
from kittiwake.kernel.items.index import HeldInterest
from kittiwake.kernel.plan.feeds import Span
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.stream.contact.feeds import FeedNotice
from kittiwake.stream.contact.sealing import UnreadableError, sealed, unsealed
from kittiwake.stream.feeds.records import FeedShard, notice_to
from kittiwake.stream.items.records import FeedEvent, FeedSeed, ShownInterest, item_record_of
from kittiwake.stream.items.shard import ShardStore, entry_of, forgets_us, interests_of
from kittiwake.stream.records import encode, key_of
from kittiwake.time.instants import DAY_US, END_OF_TIME_US

LAYOUT: Final = 1
"""Of the value."""


class FeedStore(ShardStore, Protocol):
    """One shard's state and timers in a host."""

    def set_silence_timer(self, at_us: int) -> None:
        """Fire at this instant, and not at another that was set so before."""


class FeedState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of a feed."""

    layout: int = LAYOUT
    covered: tuple[Span, ...] = ()
    """What its events cover; of a breaker the first events of each interval."""
    judged_us: int | None = None
    """Up to where a timer has looked for silence; None: none has fired yet."""
    silences: tuple[Span, ...] = ()
    """Those that have begun by then; of a breaker the floods."""
    known: int = 0
    """How often they have become others."""
    timer_us: int | None = None
    """Where the timer is set that looks for silence next."""


Notices = Iterable[tuple[bytes, bytes]]
"""Keys of contacts, and `BufferedEvent`s; once, and while the shard's store can be read."""


def on_record(store: FeedStore, feed: FeedShard, record: bytes, horizon_us: int) -> Notices:
    """Take in an event of the feed, or a contact that waits; who is notified then.

    Raises:
        UnreadableError: what is kept of it is damaged, or of a later release.
    """
    found = item_record_of(record)
    if isinstance(found, FeedEvent):
        return _with_event(store, feed, found, horizon_us)
    if isinstance(found, ShownInterest):
        return _with_interest(store, feed, found.interest, horizon_us)
    return _with_seed(store, feed, found) if isinstance(found, FeedSeed) else ()


def on_timer(store: FeedStore, feed: FeedShard, at_us: int, horizon_us: int) -> Notices:
    """Look whether the feed is silent by now, whatever the timer was set for; who is notified then.

    Raises:
        UnreadableError: as above.
    """
    state = _state_of(store)
    if state is None or (state.judged_us is not None and at_us <= state.judged_us):
        return ()
    after = _judged(feed.rhythm, replace(state, judged_us=at_us, timer_us=None))
    _keep(store, feed.rhythm, _pruned(feed.rhythm, after, _edge_us(feed.rhythm, at_us, horizon_us)))
    return () if feed.rhythm.is_breaker else _notify(store, feed, state, after)


def _with_event(store: FeedStore, feed: FeedShard, event: FeedEvent, horizon_us: int) -> Notices:
    state, rhythm = _state_of(store) or FeedState(), feed.rhythm
    if state.judged_us is not None and _ends_us(rhythm, event.time_us) <= _edge_us(rhythm, state.judged_us, horizon_us):
        return ()  # nothing is kept of that time
    covered = kept_of(rhythm, [*state.covered, *entries_of(rhythm, [event.time_us], [event.mark])])
    if tuple(covered) == state.covered:
        return ()
    after = _judged(rhythm, replace(state, covered=tuple(covered)))
    _keep(store, rhythm, after)
    return _notify(store, feed, state, after)


def _with_interest(
    store: FeedStore, feed: FeedShard, one: HeldInterest, horizon_us: int
) -> Iterator[tuple[bytes, bytes]]:
    store.add_interest(entry_of(one))
    store.set_timer(forgets_us(one.to_us + horizon_us))
    state = _state_of(store)
    since_us = None if state is None else _first_us(state.silences, one)
    if state is not None and since_us is not None:
        yield _notice(feed, state, one, since_us)


def _with_seed(store: FeedStore, feed: FeedShard, seed: FeedSeed) -> Notices:
    """Begin with what a snapshot knows, united with what has come before it: up to its end all silences are known.

    The timer is set anew: one that was set for before that end finds nothing to do.
    """
    state, rhythm = _state_of(store) or FeedState(), feed.rhythm
    covered = tuple(kept_of(rhythm, [*state.covered, *seed.entries]))
    judged_us = max(seed.evaluated_to_us, state.judged_us or seed.evaluated_to_us)
    after = _judged(rhythm, replace(state, covered=covered, judged_us=judged_us, timer_us=None))
    _keep(store, rhythm, after)
    return _notify(store, feed, state, after)


def _first_us(silences: Iterable[Span], one: HeldInterest) -> int | None:
    """Where the first silence begins that a contact waits in; None: there is none."""
    return next((begins for begins, _ in _concerning(silences, one)), None)


def _concerning(silences: Iterable[Span], one: HeldInterest) -> Iterator[Span]:
    """Silences, or floods, that a contact waits in, from where it waits on."""
    return ((max(begins, one.from_us), ends) for begins, ends in silences if begins < one.to_us and one.from_us < ends)


# ---------------------------------------------------------------- what is known


def _judged(rhythm: Rhythm, state: FeedState) -> FeedState:
    """With the silences that have begun by where it was looked; a flood is known at once."""
    judged_us, found = state.judged_us, stretches_of(rhythm, state.covered)
    if rhythm.is_breaker:
        begun = tuple(found)
    else:
        begun = () if judged_us is None else tuple(one for one in found if one[0] <= judged_us)
    known = state.known + (begun != state.silences)
    return replace(state, silences=begun, known=known)


def _ends_us(rhythm: Rhythm, time_us: int) -> int:
    """Up to when an event says anything."""
    return interval_end_us(rhythm, time_us) if rhythm.is_breaker else time_us + rhythm.every_us


def _next_us(rhythm: Rhythm, state: FeedState) -> int | None:
    """The first end of what is covered, or of an interval, where it has not been looked."""
    own = (_ends_us(rhythm, one[0]) if rhythm.is_breaker else one[1] for one in state.covered)
    return next((ends for ends in own if state.judged_us is None or ends > state.judged_us), None)


def _keep(store: FeedStore, rhythm: Rhythm, state: FeedState) -> None:
    """Keep it, with the timer that looks next set: one that would fire sooner stays, and sets itself anew."""
    next_us = _next_us(rhythm, state)
    if next_us is not None and (state.timer_us is None or next_us < state.timer_us):
        store.set_silence_timer(next_us)
        state = replace(state, timer_us=next_us)
    store.write_item(sealed(_encode(state)))


def _edge_us(rhythm: Rhythm, judged_us: int, horizon_us: int) -> int:
    """What is covered up to then is forgotten: no contact is corrected for so late an event."""
    return judged_us - 2 * horizon_us - (rhythm.every_us if rhythm.is_breaker else DAY_US)


def _pruned(rhythm: Rhythm, state: FeedState, edge_us: int) -> FeedState:
    """Without what lies too far back for anything that still comes."""
    if rhythm.is_breaker:
        recent = tuple(one for one in state.covered if _ends_us(rhythm, one[0]) > edge_us)
        return replace(state, covered=recent, silences=tuple(stretches_of(rhythm, recent)))
    kept = tuple(covered_since(state.covered, edge_us))
    if len(kept) == len(state.covered):
        return state
    return replace(state, covered=kept, silences=tuple(one for one in state.silences if one[0] >= kept[0][1]))


# ---------------------------------------------------------------- who is notified


def _notify(store: FeedStore, feed: FeedShard, before: FeedState, after: FeedState) -> Notices:
    """Notify the contacts that wait of what is otherwise now.

    Of a feed also those that wait from later on only: what they were notified of speaks of all that was before, and
    some event of theirs may still come that falls due there.
    """
    span = differing(before.silences, after.silences)
    if span is None:
        return ()
    ends_us = span[1] if feed.rhythm.is_breaker else END_OF_TIME_US
    return (
        _notice(feed, after, one, max(span[0], one.from_us))
        for one in interests_of(store)
        if one.from_us < ends_us and span[0] < one.to_us
    )


def _notice(feed: FeedShard, state: FeedState, one: HeldInterest, since_us: int) -> tuple[bytes, bytes]:
    """Of a feed, all that is known; of a breaker, the floods in which something of the contact may have been armed."""
    rhythm = feed.rhythm
    if rhythm.is_breaker:
        floods = tuple(_concerning(state.silences, one))
        notice = FeedNotice(rhythm.every_us, state.known, since_us, END_OF_TIME_US, floods, rhythm.max_events)
    else:
        from_us = state.covered[0][0] + 1  # what is covered begins behind it
        notice = FeedNotice(rhythm.every_us, state.known, from_us, one.to_us, state.silences)
    return key_of(feed.account_id, one.contact_id), encode(notice_to(feed, notice, since_us))


# ---------------------------------------------------------------- as bytes

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(FeedState).decode


def _state_of(store: FeedStore) -> FeedState | None:
    data = store.read_item()
    if data is None:
        return None
    try:
        state = _decode(unsealed(data))
    except (msgspec.DecodeError, ValueError):
        raise UnreadableError("what is kept of a feed is damaged") from None
    if state.layout != LAYOUT:
        raise UnreadableError(f"what is kept of a feed has layout {state.layout}, this release knows {LAYOUT}")
    return state
