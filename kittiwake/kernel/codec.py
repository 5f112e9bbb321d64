"""State to bytes and back: versioned, compact, total, without pickle.

Called by hosts that keep state. One version byte, then msgpack. `decode` answers garbage and
unknown versions with a `BadState`, never with an exception.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from kittiwake.kernel.state import State

VERSION: Final = 1

STATE_BYTES_MAX: Final = 16 * 1024 * 1024
"""Bytes of one encoded state that are read at all: a fifth of what Dataflow takes in one value (80 MB)."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(State)


class BadState(NamedTuple):
    """Why bytes are no state."""

    why: str


def encode(state: State) -> bytes:
    """The bytes of a state, version first."""
    return bytes([VERSION]) + _encoder.encode(state)


def decode(data: bytes) -> State | BadState:
    """The state `data` stands for, or why it stands for none."""
    if not data:
        return BadState("no bytes")
    if len(data) > STATE_BYTES_MAX:
        return BadState(f"{len(data)} bytes are more than the {STATE_BYTES_MAX} a state may have")
    if data[0] != VERSION:
        return BadState(f"version {data[0]} is not known here; this code reads version {VERSION}")
    try:
        return _decoder.decode(memoryview(data)[1:])
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        return BadState(f"not a state: {error}")


def copied(state: State) -> State:
    """A copy that shares nothing mutable with `state`."""
    return _decoder.decode(_encoder.encode(state))
