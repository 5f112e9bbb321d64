"""Recorded events as a file that a job reads line by line at a pace: its queue, in which it can go back.

Out of order and late, as `kittiwake.stream.recorded_schedule` has it. Behind the last event stand beats that no rule
wants, a second of event time from one to the next: so the job does not end by itself, and its watermark goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from kittiwake.stream.recorded_schedule import Disorder
from kittiwake.time.instants import SECOND_US, format_instant
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.input_files import input_files
from kittiwake.transforms.stream.recorded_source import RecordedEvents, RecordedLines, read_schedule

BEAT_CONTACT = "beat"
BEAT = '{{"event_id":"beat-{number}","account_id":"acme","contact_id":"beat","type":"beat","time":"{time}"}}'


class Queue(NamedTuple):
    """Lines in the order in which they come."""

    lines: Sequence[bytes]
    times_us: Sequence[int]
    disorder: Disorder

    @classmethod
    def of(cls, events: Path, disorder: Disorder) -> Self:
        """The events of a file."""
        recording = RecordedEvents(tuple(input_files([str(events)])), now_us(), disorder)
        schedule = read_schedule(recording)
        with RecordedLines(recording.files) as lines:
            return cls([lines.at(place) for place in schedule.offsets], schedule.times_us, disorder)

    def write(self, path: Path, beats: int) -> None:
        """With so many beats behind the last event."""
        path.write_bytes(b"\n".join([*self.lines, *map(self._beat, range(1, beats + 1))]))

    def _beat(self, number: int) -> bytes:
        happened = format_instant(max(self.times_us) + number * SECOND_US)
        return BEAT.format(number=number, time=happened).encode()

    def watermark_ms(self, share: float) -> int:
        """What a watermark has to say when so much of the events has been read."""
        read = self.times_us[: max(1, int(share * len(self.lines)))]
        return (max(read) - self.disorder.within_us) // 1_000 - 1
