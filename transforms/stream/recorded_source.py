"""Step: files of events as a stream that has no end yet, the same each time: for demos, load tests and other runners.

A splittable DoFn whose restriction is a stretch of positions in a `kittiwake.stream.recorded_schedule`. It gives
itself back to the runner after so many records and whenever it has to wait, so that a runner can checkpoint it
there, and goes on from the position alone. One reader for all files: their events come in one order.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate, count
from threading import Lock
from typing import Any, BinaryIO, Final, NamedTuple, Self

import apache_beam as beam
from apache_beam.coders import TupleCoder, VarIntCoder
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.pvalue import PBegin, PCollection
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Duration, Timestamp

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.input.single import event_from
from kittiwake.model import Event
from kittiwake.stream.recorded_schedule import AS_FAST_AS_CAN_BE, IN_ORDER, Disorder, Pace, Schedule, schedule
from kittiwake.time.instants import SECOND_US
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.input_files import InputFile

RECORDS_MAX: Final = 1_000
"""Records from one checkpoint to the next: a tenth of a second's work, and what a fault has to do again."""
BYTES_MAX: Final = 1 << 20
"""Bytes from one checkpoint to the next, where records are large."""
TICK_US: Final = SECOND_US // 10
"""The shortest wait: what is due within it comes together, for each wait costs a checkpoint."""
LOOK_US: Final = SECOND_US
"""The longest: so often the watermark moves while nothing is due."""
MESSAGE_BYTES_MAX: Final = 10_000_000
"""What Pub/Sub carries; the rest of a longer line is left out, and the line is far too large for an event anyway."""
MILLI_US: Final = 1_000
"""Watermarks and times of messages are whole milliseconds, as those of a queue."""


class ChangedError(Exception):
    """A file is not as it was when the job was launched, so that positions in it mean nothing any more."""


class RecordedEvents(NamedTuple):
    """Files of JSON lines, and how their events are to come again."""

    files: tuple[InputFile, ...]
    launched_us: int
    """By the clock: what happens long after is a mistake, as the intake will say, and not waited for."""
    disorder: Disorder = IN_ORDER
    shape: InputShape = CANONICAL
    """By which their times are read; lines that are no events come with those before them."""


@dataclass(eq=False)
class ReadRecordedEvents(beam.PTransform):
    """Records of files as messages of a queue, at their pace, with the time of their event as their own."""

    recording: RecordedEvents
    pace: Pace = AS_FAST_AS_CAN_BE
    records_max: int = RECORDS_MAX
    """Records from one checkpoint to the next, between which the watermark stands still."""
    stays_open: bool = False
    """After the last event: whether event time goes on with the clock; else it is over, and the job may end."""
    clock: Callable[[], int] = now_us

    def expand(self, pbegin: PBegin) -> PCollection[PubsubMessage]:
        """Each record once for each time that the runner takes it."""
        replay = ReadRecordsDoFn(self.recording, self.pace, self.records_max, self.stays_open, self.clock)
        return pbegin | "Start" >> beam.Impulse() | "Records" >> beam.ParDo(replay).with_output_types(PubsubMessage)


class Restriction(NamedTuple):
    """The restriction: positions of the schedule, and when the first of all was begun."""

    start: int
    stop: int
    began_us: int


class PositionTracker(RestrictionTracker):
    """Claims positions in order. It is cut where it stands, and nowhere else: there is one order of events."""

    def __init__(self, stretch: Restriction) -> None:
        self._stretch = stretch
        self._next = stretch.start

    def current_restriction(self) -> Restriction:
        """What is left of the stretch that was given, with what has been claimed of it."""
        return self._stretch

    def try_claim(self, position: int) -> bool:
        """Whether the record at the position is to be put out."""
        if position >= self._stretch.stop:
            self._next = self._stretch.stop
            return False
        self._next = position + 1
        return True

    def try_split(self, fraction_of_remainder: float) -> tuple[Restriction, Restriction] | None:
        """A checkpoint, at fraction nothing."""
        start, stop, began_us = self._stretch
        if fraction_of_remainder or self._next >= stop:
            return None
        self._stretch = Restriction(start, self._next, began_us)
        return self._stretch, Restriction(self._next, stop, began_us)

    def check_done(self) -> bool:
        """Raises `ValueError` if positions have been left out."""
        if self._next < self._stretch.stop:
            raise ValueError(f"positions {self._next} to {self._stretch.stop} have not been claimed")
        return True

    def current_progress(self) -> RestrictionProgress:
        """How many have been claimed, and how many have not."""
        done = self._next - self._stretch.start
        return RestrictionProgress(completed=done, remaining=self._stretch.stop - self._next)

    def is_bounded(self) -> bool:
        """A runner is not to wait for the end."""
        return False


_BY_HAND: Final = ManualWatermarkEstimator.default_provider()


