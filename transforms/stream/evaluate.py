"""Step: a contact's events, in any order, to what is decided of it.

The kernel decides what, `kittiwake.stream.contact.timers` when.

Global window. State is one cell of bytes and a bag that `process` appends to and never reads; every event sets a timer
of its slot of the grid, under the slot as its tag, so that no event postpones what another waits for. The contact has
one more timer, which each wake sets anew for what the state itself waits for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.coders import BytesCoder
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.contact.sealing import sealed
from kittiwake.stream.contact.timer_grid import TIMER_US, USUAL, TimerSettings, slot_of_event_us
from kittiwake.stream.contact.timers import Host, TimerFiring, wake
from kittiwake.stream.logs import CONTACT_FAILED, MESSAGES_REFUSED
from kittiwake.stream.records import Stage, encode, head_of
from kittiwake.stream.rules_source.view import RulesSource
from transforms.clock import now_us
from transforms.logs import log
from transforms.stream.metrics import count_wake
from transforms.stream.rules_metrics import meter_rules

_LATE: Final = "late_events"
_DEAD: Final = "dead_letters"


class Evaluated(NamedTuple):
    """What comes of evaluating: `DecisionRecord`, `LateEventRecord` and `DeadLetterRecord`, as bytes."""

    told: PCollection[bytes]
    late: PCollection[bytes]
    dead: PCollection[bytes]


@dataclass(eq=False)
class EvaluateRules(beam.PTransform):
    """Decides everything of every contact, as far as the watermark has come."""

    rules: RulesSource
    waits: TimerSettings = USUAL
    shape: InputShape = CANONICAL
    max_age_us: int | None = None
    clock: Callable[[], int] = now_us

    def expand(self, arrivals: PCollection[tuple[bytes, bytes]]) -> Evaluated:
        """A contact's arrivals meet on one worker."""
        types = {_LATE: bytes, _DEAD: bytes}
        step = beam.ParDo(_Evaluate(self.rules, self.waits, self.shape, self.max_age_us, self.clock)).with_output_types(
            bytes, **types
        )
        settled = arrivals | "Evaluate" >> step.with_outputs(*types, main="told")
        return Evaluated(settled["told"], settled[_LATE], settled[_DEAD])


class _Evaluate(beam.DoFn):
    CELL: Final = ReadModifyWriteStateSpec("cell", BytesCoder())
    BAG: Final = BagStateSpec("bag", BytesCoder())
    SLOT: Final = TimerSpec("slot", TimeDomain.WATERMARK)
    WAKE: Final = TimerSpec("wake", TimeDomain.WATERMARK)

    def __init__(
        self,
        rules: RulesSource,
        waits: TimerSettings,
        shape: InputShape,
        max_age_us: int | None,
        clock: Callable[[], int],
    ) -> None:
        self._rules, self._waits, self._shape, self._max_age_us, self._clock = rules, waits, shape, max_age_us, clock

    def start_bundle(self) -> None:
        """A slot's timer is set, what went wrong is logged, and the age of the rules is shown, once a bundle."""
        meter_rules(self._rules, self._clock())
        self._set: set[tuple[bytes, int]] = set()
        self._failures: Counter[str] = Counter()
        self._refused: Counter[DeadLetterReason] = Counter()

    def finish_bundle(self) -> None:
        """Log what went wrong, without a word of whom it concerns."""
        for failure, number in sorted(self._failures.items()):
            log(CONTACT_FAILED, failure=failure, number=number)
        for reason, number in sorted(self._refused.items()):
            log(MESSAGES_REFUSED, stage=Stage.SETTLE, reason=reason, number=number)

    def process(
        self, element: tuple[bytes, bytes], bag: Any = beam.DoFn.StateParam(BAG), slot: Any = beam.DoFn.TimerParam(SLOT)
    ) -> None:
        """An event waits for its slot."""
        key, value = element
        bag.add(sealed(value))
        at_us = slot_of_event_us(head_of(value).time_us, self._waits)
        if (key, at_us) not in self._set:
            self._set.add((key, at_us))
            _set_slot(slot, at_us)

    @on_timer(SLOT)
    def at_slot(
        self,
        key: bytes = beam.DoFn.KeyParam,
        at: Timestamp = beam.DoFn.TimestampParam,
        cell: Any = beam.DoFn.StateParam(CELL),
        bag: Any = beam.DoFn.StateParam(BAG),
        slot: Any = beam.DoFn.TimerParam(SLOT),
        wakes: Any = beam.DoFn.TimerParam(WAKE),
    ) -> Iterator[bytes | TaggedOutput]:
        """A slot with events in it has come."""
        yield from self._wake(key, at, cell, bag, slot, wakes)

    @on_timer(WAKE)
    def at_wake(
        self,
        key: bytes = beam.DoFn.KeyParam,
        at: Timestamp = beam.DoFn.TimestampParam,
        cell: Any = beam.DoFn.StateParam(CELL),
        bag: Any = beam.DoFn.StateParam(BAG),
        slot: Any = beam.DoFn.TimerParam(SLOT),
        wakes: Any = beam.DoFn.TimerParam(WAKE),
    ) -> Iterator[bytes | TaggedOutput]:
        """The contact's own time has come."""
        yield from self._wake(key, at, cell, bag, slot, wakes)

    def _wake(
        self, key: bytes, at: Timestamp, cell: Any, bag: Any, slot: Any, wakes: Any
    ) -> Iterator[bytes | TaggedOutput]:
        clock_us = self._clock()
        host = Host(self._rules.known(clock_us), self._waits, self._shape, self._max_age_us)
        woken = wake(host, key, cell.read(), bag.read, TimerFiring(at.micros, clock_us))
        if woken.writes:
            _write_cell(cell, woken.cell)
        if woken.waits is not None:
            _write_bag(bag, woken.waits)
        if woken.wake_us is not None:
            wakes.set(Timestamp(micros=woken.wake_us))
        if woken.look_us is not None:
            _set_slot(slot, woken.look_us)
        count_wake(woken.tally, clock_us)
        self._failures.update([woken.tally.failure] * woken.tally.failed)
        self._refused.update(one.reason for one in woken.dead)
        yield from map(encode, woken.told)
        yield from (TaggedOutput(_LATE, encode(one)) for one in woken.late)
        yield from (TaggedOutput(_DEAD, encode(one)) for one in woken.dead)


def _set_slot(slot: Any, at_us: int) -> None:
    slot.set(Timestamp(micros=at_us), dynamic_timer_tag=str(at_us // TIMER_US))


def _write_cell(cell: Any, data: bytes | None) -> None:
    if data is None:
        cell.clear()
    else:
        cell.write(data)


def _write_bag(bag: Any, waits: Sequence[bytes]) -> None:
    bag.clear()
    for element in waits:
        bag.add(element)
