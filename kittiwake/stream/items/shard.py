"""A shard of an item: what a streaming host keeps of it, and what it gives to contacts when a record comes.

The seam for a host, as `stream.contact.store` is for contacts. By key a host keeps a value state (the item) and a
bag state (interest, one entry each), and timers in event time, which only forget: each is set once for its day. What is
given depends on what has come, not on its order, nor on a watermark. What is written is committed together with what is
given, or neither is.

There is no limit to how many contacts one change is given to: what is given is made one by one while a host hands it
on, and interest is read one by one while it is made, so that a change for a million contacts takes no more memory than
one for three. A host has to take all of it before it commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from kittiwake.kernel.items.changes import ItemChange
from kittiwake.kernel.items.index import (
    INTERESTS_MAX,
    HeldInterest,
    ItemState,
    Outcome,
    begun_with,
    compacted,
    decode,
    encode,
    expired,
    given_to,
    with_interest,
    with_item_event,
)
from kittiwake.kernel.items.interests import Interval
from kittiwake.stream.contact.sealing import UnreadableError, sealed, unsealed
from kittiwake.stream.items.records import ItemEvent, ItemSeed, ShownInterest, interest_of, item_record_of
from kittiwake.stream.items.records import encode as encode_record
from kittiwake.stream.records import TRACEPARENT, BufferedEvent, key_of
from kittiwake.stream.records import encode as encode_buffered
from kittiwake.time.instants import DAY_US

FORGET_EVERY_US: Final = DAY_US
"""How finely the times are cut at which a shard forgets: a day more of interest costs little, a timer an hour would."""


DAMAGED_INTEREST: Final = "the interest of a contact is damaged"
"""Why an entry of the bag state is left out."""


class ShardStore(Protocol):
    """One shard's state and timers in a host."""

    def read_item(self) -> bytes | None:
        """The value, if there is one."""

    def write_item(self, data: bytes) -> None:
        """Keep this value."""

    def read_interests(self) -> Iterable[bytes]:
        """The entries of the bag state, in any order."""

    def add_interest(self, element: bytes) -> None:
        """Keep one entry more."""

    def write_interests(self, elements: Sequence[bytes]) -> None:
        """Keep these entries, and none of those before."""

    def set_timer(self, at_us: int) -> None:
        """Fire at this instant, beside all other instants that are set."""

    def pass_over(self, why: str) -> None:
        """An entry of the bag state is damaged: it is left out, and a host says so."""


class Given(NamedTuple):
    """What a record brings about."""

    changes: Iterable[tuple[bytes, bytes]]
    """Keys of contacts, and their item changes as `BufferedEvent`s; once, and while the shard's store can be read."""
    outcome: Outcome | None = None
    """Of an item event."""
    forgotten: int = 0
    """Events of the item that have made room for this one before their time."""


def on_record(store: ShardStore, subject: tuple[str, str], record: bytes, horizon_us: int) -> Given:
    """Take a record of an item in; `subject` is account and item, `horizon_us` the allowed lateness.

    Raises:
        UnreadableError: what is kept of it is damaged, or of a later release.
    """
    found = item_record_of(record)
    if isinstance(found, ItemEvent):
        return _with_event(store, subject, found, horizon_us)
    if isinstance(found, ShownInterest):
        return Given(_with_interest(store, subject, found.interest, horizon_us))
    assert isinstance(found, ItemSeed), "what comes to a feed has another key"
    return Given(_with_seed(store, subject, found, horizon_us))


class Forgotten(NamedTuple):
    """What was forgotten before its time."""

    interests: list[HeldInterest]
    """Of more contacts than `INTERESTS_MAX`; what lasts longest stays."""
    damaged: int
    """Entries of interest that could not be read: nobody knows whose they were."""


def on_timer(store: ShardStore, at_us: int, clock_us: int, horizon_us: int, *, is_item: bool = True) -> Forgotten:
    """Forget what the watermark has passed by the allowed lateness; not if it is ahead of the clock, as in a drain.

    What is not of an item keeps its value by itself.
    """
    if at_us > clock_us:
        return Forgotten([], 0)
    upto_us = at_us - horizon_us
    data = store.read_item() if is_item else None
    if data is not None:
        state = _state_of(data)
        after = expired(state, upto_us, horizon_us)
        if after is not state:
            store.write_item(sealed(encode(after)))
    elements = list(store.read_interests())
    readable = [found for element in elements if (found := _interest(element)) is not None]
    kept, over = compacted(readable, upto_us), list[HeldInterest]()
    if len(kept) > INTERESTS_MAX:
        kept.sort(key=_lasts)
        over, kept = kept[:-INTERESTS_MAX], kept[-INTERESTS_MAX:]
    store.write_interests([entry_of(one) for one in kept])
    return Forgotten(over, len(elements) - len(readable))


