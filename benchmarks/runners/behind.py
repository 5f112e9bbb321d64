"""How far what is decided lies behind what has been put out, told from outside: by the files that a stream wrote.

When the events began to come is told by lines among them that are no events: their dead letters say when they were
taken in. From there the source's own schedule says which event was due when, and from which moment on the watermark
allowed a decision; the time of a file says when the decision was there.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

from kittiwake.stream.contact.timer_grid import USUAL, bucket_us
from kittiwake.stream.recorded_schedule import Disorder, Pace, Schedule
from kittiwake.time.instants import END_OF_TIME_US, SECOND_US, parse_instant
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.input_files import InputFile
from kittiwake.transforms.stream.recorded_source import RecordedEvents, read_schedule

NO_EVENT: Final = b'{"says": "so far"}\n'
NO_EVENT_EVERY: Final = 100
"""Lines from one that is no event to the next; the first of all is one."""


class Rows(NamedTuple):
    """A file of decisions."""

    written_us: int
    number: int
    newest_us: int
    """The latest time among them, which the watermark has passed."""


class Advance(NamedTuple):
    """A file that tells of a later time than all before it."""

    written_us: int
    newest_us: int
    behind_us: int
    """From when the watermark allowed it to when it was there, by the clock."""


def marked(lines: Sequence[bytes], path: Path) -> Path:
    """Write events with lines among them that are none."""
    path.write_bytes(b"".join(NO_EVENT * (not n % NO_EVENT_EVERY) + one + b"\n" for n, one in enumerate(lines)))
    return path


def schedule_of(events: Path, disorder: Disorder) -> Schedule:
    """As the source works it out."""
    return read_schedule(RecordedEvents((InputFile(str(events), events.stat().st_size),), now_us(), disorder))


class Clocked:
    """A schedule by the clock: so many events a second, since an instant that its dead letters tell."""

    def __init__(self, schedule: Schedule, per_second: float, output: Path) -> None:
        self.schedule, self._pace, self._output = schedule, Pace(per_second), output
        self._positions = {place: position for position, place in enumerate(schedule.offsets)}
        self._newest_us = list(accumulate(schedule.times_us, max))
        self._seen: set[str] = set()
        self.began_us = END_OF_TIME_US

    def look(self) -> bool:
        """Look at the dead letters, of which the quickest says best when it began; whether there have been any."""
        for path in _new(self._output / "dead_letters", self._seen):
            for line in path.read_bytes().splitlines():
                dead = json.loads(line)
                offset_us = self.schedule.due_us(self._positions[int(dead["message_id"])], 0, self._pace)
                self.began_us = min(self.began_us, parse_instant(dead["happened_at"]) - offset_us)
        return self.began_us != END_OF_TIME_US

    @property
    def over_us(self) -> int:
        """When the last event is due."""
        return self.schedule.due_us(self.schedule.size - 1, self.began_us, self._pace)

    def put_out(self, clock_us: int) -> int:
        """How many have come."""
        assert self._pace.per_second is not None
        passed = (clock_us - self.began_us) * self._pace.per_second / SECOND_US
        return max(1, min(self.schedule.size, int(passed) + 1))

    def newest_us(self, clock_us: int) -> int:
        """The latest time of an event that has come."""
        return self._newest_us[self.put_out(clock_us) - 1]

    def allowed_us(self, time_us: int) -> int:
        """When the watermark allowed what falls on an instant to be decided: when the last before it had come."""
        position = bisect_left(self.schedule.to_come_us, bucket_us(time_us, USUAL))
        return self.schedule.due_us(max(0, position - 1), self.began_us, self._pace)

    def advances(self, rows: Sequence[Rows]) -> list[Advance]:
        """What was told while events came, as far as it was news."""
        found: list[Advance] = []
        for one in sorted(rows):
            if one.written_us <= self.over_us and (not found or one.newest_us > found[-1].newest_us):
                behind_us = one.written_us - self.allowed_us(one.newest_us)
                found.append(Advance(one.written_us, one.newest_us, behind_us))
        return found


def decided(output: Path, seen: set[str]) -> Iterator[Rows]:
    """Files of decisions that are not in `seen` yet, which gets their names."""
    for path in _new(output / "decisions", seen):
        times = [json.loads(line)["time"] for line in path.read_bytes().splitlines()]
        yield Rows(_written_us(path), len(times), max(map(parse_instant, times)))


def _new(folder: Path, seen: set[str]) -> Iterator[Path]:
    for path in folder.glob("*.jsonl"):
        if path.name not in seen:
            seen.add(path.name)
            yield path


def _written_us(path: Path) -> int:
    return path.stat().st_mtime_ns // 1_000
