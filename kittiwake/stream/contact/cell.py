"""The one cell of bytes that a host keeps of a contact: the kernel's state, and what the host itself has to remember.

Pure. Beside it there is a bag of what waits (`messages.Arrival`, `messages.Seed`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from kittiwake.kernel.state.codec import STATE_BYTES_MAX, BadState, decode
from kittiwake.kernel.state.codec import encode as encode_state
from kittiwake.kernel.state.state import State, new_state
from kittiwake.stream.contact.sealing import UnreadableError, sealed, unsealed
from kittiwake.stream.records import BufferedEvent, trace_of

LAYOUT: Final = 1
"""Of the cell; the state inside has a version of its own."""

CELL_BYTES_MAX: Final = STATE_BYTES_MAX
"""Bytes of a cell: what could not be read again is not written. All that a state remembers is bounded so far below it
that a contact comes near it only with ids of events that are as long as may be, and in no Latin letters."""

TRACES_MAX: Final = 16
"""Trace contexts kept of a contact, the newest: 1 KB, and most rules wait for one of the last few events."""


class Cell(msgspec.Struct, array_like=True, gc=False):
    """What is kept of a contact. Fields are only added at the end, with a default."""

    layout: int
    evaluated_to_us: int
    """As the state says: told apart so that a wake with nothing to do need not open it."""
    look_us: int
    """Nothing is settled before the host is asked for this instant: wakes are paced."""
    state: memoryview
    """Of the cell's own bytes, not a copy: it may be megabytes, and most wakes of a paced contact do not open it."""
    traces: dict[str, str] = {}
    """`traceparent` by event id."""


_decode: Final = msgspec.msgpack.Decoder(Cell).decode
encode_cell: Final = msgspec.msgpack.Encoder().encode


def cell_of(data: bytes | None) -> Cell | None:
    """The cell of bytes.

    Raises:
        UnreadableError: it is none that this release knows.
    """
    if data is None:
        return None
    try:
        cell = _decode(unsealed(data))
    except (msgspec.DecodeError, ValueError):
        raise UnreadableError("its cell is damaged") from None
    if cell.layout != LAYOUT:
        raise UnreadableError(f"its cell has layout {cell.layout}, this release knows {LAYOUT}")
    return cell


def state_of(cell: Cell | None, contact_id: str) -> State:
    """The kernel's state in a cell.

    Raises:
        UnreadableError: it is of a later release, damaged, or of another contact.
    """
    if cell is None:
        return new_state(contact_id)
    state = decoded(cell.state)
    if state.contact_id != contact_id or state.evaluated_to_us != cell.evaluated_to_us:
        raise UnreadableError("its cell is of another contact or time")
    return state


def decoded(data: bytes | memoryview) -> State:
    """The state of its bytes.

    Raises:
        UnreadableError: it is of a later release, or damaged.
    """
    state = decode(data)
    if isinstance(state, BadState):
        raise UnreadableError(f"its state cannot be read: {state.why}")
    return state


def new_cell(state: State, look_us: int, traces: dict[str, str]) -> bytes:
    """The bytes of a cell."""
    assert state.evaluated_to_us is not None
    return sealed(encode_cell(Cell(LAYOUT, state.evaluated_to_us, look_us, memoryview(encode_state(state)), traces)))


def traces_with(traces: dict[str, str], arrivals: Iterable[BufferedEvent]) -> dict[str, str]:
    """The newest trace contexts."""
    found = dict(traces)
    for arrival in arrivals:
        traceparent = trace_of(arrival.attributes)
        if traceparent is not None:
            found.pop(arrival.event_id, None)
            found[arrival.event_id] = traceparent
    return dict(list(found.items())[-TRACES_MAX:])
