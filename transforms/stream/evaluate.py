"""Step: a contact's events, in any order, to what is decided of it.

The kernel decides what, `kittiwake.stream.contact.timers` when.

Global window. State is a value of bytes (`cell`) and a bag state (`bag`) that `process` appends to and never reads.
Every event sets a timer of its timer bucket, with the bucket as the timer's tag, so no event postpones what another
waits for. The contact has one more timer, which each firing sets anew for what the state itself waits for.
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
from apache_beam.utils.shared import Shared
from apache_beam.utils.timestamp import Timestamp

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.contact import timers
from kittiwake.stream.contact.sealing import sealed
from kittiwake.stream.contact.store import apply_result
from kittiwake.stream.contact.timer_grid import TIMER_US, USUAL, TimerSettings, bucket_of_event_us
from kittiwake.stream.contact.timers import Host, TimerFiring
from kittiwake.stream.contact.watermark import END_TIMER_US, Watermark
from kittiwake.stream.logs import CONTACT_FAILED
from kittiwake.stream.records import Stage, encode, header_of
from kittiwake.stream.rules_source.view import RulesSource, shaped
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.logs import log
from kittiwake.transforms.metrics import count_dead_letters
from kittiwake.transforms.stream.metrics import count_firing
from kittiwake.transforms.stream.rules_metrics import meter_rules

_LATE: Final = "late_events"
_DEAD: Final = "dead_letters"


class Evaluated(NamedTuple):
    """What comes of evaluating: `DecisionRecord`, `LateEventRecord` and `DeadLetterRecord`, as bytes."""

    decisions: PCollection[bytes]
    late_events: PCollection[bytes]
    dead_letters: PCollection[bytes]


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
        step = beam.ParDo(
            EvaluateDoFn(shaped(self.rules, self.shape), self.waits, self.shape, self.max_age_us, self.clock)
        ).with_output_types(bytes, **types)
        outputs = arrivals | "Evaluate" >> step.with_outputs(*types, main="decisions")
        return Evaluated(outputs["decisions"], outputs[_LATE], outputs[_DEAD])


class EvaluateDoFn(beam.DoFn):
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
        self._shared = Shared()
        self._watermark: Watermark | None = None

    def start_bundle(self) -> None:
        """A bucket's timer is set, what went wrong is logged, and the age of the rules is shown, once a bundle.

        All instances of the step in a process share what they learn of the watermark.
        """
        if self._watermark is None:
            self._watermark = self._shared.acquire(Watermark)
        meter_rules(self._rules, self._clock())
        self._set: set[tuple[bytes, int]] = set()
        self._failures: Counter[str] = Counter()
        self._refused: Counter[DeadLetterReason] = Counter()

    def finish_bundle(self) -> None:
        """Log what went wrong, without a word of whom it concerns."""
        for failure, number in sorted(self._failures.items()):
            log(CONTACT_FAILED, failure=failure, number=number)
        count_dead_letters(Stage.EVALUATE, self._refused)

    def process(
        self, element: tuple[bytes, bytes], bag: Any = beam.DoFn.StateParam(BAG), slot: Any = beam.DoFn.TimerParam(SLOT)
    ) -> None:
        """Buffer an event, as `store.buffer_event` does, but set the timer of a bucket once a bundle only."""
        key, value = element
        bag.add(sealed(value))
        at_us = bucket_of_event_us(header_of(value).time_us, self._waits)
        if (key, at_us) not in self._set:
            self._set.add((key, at_us))
            _set_bucket_timer(slot, at_us)

    @on_timer(SLOT)
    @on_timer(WAKE)
    def at_timer(
        self,
        key: bytes = beam.DoFn.KeyParam,
        at: Timestamp = beam.DoFn.TimestampParam,
        cell: Any = beam.DoFn.StateParam(CELL),
        bag: Any = beam.DoFn.StateParam(BAG),
        slot: Any = beam.DoFn.TimerParam(SLOT),
        own: Any = beam.DoFn.TimerParam(WAKE),
    ) -> Iterator[bytes | TaggedOutput]:
        """A timer of a contact has fired: of a bucket with events in it, or its own. Which one makes no difference."""
        return self._fire(key, at, _BeamStore(cell, bag, slot, own))

    def _fire(self, key: bytes, at: Timestamp, store: _BeamStore) -> Iterator[bytes | TaggedOutput]:
        clock_us, watermark = self._clock(), self._watermark
        assert watermark is not None
        watermark.note_firing(at.micros)
        rules, asks = self._rules.view(clock_us), watermark.asks(clock_us)
        host = Host(rules, self._waits, self._shape, self._max_age_us, watermark.reached_us, asks)
        result = timers.on_timer(host, key, store.cell.read(), store.bag.read, TimerFiring(at.micros, clock_us))
        apply_result(store, result)
        if result.bucket_timer_us == END_TIMER_US:
            watermark.note_asked(clock_us)
        count_firing(result.counts, clock_us)
        self._failures.update([result.counts.failure] * result.counts.failed)
        self._refused.update(one.reason for one in result.dead_letters)
        yield from map(encode, result.decisions)
        yield from (TaggedOutput(_LATE, encode(one)) for one in result.late_events)
        yield from (TaggedOutput(_DEAD, encode(one)) for one in result.dead_letters)


class _BeamStore(NamedTuple):
    """A contact's state and timers in Beam."""

    cell: Any
    bag: Any
    slot: Any
    own: Any

    def write_cell(self, data: bytes | None) -> None:
        if data is None:
            self.cell.clear()
        else:
            self.cell.write(data)

    def add_to_bag(self, element: bytes) -> None:
        self.bag.add(element)

    def write_bag(self, elements: Sequence[bytes]) -> None:
        self.bag.clear()
        for element in elements:
            self.bag.add(element)

    def set_bucket_timer(self, at_us: int) -> None:
        _set_bucket_timer(self.slot, at_us)

    def set_own_timer(self, at_us: int) -> None:
        self.own.set(Timestamp(micros=at_us))


def _set_bucket_timer(slot: Any, at_us: int) -> None:
    slot.set(Timestamp(micros=at_us), dynamic_timer_tag=str(at_us // TIMER_US))
