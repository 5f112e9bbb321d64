"""In what rhythm events of a type come: pauses between them, and how many different ones come in an interval.

Pure. What a policy's `feeds` and `breaker` are proposed from. Of pauses the ten minutes with events are kept, a bit
each; of intervals the events with the smallest hashes, so that an event that comes twice is one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from kittiwake.event_plan.parts import VOLUME_EXACT_MAX
from kittiwake.event_types import UNMATCHED_BY_ANY
from kittiwake.profile.measure.contacts import TYPES_MAX
from kittiwake.profile.measure.hashes import Distinct
from kittiwake.profile.measure.times import Gap
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US

STEP_US: Final = 10 * MINUTE_US
"""How exactly pauses are known: no feed has a shorter rhythm."""

WEEK_STEPS: Final = 7 * DAY_US // STEP_US
_BUSY: Final = re.compile("1+")

WEEKS_MAX: Final = 1_024
"""Weeks with events of a type that are kept, the newest: twenty years, in 160 KB."""

INTERVALS_MAX: Final = 1_024
"""Intervals with events of a type that are kept: six weeks of hours, nine months of quarters of days; of days the
newest. In 1 MB at most."""

WIDTHS_US: Final = (HOUR_US, 6 * HOUR_US, DAY_US)
"""How long an interval may be: from the shortest `per` of a breaker to the longest."""

COUNTED_MAX: Final = VOLUME_EXACT_MAX
"""Events of an interval that are kept, by their hashes."""


class Pauses:
    """The times without events of a type."""

    __slots__ = ("_weeks",)

    def __init__(self) -> None:
        self._weeks: dict[int, int] = {}
        """By week: a bit for each ten minutes that have an event."""

    def add(self, times_us: Iterable[int]) -> None:
        """Take events by their times."""
        for step in {time_us // STEP_US for time_us in times_us}:
            week, at = divmod(step, WEEK_STEPS)
            self._put(week, 1 << at)

    def merge(self, other: Pauses) -> None:
        """Take those of another part too."""
        for week, steps in other._weeks.items():
            self._put(week, steps)

    def _put(self, week: int, steps: int) -> None:
        self._weeks[week] = self._weeks.get(week, 0) | steps
        if len(self._weeks) > WEEKS_MAX:
            del self._weeks[min(self._weeks)]

    def longest(self, besides: Sequence[Gap]) -> Gap | None:
        """The longest time without an event, in whole steps, the first of several; None: there is none.

        Times that overlap one of `besides` are left out: they are known to be outages.
        """
        usual = [gap for gap in self._all() if not any(_overlap(gap, one) for one in besides)]
        return max(usual, key=lambda gap: (gap.to_us - gap.from_us, -gap.from_us), default=None)

    def _all(self) -> Iterator[Gap]:
        """From the end of each step with events to the next such step."""
        end_us = None
        for week, steps in sorted(self._weeks.items()):
            for found in _BUSY.finditer(f"{steps:b}"[::-1]):
                begins_us, ends_us = ((week * WEEK_STEPS + at) * STEP_US for at in found.span())
                if end_us is not None:
                    yield Gap(end_us, begins_us)
                if ends_us - begins_us > STEP_US:
                    yield Gap(begins_us + STEP_US, begins_us + STEP_US)
                end_us = ends_us


def _overlap(one: Gap, other: Gap) -> bool:
    return one.from_us < other.to_us and other.from_us < one.to_us


class Busiest(NamedTuple):
    """The interval in which most events came, the first of several, and what it is compared with."""

    from_us: int
    width_us: int
    events: int
    intervals: int
    """How many intervals have events."""
    of: int
    """How many events those have together."""


class Volume:
    """How many different events of a type come in each interval of UTC."""

    __slots__ = ("_intervals", "_level")

    def __init__(self) -> None:
        self._level = 0
        self._intervals: dict[int, Distinct] = {}

    def add(self, times_us: Sequence[int], marks: Sequence[int]) -> None:
        """Take events: their times, and hashes of contact and id."""
        width_us = WIDTHS_US[self._level]
        found: defaultdict[int, list[int]] = defaultdict(list)
        for time_us, mark in zip(times_us, marks, strict=True):
            found[time_us // width_us].append(mark)
        for number, own in found.items():
            self._put(number * width_us, own)

    def merge(self, other: Volume) -> None:
        """Take those of another part too."""
        while self._level < other._level:
            self._widen()
        width_us = WIDTHS_US[other._level]
        for number, events in other._intervals.items():
            self._put(number * width_us, events.hashes)

    def _put(self, begins_us: int, marks: Iterable[int]) -> None:
        number = begins_us // WIDTHS_US[self._level]
        if number not in self._intervals:
            self._intervals[number] = Distinct(COUNTED_MAX)
        self._intervals[number].add(marks)
        while len(self._intervals) > INTERVALS_MAX:
            if self._level < len(WIDTHS_US) - 1:
                self._widen()
            else:
                del self._intervals[min(self._intervals)]

    def _widen(self) -> None:
        """Put intervals together to longer ones."""
        known, width_us = self._intervals, WIDTHS_US[self._level]
        self._level += 1
        self._intervals = {}
        for number, events in known.items():
            self._put(number * width_us, events.hashes)

    def busiest(self) -> Busiest | None:
        """The interval with most events; None: there is none at all."""
        width_us = WIDTHS_US[self._level]
        numbers = {number: events.number for number, events in sorted(self._intervals.items())}
        if not numbers:
            return None
        number = max(numbers, key=numbers.__getitem__)
        return Busiest(number * width_us, width_us, numbers[number], len(numbers), sum(numbers.values()))


class Rhythm(NamedTuple):
    """Of events of one type."""

    pauses: Pauses
    volume: Volume


class Rhythms:
    """The rhythm of each type of what contacts do."""

    __slots__ = ("by_type",)

    def __init__(self) -> None:
        self.by_type: dict[str, Rhythm] | None = {}
        """None: there are more types than `TYPES_MAX`."""

    def add(self, name: str, times_us: Sequence[int], marks: Sequence[int]) -> None:
        """Take events of a type; `marks` are hashes of their contacts and ids."""
        found = self._of(name)
        if found is not None:
            found.pauses.add(times_us)
            found.volume.add(times_us, marks)

    def merge(self, other: Rhythms) -> None:
        """Take those of another part too."""
        if other.by_type is None:
            self.by_type = None
        for name, rhythm in (other.by_type or {}).items():
            found = self._of(name)
            if found is not None:
                found.pauses.merge(rhythm.pauses)
                found.volume.merge(rhythm.volume)

    def _of(self, name: str) -> Rhythm | None:
        if self.by_type is None or name.startswith(UNMATCHED_BY_ANY):
            return None
        if name not in self.by_type:
            if len(self.by_type) == TYPES_MAX:
                self.by_type = None
                return None
            self.by_type[name] = Rhythm(Pauses(), Volume())
        return self.by_type[name]
