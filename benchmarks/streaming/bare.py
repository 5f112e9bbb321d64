"""What the host is held against: a DoFn with its cell, its bag and its timers that decides nothing, and none at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import apache_beam as beam
from apache_beam.coders import BytesCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from kittiwake.stream.contact.timer_grid import USUAL, bucket_of_event_us
from kittiwake.stream.records import header_of
from kittiwake.time.instants import DAY_US

_COUNT_BYTES: Final = 4


class Bare(beam.DoFn):
    """Waits for a slot, reads cell and bag, writes a cell of a given size, leaves in the bag what is not due."""

    CELL: Final = ReadModifyWriteStateSpec("cell", BytesCoder())
    BAG: Final = BagStateSpec("bag", BytesCoder())
    SLOT: Final = TimerSpec("slot", TimeDomain.WATERMARK)
    WAKE: Final = TimerSpec("wake", TimeDomain.WATERMARK)

    def __init__(self, cell_bytes: int, wakes: float) -> None:
        """`cell_bytes` are written at each wake; `wakes` of a contact's own come after its last slot, on average."""
        self._filling = bytes(max(0, cell_bytes - _COUNT_BYTES))
        self._wakes = wakes

    def start_bundle(self) -> None:
        """A slot's timer is set once a bundle, as the host does."""
        self._set: set[tuple[bytes, int]] = set()

    def process(
        self, element: tuple[bytes, bytes], bag: Any = beam.DoFn.StateParam(BAG), slot: Any = beam.DoFn.TimerParam(SLOT)
    ) -> None:
        key, value = element
        bag.add(value)
        at_us = bucket_of_event_us(header_of(value).time_us, USUAL)
        if (key, at_us) not in self._set:
            self._set.add((key, at_us))
            slot.set(Timestamp(micros=at_us), dynamic_timer_tag=str(at_us // 1_000))

    @on_timer(SLOT)
    def at_slot(
        self,
        key: bytes = beam.DoFn.KeyParam,
        at: Timestamp = beam.DoFn.TimestampParam,
        cell: Any = beam.DoFn.StateParam(CELL),
        bag: Any = beam.DoFn.StateParam(BAG),
        wakes: Any = beam.DoFn.TimerParam(WAKE),
    ) -> None:
        cell.read()
        self._wake(at, self._own_wakes(key), cell, bag, wakes)

    @on_timer(WAKE)
    def at_wake(
        self,
        at: Timestamp = beam.DoFn.TimestampParam,
        cell: Any = beam.DoFn.StateParam(CELL),
        bag: Any = beam.DoFn.StateParam(BAG),
        wakes: Any = beam.DoFn.TimerParam(WAKE),
    ) -> None:
        left = int.from_bytes(cell.read()[:_COUNT_BYTES], "big")
        self._wake(at, left - 1, cell, bag, wakes)

    def _wake(self, at: Timestamp, left: int, cell: Any, bag: Any, wakes: Any) -> None:
        asked_us = at.micros - USUAL.settle_delay_us
        rest = [value for value in bag.read() if header_of(value).time_us >= asked_us]
        cell.write(left.to_bytes(_COUNT_BYTES, "big") + self._filling)
        bag.clear()
        for value in rest:
            bag.add(value)
        if left:
            wakes.set(Timestamp(micros=at.micros + DAY_US))

    def _own_wakes(self, key: bytes) -> int:
        """Shares of a wake are dealt out among contacts, whose numbers stand at the end of their keys."""
        number = int(key[-9:-2])
        return int(self._wakes * (number + 1)) - int(self._wakes * number)


class Passing(beam.DoFn):
    """Keeps nothing: what events cost on their way."""

    def process(self, element: tuple[bytes, bytes]) -> Iterator[bytes]:
        yield element[1]
