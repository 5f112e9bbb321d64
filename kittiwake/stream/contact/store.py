"""What a streaming host keeps of one contact, and what it does with it: buffer an event, and apply a timer's result.

The seam for a host. By contact a host keeps a value state, a bag state and timers of two families in event time, and
gives them as a `ContactStore`. When an event comes it calls `buffer_event`; when a timer fires it calls
`timers.on_timer` and then `apply_result`. What it writes is committed together with what it puts out, or neither is.
`kittiwake.testing.host_suite` has the laws that a host has to pass, and the least host.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kittiwake.stream.contact.sealing import sealed
from kittiwake.stream.contact.timer_grid import TimerSettings, bucket_of_event_us
from kittiwake.stream.contact.timers import TimerResult
from kittiwake.stream.records import header_of


class ContactStore(Protocol):
    """One contact's state and timers in a host. Timers fire once the watermark has reached their time, or later."""

    def write_cell(self, data: bytes | None) -> None:
        """Keep this value; None: keep none."""

    def add_to_bag(self, element: bytes) -> None:
        """Keep one element more; in what order they are read is no matter."""

    def write_bag(self, elements: Sequence[bytes]) -> None:
        """Keep these elements, and none of those before."""

    def set_bucket_timer(self, at_us: int) -> None:
        """Fire at this instant, beside all other instants that are set: one instant set twice may fire once."""

    def set_own_timer(self, at_us: int) -> None:
        """Fire at this instant, and no more at the one that was set before."""


def buffer_event(store: ContactStore, record: bytes, settings: TimerSettings) -> None:
    """Keep a record (`BufferedEvent` or `InitialState`, as bytes) until the timer bucket of its time has come."""
    store.add_to_bag(sealed(record))
    store.set_bucket_timer(bucket_of_event_us(header_of(record).time_us, settings))


def apply_result(store: ContactStore, result: TimerResult) -> None:
    """Do with a contact's state and timers what a firing asks for."""
    if result.writes_cell:
        store.write_cell(result.cell)
    if result.buffered is not None:
        store.write_bag(result.buffered)
    if result.own_timer_us is not None:
        store.set_own_timer(result.own_timer_us)
    if result.bucket_timer_us is not None:
        store.set_bucket_timer(result.bucket_timer_us)
