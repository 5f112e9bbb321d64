"""Recorded events as a file that a job reads line by line at a pace: its queue, in which it can go back.

Out of order and late, as `kittiwake.stream.schedule` has it. Behind the last event stand empty lines, so that the job
does not end by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from kittiwake.stream.schedule import Disorder
from pipelines.places import input_files
from transforms.clock import now_us
from transforms.replaying import Recording, _Lines, _read


class Queue(NamedTuple):
    """Lines in the order in which they come."""

    lines: Sequence[bytes]
    times_us: Sequence[int]
    disorder: Disorder

    @classmethod
    def of(cls, events: Path, disorder: Disorder) -> Self:
        """The events of a file."""
        recording = Recording(tuple(input_files([str(events)])), now_us(), disorder)
        schedule = _read(recording)
        with _Lines(recording.files) as lines:
            return cls([lines.at(place) for place in schedule.places], schedule.times_us, disorder)

    def write(self, path: Path, per_second: int, waits_s: int) -> None:
        """With so many empty lines behind the last event as take so long to read."""
        path.write_bytes(b"\n".join(self.lines) + b"\n" * (1 + per_second * waits_s))

    def watermark_ms(self, share: float) -> int:
        """What a watermark has to say when so much of the events has been read."""
        read = self.times_us[: max(1, int(share * len(self.lines)))]
        return (max(read) - self.disorder.within_us) // 1_000 - 1
