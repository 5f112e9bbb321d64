"""When events come: the first, the last, how many in each span of time, and gaps.

Pure. Spans are hours, or longer ones where there would be too many of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import nlargest
from typing import Final, NamedTuple

from kittiwake.time.instants import DAY_US, HOUR_US

SPANS_MAX: Final = 1_024
"""Spans of time with events of a type that are kept: six weeks of hours, three years of days; 24 KB."""

WIDTHS_US: Final = (HOUR_US, 6 * HOUR_US, DAY_US, 7 * DAY_US, 28 * DAY_US, 364 * DAY_US)
"""How long a span may be. Each is a multiple of the one before, so that spans can be put together."""

GAPS_MAX: Final = 3
"""Gaps that are named: the longest. Where there are more, events just come seldom."""

GAP_MIN_US: Final = DAY_US
"""No gap is shorter: nights are none."""

GAP_RATIO: Final = 3
"""How much longer a gap is than what lies between events otherwise: weekends are none where every week has one."""


class Gap(NamedTuple):
    """A time without events."""

    from_us: int
    """The last event before it."""
    to_us: int
    """The first after it."""


class Times:
    """The times of some events."""

    __slots__ = ("_first", "_last", "_level", "_number", "_span")

    def __init__(self) -> None:
        self._level = 0
        self._span, self._first, self._last, self._number = (array("q") for _ in range(4))

    def add(self, times_us: Sequence[int]) -> None:
        """Count events by their times."""
        ordered = sorted(times_us)
        at = 0
        while at < len(ordered):
            width = WIDTHS_US[self._level]
            span = ordered[at] // width
            end = bisect_left(ordered, (span + 1) * width, at)
            self._put(span, ordered[at], ordered[end - 1], end - at)
            at = end

    def merge(self, other: Times) -> None:
        """Count the events of another too."""
        while self._level < other._level:
            self._widen()
        for first, last, number in zip(other._first, other._last, other._number, strict=True):
            self._put(first // WIDTHS_US[self._level], first, last, number)

    def _put(self, span: int, first: int, last: int, number: int) -> None:
        at = bisect_left(self._span, span)
        if at < len(self._span) and self._span[at] == span:
            self._first[at] = min(self._first[at], first)
            self._last[at] = max(self._last[at], last)
            self._number[at] += number
            return
        for column, value in zip(self._columns(), (span, first, last, number), strict=True):
            column.insert(at, value)
        while len(self._span) > SPANS_MAX:
            self._widen()

    def _columns(self) -> tuple[array[int], ...]:
        return self._span, self._first, self._last, self._number

    def _widen(self) -> None:
        """Put spans together to longer ones."""
        rows = list(zip(self._first, self._last, self._number, strict=True))
        self._level += 1
        self._span, self._first, self._last, self._number = (array("q") for _ in range(4))
        for first, last, number in rows:
            self._put(first // WIDTHS_US[self._level], first, last, number)

    @property
    def first_us(self) -> int | None:
        """The time of the first event; None: there is none."""
        return self._first[0] if self._first else None

    @property
    def last_us(self) -> int | None:
        """The time of the last event; None: there is none."""
        return self._last[-1] if self._last else None

    @property
    def width_us(self) -> int:
        """How long a span is."""
        return WIDTHS_US[self._level]

    def spans(self) -> list[tuple[int, int]]:
        """Of each span that has events its start and their number, in order."""
        width = WIDTHS_US[self._level]
        return [(span * width, number) for span, number in zip(self._span, self._number, strict=True)]

    def gaps(self) -> list[Gap]:
        """Times without events that are much longer than others, in order; shorter ones than a span are not seen."""
        found = nlargest(GAPS_MAX + 1, self._between(), key=lambda gap: (gap.to_us - gap.from_us, -gap.from_us))
        usual_us = found[GAPS_MAX].to_us - found[GAPS_MAX].from_us if len(found) > GAPS_MAX else 0
        spans = len(self._span)
        least_us = max(GAP_MIN_US, GAP_RATIO * usual_us, self._mean_us() * GAP_RATIO)
        return sorted(gap for gap in found[:GAPS_MAX] if spans > GAPS_MAX and gap.to_us - gap.from_us >= least_us)

    def _between(self) -> Iterator[Gap]:
        """What lies between spans with events."""
        for at in range(1, len(self._span)):
            yield Gap(self._last[at - 1], self._first[at])

    def _mean_us(self) -> int:
        """The time from one span with events to the next, all gaps but the longest left out."""
        if len(self._span) < 2:
            return 0
        longest = max(gap.to_us - gap.from_us for gap in self._between())
        return (self._last[-1] - self._first[0] - longest) // (len(self._span) - 1)
