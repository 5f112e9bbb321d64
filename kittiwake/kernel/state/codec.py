"""The codec: a state to bytes and back, versioned, compact, total, without pickle.

Called by hosts that keep state. One version byte, then msgpack. `decode` answers garbage and unknown versions with a
`BadState`, never with an exception.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from kittiwake.kernel.state.state import Firing, RuleState, Since, State, StoredEvent

VERSION: Final = 3
"""1 knew no corrections, versions and retention; 2 took an event's id for the whole of its identity."""

LONG_AGO_US: Final = -(2**62)
"""The first event of a contact of whom only is known that there has been one."""

STATE_BYTES_MAX: Final = 16 * 1024 * 1024
"""Bytes of one encoded state that are read at all: a fifth of what Dataflow takes in one value (80 MB)."""

_encoder: Final = msgspec.msgpack.Encoder()
_ordered_encoder: Final = msgspec.msgpack.Encoder(order="deterministic")
_decoder: Final = msgspec.msgpack.Decoder(State)
_decode_events: Final = msgspec.msgpack.Decoder(list[StoredEvent]).decode


class _StateOf1(msgspec.Struct, array_like=True, gc=False):
    """A state as version 1 wrote it; what it is made of has only grown since, at the end."""

    contact_id: str
    evaluated_to_us: int | None = None
    started: bool = False
    attributes: str = "{}"
    consents: dict[str, bool] = {}
    firings: list[Firing] = []
    rules: dict[str, RuleState] = {}
    seen: dict[str, int] = {}
    inbox: list[StoredEvent] = []
    checkpoint: bytes | None = None


_decoder_of_1: Final = msgspec.msgpack.Decoder(_StateOf1)


class BadState(NamedTuple):
    """Why bytes are no state."""

    why: str


def encode(state: State) -> bytes:
    """The bytes of a state, version first."""
    return bytes([VERSION]) + _encoder.encode(state)


def decode(data: bytes | memoryview) -> State | BadState:
    """The state `data` stands for, or why it stands for none."""
    if not data:
        return BadState("no bytes")
    if len(data) > STATE_BYTES_MAX:
        return BadState(f"{len(data)} bytes are more than the {STATE_BYTES_MAX} a state may have")
    if not 1 <= data[0] <= VERSION:
        return BadState(f"version {data[0]} is not known here; this code reads versions 1 to {VERSION}")
    try:
        if data[0] == 1:
            return _of_2(_of_1(_decoder_of_1.decode(memoryview(data)[1:])))
        state = _decoder.decode(memoryview(data)[1:])
        return _of_2(state) if data[0] == 2 else state
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        return BadState(f"not a state: {error}")


def _of_1(old: _StateOf1) -> State:
    """A state of version 1: nothing before its evaluated time can be corrected, and its silence begins there."""
    begun_us = old.evaluated_to_us if old.started else None
    return State(
        old.contact_id,
        old.evaluated_to_us,
        None if begun_us is None else LONG_AGO_US,
        old.attributes,
        old.consents,
        old.firings,
        old.rules,
        old.seen,
        old.inbox,
        newest_us=begun_us,
    )


def _of_2(old: State) -> State:
    """A state of version 2: what it has evaluated opened things under the ids of its release, which knew no types.

    The ids of events that it keeps get their types. Those of older ones stay without: whatever comes under them within
    the horizon is a duplicate, as it was for that release.
    """
    old.typed_us = old.evaluated_to_us
    since = old.since
    if since is not None:
        for event in (event for chunk in since.chunks for event in _decode_events(chunk.events)):
            if old.seen.get(event.event_id) == event.time_us:
                old.counted.setdefault(event.type, {})[event.event_id] = old.seen.pop(event.event_id)
        if since.checkpoint is not None:
            checkpoint = _decoder.decode(since.checkpoint)
            checkpoint.typed_us = old.evaluated_to_us
            since.checkpoint = _encoder.encode(checkpoint)
    return old


def copied(state: State) -> State:
    """A copy that shares nothing mutable with `state`. Ids, most of what there is, need no bytes for it."""
    found = decoded(encoded(replace(state, seen={}, counted={})))
    found.seen = state.seen.copy()
    found.counted = {event_type: times_us.copy() for event_type, times_us in state.counted.items()}
    return found


def encoded(state: State) -> bytes:
    """The bytes of a state inside another one, whose version is theirs."""
    return _encoder.encode(state)


def decoded(data: bytes) -> State:
    """What `encoded` made."""
    return _decoder.decode(data)


def in_one_order(data: bytes) -> bytes:
    """The same state, its entries in an order that does not depend on how they came to be."""
    return _ordered_encoder.encode(_decoder.decode(data))


def bare(state: State, since: Since | None = None, from_us: int | None = None) -> State:
    """The state without what it has not evaluated, and with these means of correction, or none; the rest is shared."""
    return replace(state, inbox=[], since=since, from_us=from_us)
