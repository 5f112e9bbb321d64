"""The join step by step: what a stream keeps of an item, and which item changes an event or an interest brings about.

Pure. A host keeps, for each account, item and shard of contacts, one `ItemState` and the interests of the shard's
contacts beside it, each an entry of its own, so that one is added without reading the others:

- an item event: `with_item_event`, then `given_to` with all interests; both are kept.
- an interest: `with_interest` with the state alone; the interest is kept.

So every pair of an interest and a change meets once, whichever came first, and no order and no timer is needed for it.
What a later event shows of an earlier one (its values before, that it is a duplicate) is given again, and counts more.
Time is only needed to forget: `expired` and `compacted` with an instant before which nothing comes any more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Final, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from kittiwake.kernel.items.changes import ItemChange, Last, change_of, in_order, note, without_duplicates
from kittiwake.kernel.items.facts import ItemFact
from kittiwake.kernel.items.interests import Interval, merged
from kittiwake.time.instants import BEFORE_ALL_US, END_OF_TIME_US

FACTS_MAX: Final = 10_000
"""Events of an item that are kept for interests and events that come late: of a price that changes three times a second
those of an hour; 1 MB, which every event writes anew. The oldest make room, counted in `ItemState.forgotten`. As many
ids are remembered of those that were folded away."""

SIZE_MAX: Final = 2 * 1024 * 1024
"""Characters of the texts of those events from which on the oldest make room too: every event writes them anew."""

INTERESTS_MAX: Final = 1_000_000
"""Contacts of a shard whose interest in one item is kept from one day to the next: some 50 MB. Of more, those whose
interest ends first make room; a shard beyond it asks for more shards."""

VERSION: Final = 1
"""Of the bytes of a state."""

Key: TypeAlias = tuple[int, str, str]
"""By which item events are ordered."""


class HeldFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An item event that is kept, and how much was known when its item change last became another."""

    fact: ItemFact
    known: int


class ItemState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of an item."""

    known: int = 0
    """How many events of it have been taken, differing duplicates included: of two item changes of one event the one
    with the greater counts."""
    facts: tuple[HeldFact, ...] = ()
    """The newest, in order, duplicates included."""
    last: dict[str, Last] = {}
    """The last values of all that is known."""
    before: dict[str, Last] = {}
    """Those of what was folded away."""
    counted: tuple[Key, ...] = ()
    """The newest events that were folded away, of which duplicates may still come."""
    folded: Key | None = None
    """What comes before it in order is not taken any more."""
    size: int = 0
    """Characters of the texts of `facts`."""
    forgotten: int = 0
    """Events that were folded away early, for want of space."""


class Outcome(StrEnum):
    """What became of an item event."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    """It is known already: to the byte, or by its time, id and type if it was folded away."""
    LATE = "late"
    """It comes before all that can still be changed."""


class Taken(NamedTuple):
    """What an item event brings about."""

    state: ItemState
    changes: list[ItemChange]
    """To be given to every contact whose interest covers their times."""
    outcome: Outcome


class HeldInterest(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A contact's interest in the item, as a host keeps it."""

    contact_id: str
    from_us: int
    to_us: int


# ---------------------------------------------------------------- what comes


def with_item_event(state: ItemState, item_id: str, fact: ItemFact, horizon_us: int) -> Taken:
    """The state with an event of the item, and the changes that it makes, or makes others than they were.

    `horizon_us` is the allowed lateness, within which events of one id and type are duplicates.
    """
    key, facts = _key(fact), state.facts
    if state.folded is not None and key < state.folded:
        return Taken(state, [], Outcome.DUPLICATE if key in state.counted else Outcome.LATE)
    at = bisect_left(facts, (*key, fact.rest), key=_identity)
    if at < len(facts) and _identity(facts[at]) == (*key, fact.rest):
        return Taken(state, [], Outcome.DUPLICATE)
    known = state.known + 1
    found = (*facts[:at], HeldFact(fact, known), *facts[at:])
    after = replace(state, known=known, facts=found, size=state.size + _size(fact))
    if at == len(facts) and not _is_named(state, fact):
        after, changes = _appended(after, item_id, fact)
    else:
        after, changes = _inserted(state, after, item_id, key, horizon_us)
    return Taken(_bounded(after, horizon_us), changes, Outcome.TAKEN)


def _appended(after: ItemState, item_id: str, fact: ItemFact) -> tuple[ItemState, list[ItemChange]]:
    """With the newest event, under an id that no other has: it changes nothing that was known."""
    if not fact.now:
        return after, []
    change = change_of(item_id, fact, after.last, after.known)
    last = dict(after.last)
    note(last, fact)
    return replace(after, last=last), [change]


