"""A contact's value state, `cell`, as bytes: the kernel's state, and what the host itself has to remember.

Pure. Beside it stands a bag state of what is buffered (`records.BufferedEvent`, `records.InitialState`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from kittiwake.kernel.state.codec import STATE_BYTES_MAX, BadState, decode
from kittiwake.kernel.state.codec import encode as encode_state
from kittiwake.kernel.state.state import State, new_state
from kittiwake.stream.contact.feeds import NOTHING_KNOWN, FeedNotice, Known
from kittiwake.stream.contact.outlook import Outlook
from kittiwake.stream.contact.sealing import UnreadableError, sealed, unsealed

LAYOUT: Final = 1
"""Of the value; the kernel's state inside has a version of its own."""

CELL_BYTES_MAX: Final = STATE_BYTES_MAX
"""Bytes of the value: what could not be read again is not written. All that a state remembers is bounded so far below
it that a contact comes near it only with ids of events that are as long as may be, and in no Latin script."""


class Cell(msgspec.Struct, array_like=True, gc=False):
    """What is kept of a contact. Fields are only added at the end, with a default."""

    layout: int
    evaluated_to_us: int
    """As the state says: kept beside it so that a firing with nothing to do need not open the state."""
    paced_until_us: int
    """Nothing is evaluated before the host is asked for this instant: the firings of a large contact are paced."""
    state: memoryview
    """A view of the value's own bytes: they may be megabytes, and most firings of a paced contact do not open them."""
    traces: dict[str, str] = {}
    """`traceparent` by event id."""
    feeds: dict[str, tuple[FeedNotice, ...]] = {}
    """What is known of feeds that were silent (`stream.contact.feeds`)."""
    outlook: Outlook | None = None
    """None: its next firing evaluates it, whatever is due."""


_decode: Final = msgspec.msgpack.Decoder(Cell).decode
encode_cell: Final = msgspec.msgpack.Encoder().encode


def cell_of(data: bytes | None) -> Cell | None:
    """The value that bytes stand for; None: there is none yet.

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
    """The kernel's state in a value.

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


def new_cell(
    state: State,
    paced_until_us: int,
    traces: dict[str, str],
    feeds: Known = NOTHING_KNOWN,
    outlook: Outlook | None = None,
) -> bytes:
    """The bytes of a value."""
    assert state.evaluated_to_us is not None
    data = memoryview(encode_state(state))
    return sealed(encode_cell(Cell(LAYOUT, state.evaluated_to_us, paced_until_us, data, traces, dict(feeds), outlook)))