# ---------------------------------------------------------------- by kind


def _with_interest(
    store: ShardStore, subject: tuple[str, str], interest: HeldInterest, horizon_us: int
) -> list[tuple[bytes, bytes]]:
    store.add_interest(entry_of(interest))
    store.set_timer(forgets_us(interest.to_us + horizon_us))
    data = store.read_item()
    if data is None:
        return []
    interval = Interval(interest.from_us, interest.to_us)
    changes = with_interest(_state_of(data), subject[1], interval, horizon_us)
    return [_for_contact(subject[0], interest.contact_id, change, None) for change in changes]


def _with_event(store: ShardStore, subject: tuple[str, str], event: ItemEvent, horizon_us: int) -> Given:
    data = store.read_item()
    state = ItemState() if data is None else _state_of(data)
    taken = with_item_event(state, subject[1], event.fact, horizon_us)
    if taken.outcome is not Outcome.TAKEN:
        return Given((), taken.outcome)
    store.write_item(sealed(encode(taken.state)))
    store.set_timer(forgets_us(event.fact.time_us + horizon_us))
    changes = _to_contacts(store, subject[0], taken.changes, event.traceparent)
    return Given(changes, taken.outcome, taken.state.forgotten - state.forgotten)


def _with_seed(
    store: ShardStore, subject: tuple[str, str], seed: ItemSeed, horizon_us: int
) -> Iterable[tuple[bytes, bytes]]:
    """Begin with what a snapshot knows. Its rows, events and interest come in any order: each pair of them meets."""
    for one in seed.interests:
        store.add_interest(entry_of(one))
        store.set_timer(forgets_us(one.to_us + horizon_us))
    data = store.read_item()
    had = ItemState() if data is None else _state_of(data)
    if seed.state is not None:
        state, changes = begun_with(decode(seed.state), had, subject[1], horizon_us)
        store.write_item(sealed(encode(state)))
        if state.facts:
            store.set_timer(forgets_us(state.facts[-1].fact.time_us + horizon_us))
        return _to_contacts(store, subject[0], changes, None)
    return (
        _for_contact(subject[0], one.contact_id, change, None)
        for one in seed.interests
        for change in with_interest(had, subject[1], Interval(one.from_us, one.to_us), horizon_us)
    )


# ---------------------------------------------------------------- what is kept, what is given


def _to_contacts(
    store: ShardStore, account_id: str, changes: Sequence[ItemChange], traceparent: str | None
) -> Iterator[tuple[bytes, bytes]]:
    for contact_id, change in given_to(changes, interests_of(store)) if changes else ():
        yield _for_contact(account_id, contact_id, change, traceparent)


def _for_contact(account_id: str, contact_id: str, change: ItemChange, traceparent: str | None) -> tuple[bytes, bytes]:
    """An item change on its way to a contact."""
    attributes = {} if traceparent is None else {TRACEPARENT: traceparent}
    buffered = BufferedEvent(change.time_us, change.event_id, change.type, change.properties, attributes)
    return key_of(account_id, contact_id), encode_buffered(buffered)


def interests_of(store: ShardStore) -> Iterator[HeldInterest]:
    """The interest that is kept; damaged entries are passed over."""
    for element in store.read_interests():
        found = _interest(element)
        if found is None:
            store.pass_over(DAMAGED_INTEREST)
        else:
            yield found


def _interest(element: bytes) -> HeldInterest | None:
    """An entry of the bag state; None: it is damaged."""
    try:
        return interest_of(unsealed(element))
    except (UnreadableError, ValueError):
        return None


def _lasts(interest: HeldInterest) -> tuple[int, str]:
    return interest.to_us, interest.contact_id


def entry_of(interest: HeldInterest) -> bytes:
    """An interest as an entry of the bag state."""
    return sealed(encode_record(interest))


def _state_of(data: bytes) -> ItemState:
    try:
        return decode(bytes(unsealed(data)))
    except ValueError as error:
        raise UnreadableError(str(error)) from None


def forgets_us(time_us: int) -> int:
    """The end of the day in which something may be forgotten."""
    return -(-(time_us + 1) // FORGET_EVERY_US) * FORGET_EVERY_US
