"""Ways to keep what waits, and to be woken for it, of which the host has the first (docs/explanation/adr/0017).

Each takes events into state and settles them when their time has come: it decides nothing. `slots` is the host's: a bag
that nobody reads before a wake, a timer a slot, paced wakes where much waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import apache_beam as beam
from apache_beam.coders import BytesCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from benchmarks.streaming.names import IN_CELL, ONE_TIMER, SLOTS
from kittiwake.stream.contact.timer_grid import PACE_FROM, PACE_SHARE, USUAL, bucket_of_event_us
from kittiwake.stream.records import header_of

_LENGTH_BYTES: Final = 4
_TIME_BYTES: Final = 8
_NO_LOOK: Final = bytes(_TIME_BYTES)


def _slot_us(value: bytes) -> int:
    return bucket_of_event_us(header_of(value).time_us, USUAL)


class Slots(beam.DoFn):
    """The bag, a timer a slot under the slot as its tag, and a cell that says how far the contact is paced."""

    CELL: Final = ReadModifyWriteStateSpec("cell", BytesCoder())
    BAG: Final = BagStateSpec("bag", BytesCoder())
    SLOT: Final = TimerSpec("slot", TimeDomain.WATERMARK)

    def process(
        self, element: tuple[bytes, bytes], bag: Any = beam.DoFn.StateParam(BAG), slot: Any = beam.DoFn.TimerParam(SLOT)
    ) -> None:
        bag.add(element[1])
        at_us = _slot_us(element[1])
        slot.set(Timestamp(micros=at_us), dynamic_timer_tag=str(at_us // 1_000))

    @on_timer(SLOT)
    def at_slot(
        self,
        at: Timestamp = beam.DoFn.TimestampParam,
        cell: Any = beam.DoFn.StateParam(CELL),
        bag: Any = beam.DoFn.StateParam(BAG),
        slot: Any = beam.DoFn.TimerParam(SLOT),
    ) -> None:
        if at.micros < _number(cell.read()):
            return
        rest = _rest(bag.read(), at.micros)
        look_us = rest[len(rest) // PACE_SHARE][0] if len(rest) >= PACE_FROM else 0
        cell.write(look_us.to_bytes(_TIME_BYTES, "big"))
        bag.clear()
        for _, value in rest:
            bag.add(value)
        if look_us:
            slot.set(Timestamp(micros=look_us), dynamic_timer_tag="paced")


class OneTimer(beam.DoFn):
    """The bag and one timer, kept at the earliest slot that waits: each event reads the cell that says which it is."""

    CELL: Final = ReadModifyWriteStateSpec("cell", BytesCoder())
    BAG: Final = BagStateSpec("bag", BytesCoder())
    WAKE: Final = TimerSpec("wake", TimeDomain.WATERMARK)

    def process(
        self,
        element: tuple[bytes, bytes],
        cell: Any = beam.DoFn.StateParam(CELL),
        bag: Any = beam.DoFn.StateParam(BAG),
        wake: Any = beam.DoFn.TimerParam(WAKE),
    ) -> None:
        bag.add(element[1])
        at_us, set_us = _slot_us(element[1]), _number(cell.read())
        if not set_us or at_us < set_us:
            cell.write(at_us.to_bytes(_TIME_BYTES, "big"))
            wake.set(Timestamp(micros=at_us))

    @on_timer(WAKE)
    def at_wake(
        self,
        at: Timestamp = beam.DoFn.TimestampParam,
        cell: Any = beam.DoFn.StateParam(CELL),
        bag: Any = beam.DoFn.StateParam(BAG),
        wake: Any = beam.DoFn.TimerParam(WAKE),
    ) -> None:
        rest = _rest(bag.read(), at.micros)
        bag.clear()
        for _, value in rest:
            bag.add(value)
        next_us = rest[len(rest) // PACE_SHARE if len(rest) >= PACE_FROM else 0][0] if rest else 0
        cell.write(next_us.to_bytes(_TIME_BYTES, "big"))
        if next_us:
            wake.set(Timestamp(micros=next_us))


class InCell(beam.DoFn):
    """No bag: each event is put at the end of the one cell, behind how far it is paced, read and written for it."""

    CELL: Final = ReadModifyWriteStateSpec("cell", BytesCoder())
    SLOT: Final = TimerSpec("slot", TimeDomain.WATERMARK)

    def process(
        self,
        element: tuple[bytes, bytes],
        cell: Any = beam.DoFn.StateParam(CELL),
        slot: Any = beam.DoFn.TimerParam(SLOT),
    ) -> None:
        cell.write((cell.read() or _NO_LOOK) + _packed(element[1]))
        at_us = _slot_us(element[1])
        slot.set(Timestamp(micros=at_us), dynamic_timer_tag=str(at_us // 1_000))

    @on_timer(SLOT)
    def at_slot(
        self,
        at: Timestamp = beam.DoFn.TimestampParam,
        cell: Any = beam.DoFn.StateParam(CELL),
        slot: Any = beam.DoFn.TimerParam(SLOT),
    ) -> None:
        data = cell.read()
        if at.micros < _number(data[:_TIME_BYTES]):
            return
        rest = _rest(_values(data), at.micros)
        look_us = rest[len(rest) // PACE_SHARE][0] if len(rest) >= PACE_FROM else 0
        cell.write(look_us.to_bytes(_TIME_BYTES, "big") + b"".join(_packed(value) for _, value in rest))
        if look_us:
            slot.set(Timestamp(micros=look_us), dynamic_timer_tag="paced")


def _number(data: bytes | None) -> int:
    return 0 if data is None else int.from_bytes(data, "big")


def _rest(values: Iterable[bytes], at_us: int) -> list[tuple[int, bytes]]:
    """What is not due yet, in the order of its slots."""
    return sorted(pair for pair in ((_slot_us(value), value) for value in values) if pair[0] > at_us)


def _packed(value: bytes) -> bytes:
    return len(value).to_bytes(_LENGTH_BYTES, "big") + value


def _values(data: bytes) -> Iterable[bytes]:
    at = _TIME_BYTES
    while at < len(data):
        size = int.from_bytes(data[at : at + _LENGTH_BYTES], "big")
        yield data[at + _LENGTH_BYTES : at + _LENGTH_BYTES + size]
        at += _LENGTH_BYTES + size


LAYOUTS: Final[dict[str, Callable[[], beam.DoFn]]] = {
    SLOTS: Slots,
    ONE_TIMER: OneTimer,
    IN_CELL: InCell,
}