class ReadRecordsDoFn(beam.DoFn, RestrictionProvider):
    def __init__(
        self, recording: RecordedEvents, pace: Pace, records_max: int, stays_open: bool, clock: Callable[[], int]
    ) -> None:
        self._recording, self._pace, self._records_max = recording, pace, records_max
        self._stays_open, self._clock = stays_open, clock

    def initial_restriction(self, element: bytes) -> Restriction:
        """Everything, beginning now. What stays open has one position more, which is never claimed."""
        return Restriction(0, _recorded(self._recording).size + self._stays_open, self._clock())

    def create_tracker(self, restriction: tuple[int, int, int]) -> PositionTracker:
        return PositionTracker(Restriction(*restriction))

    def restriction_size(self, element: bytes, restriction: tuple[int, int, int]) -> int:
        return restriction[1] - restriction[0]

    def restriction_coder(self) -> Any:
        return TupleCoder([VarIntCoder()] * 3)

    def truncate(self, element: bytes, restriction: tuple[int, int, int]) -> None:
        """A drain ends it where it is."""

    @beam.DoFn.unbounded_per_element()
    def process(
        self,
        element: bytes,
        tracker: Any = beam.DoFn.RestrictionParam(),
        estimator: Any = beam.DoFn.WatermarkEstimatorParam(_BY_HAND),
    ) -> Iterator[TimestampedValue]:
        start, _, began_us = tracker.current_restriction()
        recorded, size = _recorded(self._recording), 0
        with RecordedLines(self._recording.files) as lines:
            for position in count(start):
                wait_us = self._wait_us(recorded, position, began_us)
                if wait_us or position - start == self._records_max or size >= BYTES_MAX:
                    self._advance_watermark(recorded, position, began_us, estimator)
                    tracker.defer_remainder(Duration(micros=wait_us))
                    return
                if not tracker.try_claim(position):
                    return
                data = lines.at(recorded.offsets[position])
                size += len(data)
                yield _message(data, recorded, position)

    def _wait_us(self, recorded: Schedule, position: int, began_us: int) -> int:
        """How long to wait before a position is claimed."""
        if position == recorded.size:
            return LOOK_US if self._stays_open else 0
        if self._pace == AS_FAST_AS_CAN_BE:
            return 0
        ahead_us = recorded.due_us(position, began_us, self._pace) - self._clock()
        return 0 if ahead_us <= 0 else min(max(ahead_us, TICK_US), LOOK_US)

    def _advance_watermark(self, recorded: Schedule, position: int, began_us: int, estimator: Any) -> None:
        """Move the watermark, which never goes back, whatever the clock does."""
        moved_us = recorded.watermark_us(position, max(0, self._clock() - began_us), self._pace)
        before = estimator.current_watermark()
        if moved_us is not None and (before is None or before.micros < _in_millis(moved_us)):
            estimator.set_watermark(Timestamp(micros=_in_millis(moved_us)))


def _in_millis(time_us: int) -> int:
    return time_us // MILLI_US * MILLI_US


def _message(data: bytes, recorded: Schedule, position: int) -> TimestampedValue:
    message = PubsubMessage(data, {}, message_id=str(recorded.offsets[position]))
    return TimestampedValue(message, Timestamp(micros=_in_millis(recorded.times_us[position])))


# ---------------------------------------------------------------- files


class RecordedLines:
    """The lines of files by where they begin, counted through all files."""

    def __init__(self, files: tuple[InputFile, ...]) -> None:
        self._files = files
        self._bases = list(accumulate((file.size for file in files), initial=0))
        self._opened: dict[int, BinaryIO] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def at(self, offset: int) -> bytes:
        """The line that begins at an offset, without its end."""
        number = bisect_right(self._bases, offset) - 1
        stream = self._opened.get(number)
        if stream is None:
            stream = self._opened[number] = self._open.enter_context(_stream(self._files[number]))
        stream.seek(offset - self._bases[number])
        return stream.readline(MESSAGE_BYTES_MAX).rstrip(b"\r\n")


def _stream(file: InputFile) -> BinaryIO:
    found: BinaryIO = FileSystems.open(file.name, compression_type=CompressionTypes.UNCOMPRESSED)
    return found


_RECORDED: Final[dict[RecordedEvents, Schedule]] = {}
_LOCK: Final = Lock()


def _recorded(recording: RecordedEvents) -> Schedule:
    """The schedule of a recording, computed once in a process: files are read from end to end for it."""
    with _LOCK:
        found = _RECORDED.get(recording)
        if found is None:
            found = _RECORDED[recording] = read_schedule(recording)
        return found


def read_schedule(recording: RecordedEvents) -> Schedule:
    """Lines without a time of their own come with the one before them; blank ones not at all."""
    times_us, offsets, base, time_us = array("q"), array("q"), 0, None
    for file in recording.files:
        for start, data in _records(file):
            event = event_from(data, recording.launched_us, recording.shape)
            time_us = event.time_us if isinstance(event, Event) else time_us
            offsets.append(base + start)
            times_us.append(0 if time_us is None else time_us)
        base += file.size
    return schedule(times_us, offsets, recording.disorder)


def _records(file: InputFile) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, and the byte at which each begins.

    Raises:
        ChangedError: the file has another size than it had.
    """
    start = 0
    with _stream(file) as stream:
        while data := stream.readline(MESSAGE_BYTES_MAX):
            size, piece = len(data), data
            while len(piece) == MESSAGE_BYTES_MAX and not piece.endswith(b"\n"):
                piece = stream.readline(MESSAGE_BYTES_MAX)
                size += len(piece)
            if not data.isspace():
                yield start, data.rstrip(b"\r\n")
            start += size
    if start != file.size:
        raise ChangedError(f"{file.name} has {start} bytes, and had {file.size} when the job was launched")