def _inserted(
    before: ItemState, after: ItemState, item_id: str, key: Key, horizon_us: int
) -> tuple[ItemState, list[ItemChange]]:
    """With an event among others: what it changes of its own and of those behind it."""
    was, _ = _changes_from(before, item_id, key, horizon_us)
    now, last = _changes_from(after, item_id, key, horizon_us)
    gone = [ItemFact(*one, "", ()) for one in was.keys() - now.keys()]
    other = {one for one, change in now.items() if was.get(one) != change}
    renewed = other.union(map(_key, gone))
    facts = tuple(HeldFact(one.fact, after.known) if _key(one.fact) in renewed else one for one in after.facts)
    after = replace(after, facts=facts, last=last)
    changes = [
        change_of(item_id, fact, values, after.known)
        for fact, values in _walk(after, horizon_us)
        if _key(fact) in other
    ]
    return after, [*changes, *(change_of(item_id, fact, {}, after.known) for fact in gone)]


def begun_with(seed: ItemState, had: ItemState, item_id: str, horizon_us: int) -> tuple[ItemState, list[ItemChange]]:
    """What a snapshot knows, with what has come before it; and all changes of both, those that were none after all too.

    Whoever showed interest before has been given none of the snapshot's, and others without what it knows: where
    anything had come these count more.
    """
    if not had.known:
        return seed, _changes_after(seed, seed, item_id, horizon_us)
    known = max(seed.known, had.known) + 1
    state = replace(seed, known=known, facts=tuple(HeldFact(one.fact, known) for one in seed.facts))
    for one in had.facts:
        state = with_item_event(state, item_id, one.fact, horizon_us).state
    return state, _changes_after(state, had, item_id, horizon_us)


def _changes_after(state: ItemState, had: ItemState, item_id: str, horizon_us: int) -> list[ItemChange]:
    """All changes of a state, and of what had changed something before it that it does not any more."""
    found = with_interest(state, item_id, Interval(BEFORE_ALL_US, END_OF_TIME_US), horizon_us)
    stand = {_key(fact) for fact, _ in _walk(state, horizon_us)}
    gone = [_key(fact) for fact, _ in _walk(had, horizon_us) if _key(fact) not in stand]
    return [*found, *(change_of(item_id, ItemFact(*one, "", ()), {}, state.known) for one in gone)]


def with_interest(state: ItemState, item_id: str, interval: Interval, horizon_us: int) -> list[ItemChange]:
    """The changes of the item that an interest covers, of all events that are kept."""
    known = {_key(one.fact): one.known for one in state.facts}
    return [
        change_of(item_id, fact, last, known[_key(fact)])
        for fact, last in _walk(state, horizon_us)
        if interval.from_us <= fact.time_us < interval.to_us
    ]


def given_to(changes: Sequence[ItemChange], interests: Iterable[HeldInterest]) -> Iterator[tuple[str, ItemChange]]:
    """Which contact is given which of the changes."""
    for contact_id, from_us, to_us in map(_fields, interests):
        for change in changes:
            if from_us <= change.time_us < to_us:
                yield contact_id, change


# ---------------------------------------------------------------- what is forgotten


def expired(state: ItemState, upto_us: int, horizon_us: int) -> ItemState:
    """The state when no event and no interest before an instant comes any more: events before it are folded away.

    What stays of them are the last values, and for one more horizon the ids.
    """
    upto = upto_us, "", ""
    return state if state.folded is not None and upto <= state.folded else _folded(state, upto, horizon_us)


def compacted(interests: Iterable[HeldInterest], upto_us: int) -> list[HeldInterest]:
    """The interests by contact, in as few intervals as can be, without those that end before an instant or at it."""
    found = []
    for contact_id, own in groupby(sorted(interests), key=_contact):
        for one in merged([Interval(each.from_us, each.to_us) for each in own]):
            if one.to_us > upto_us:
                found.append(HeldInterest(contact_id, one.from_us, one.to_us))
    return found


def state_after(facts: Sequence[ItemFact], upto_us: int, horizon_us: int, start: ItemState | None = None) -> ItemState:
    """The state when all these events, in order, have been taken and nothing before an instant comes any more.

    `start` is the state before them: each of them comes after all of its own. None: nothing was known.
    """
    start = start or ItemState()
    at = bisect_left(facts, (upto_us, "", ""), key=_key)
    if at:
        held = (*start.facts, *(HeldFact(fact, start.known + number) for number, fact in enumerate(facts[:at], 1)))
        start = replace(start, known=start.known + at, facts=held, size=sum(_size(one.fact) for one in held))
    state = expired(start, upto_us, horizon_us)
    if at:
        state = replace(state, last=state.before)
    for fact in facts[at:]:
        state = with_item_event(state, "", fact, horizon_us).state
    return state


