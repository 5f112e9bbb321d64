"""A shard of a feed: what a streaming host keeps of it, and what it notifies the contacts of that wait.

The seam for a host is that of an item's shard (`items.shard`): a value state (what the feed's events cover), and a
bag state (who waits, until when). A timer in event time fires where what is covered ends: then the feed is silent, if
nothing has come meanwhile. What contacts are notified of does not depend on the order in which events come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from kittiwake.kernel.evaluate.feeds import differing, silences_of, united
from kittiwake.kernel.items.index import HeldInterest
from kittiwake.kernel.plan.feeds import Span
from kittiwake.stream.contact.feeds import FeedNotice
from kittiwake.stream.contact.sealing import UnreadableError, sealed, unsealed
from kittiwake.stream.feeds.records import FeedShard, notice_to
from kittiwake.stream.items.records import FeedEvent, ShownInterest, item_record_of
from kittiwake.stream.items.shard import ShardStore, entry_of, forgets_us, interests_of
from kittiwake.stream.records import encode, key_of
from kittiwake.time.instants import DAY_US

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
    """What its events cover."""
    judged_us: int | None = None
    """Up to where a timer has looked for silence; None: none has fired yet."""
    silences: tuple[Span, ...] = ()
    """Those that have begun by then."""
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
        return _with_event(store, feed, found.time_us, horizon_us)
    if isinstance(found, ShownInterest):
        return _with_interest(store, feed, found.interest, horizon_us)
    return ()


def on_timer(store: FeedStore, feed: FeedShard, at_us: int, horizon_us: int) -> Notices:
    """Look whether the feed is silent by now, whatever the timer was set for; who is notified then.

    Raises:
        UnreadableError: as above.
    """
    state = _state_of(store)
    if state is None or (state.judged_us is not None and at_us <= state.judged_us):
        return ()
    after = _judged(replace(state, judged_us=at_us, timer_us=None))
    _keep(store, _pruned(after, _edge_us(at_us, horizon_us)))
    return _notify(store, feed, state, after)


def _with_event(store: FeedStore, feed: FeedShard, time_us: int, horizon_us: int) -> Notices:
    state, every_us = _state_of(store) or FeedState(), feed.rhythm.every_us
    if state.judged_us is not None and time_us + every_us <= _edge_us(state.judged_us, horizon_us):
        return ()  # nothing is kept of that time
    covered = united([*state.covered, (time_us, time_us + every_us)])
    if tuple(covered) == state.covered:
        return ()
    after = _judged(replace(state, covered=tuple(covered)))
    _keep(store, after)
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


def _first_us(silences: Iterable[Span], one: HeldInterest) -> int | None:
    """Where the first silence begins that a contact waits in; None: there is none."""
    found = (max(begins, one.from_us) for begins, ends in silences if begins < one.to_us and one.from_us < ends)
    return next(found, None)


# ---------------------------------------------------------------- what is known


def _judged(state: FeedState) -> FeedState:
    """With the silences that have begun by where it was looked, and where to look next."""
    judged_us = state.judged_us
    found = silences_of(state.covered)
    begun = () if judged_us is None else tuple(one for one in found if one[0] <= judged_us)
    known = state.known + (begun != state.silences)
    return replace(state, silences=begun, known=known)


def _next_us(state: FeedState) -> int | None:
    """The first end of what is covered where it has not been looked."""
    return next((ends for _, ends in state.covered if state.judged_us is None or ends > state.judged_us), None)


def _keep(store: FeedStore, state: FeedState) -> None:
    """Keep it, with the timer that looks next set: one that would fire sooner stays, and sets itself anew."""
    next_us = _next_us(state)
    if next_us is not None and (state.timer_us is None or next_us < state.timer_us):
        store.set_silence_timer(next_us)
        state = replace(state, timer_us=next_us)
    store.write_item(sealed(_encode(state)))


def _edge_us(judged_us: int, horizon_us: int) -> int:
    """What is covered up to then is forgotten: no contact is corrected for so late an event."""
    return judged_us - 2 * horizon_us - DAY_US


def _pruned(state: FeedState, edge_us: int) -> FeedState:
    """Without what lies too far back for anything that still comes; the newest stays."""
    kept = tuple(one for one in state.covered[:-1] if one[1] > edge_us) + state.covered[-1:]
    if len(kept) == len(state.covered):
        return state
    return replace(state, covered=kept, silences=tuple(one for one in state.silences if one[0] >= kept[0][1]))


# ---------------------------------------------------------------- who is notified


def _notify(store: FeedStore, feed: FeedShard, before: FeedState, after: FeedState) -> Notices:
    """Notify the contacts that wait of what is otherwise now."""
    span = differing(before.silences, after.silences)
    if span is None:
        return ()
    return (
        _notice(feed, after, one, max(span[0], one.from_us))
        for one in interests_of(store)
        if one.from_us < span[1] and span[0] < one.to_us
    )


def _notice(feed: FeedShard, state: FeedState, one: HeldInterest, since_us: int) -> tuple[bytes, bytes]:
    from_us = state.covered[0][0] + 1  # what is covered begins behind it
    notice = FeedNotice(feed.rhythm.every_us, state.known, from_us, one.to_us, state.silences)
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