def counted_in(state: ItemState, horizon_us: int) -> dict[tuple[str, str], int]:
    """By id and type the times of the events that counted: events after the state may be duplicates of them."""
    found = _times_of(state)
    for fact in without_duplicates(in_order(one.fact for one in state.facts), horizon_us, _times_of(state)):
        found[fact.event_id, fact.type] = fact.time_us
    return found


def _bounded(state: ItemState, horizon_us: int) -> ItemState:
    """Without the oldest events that there is no space for."""
    number, size = 0, state.size
    while len(state.facts) - number > FACTS_MAX or (size > SIZE_MAX and len(state.facts) - number > 1):
        size -= _size(state.facts[number].fact)
        number += 1
    if not number:
        return state
    return replace(_folded(state, _key(state.facts[number].fact), horizon_us), forgotten=state.forgotten + number)


def _folded(state: ItemState, upto: Key, horizon_us: int) -> ItemState:
    """Without the events before `upto` in order, their values noted."""
    at = bisect_left(state.facts, upto, key=lambda one: _key(one.fact))
    gone = [one.fact for one in state.facts[:at]]
    counted = list(without_duplicates(in_order(gone), horizon_us, _times_of(state)))
    before = dict(state.before)
    for fact in counted:
        note(before, fact)
    names = (*state.counted, *map(_key, counted))
    return replace(
        state,
        facts=state.facts[at:],
        before=before,
        counted=tuple(one for one in names if one[0] >= upto[0] - horizon_us)[-FACTS_MAX:],
        folded=upto,
        size=state.size - sum(map(_size, gone)),
    )


# ---------------------------------------------------------------- bytes


def encode(state: ItemState) -> bytes:
    """The bytes of a state, version first."""
    return bytes([VERSION]) + _encoder.encode(state)


def decode(data: bytes) -> ItemState:
    """The state of bytes that `encode` made.

    Raises:
        ValueError: they are none, or of another version.
    """
    if not data or data[0] != VERSION:
        raise ValueError(f"not the state of an item of version {VERSION}")
    try:
        return _decoder.decode(memoryview(data)[1:])
    except msgspec.DecodeError as error:
        raise ValueError(f"not the state of an item: {error}") from None


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(ItemState)


# ---------------------------------------------------------------- the events that are kept


def _walk(state: ItemState, horizon_us: int) -> Iterator[tuple[ItemFact, dict[str, Last]]]:
    """The events that change something, each with the values before it, which are good until the next."""
    last = dict(state.before)
    facts = in_order(one.fact for one in state.facts)
    for fact in without_duplicates(facts, horizon_us, _times_of(state)):
        if fact.now:
            yield fact, last
            note(last, fact)


def _changes_from(
    state: ItemState, item_id: str, key: Key, horizon_us: int
) -> tuple[dict[Key, ItemChange], dict[str, Last]]:
    """The item changes of an event and of those behind it, by order; and the last values of all."""
    found = {}
    last = dict(state.before)
    for fact, values in _walk(state, horizon_us):
        if _key(fact) >= key:
            found[_key(fact)] = change_of(item_id, fact, values)
        last = values
    return found, last


def _times_of(state: ItemState) -> dict[tuple[str, str], int]:
    return {(event_id, event_type): time_us for time_us, event_id, event_type in state.counted}


def _is_named(state: ItemState, fact: ItemFact) -> bool:
    """Whether an event of its id and type is known."""
    name = fact.event_id, fact.type
    return any(one.fact.event_id == name[0] and one.fact.type == name[1] for one in state.facts) or any(
        one[1:] == name for one in state.counted
    )


def _key(fact: ItemFact) -> Key:
    return fact.time_us, fact.event_id, fact.type


def _identity(held: HeldFact) -> tuple[int, str, str, str]:
    fact = held.fact
    return fact.time_us, fact.event_id, fact.type, fact.rest


def _size(fact: ItemFact) -> int:
    return len(fact.event_id) + len(fact.type) + len(fact.rest) + sum(len(value) for _, value in fact.now)


def _contact(interest: HeldInterest) -> str:
    return interest.contact_id


def _fields(interest: HeldInterest) -> tuple[str, int, int]:
    return interest.contact_id, interest.from_us, interest.to_us
