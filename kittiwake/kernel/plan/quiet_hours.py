"""Quiet hours, compiled: the stretches of a week, by the local clock, in which nothing is sent.

Read by `kernel.evaluate.quiet_hours`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kittiwake.time.instants import WEEK_US
from kittiwake.time.weeks import edges_of_week


class QuietHours(msgspec.Struct, frozen=True):
    """`[edges[0], edges[1])` is quiet, `[edges[1], edges[2])` is not, and so on; every week the same."""

    edges: tuple[int, ...]
    """As of `time.weeks.edges_of_week`."""

    def lengths_us(self) -> list[int]:
        """How long each stretch lasts, those that pass the end of the week in one."""
        return _lengths_us(self.edges)

    def between_us(self) -> list[int]:
        """How long it is not quiet, each time."""
        return _lengths_us((0, *self.edges, WEEK_US))


def quiet_hours(spans: Iterable[tuple[int, int]]) -> QuietHours:
    """Of stretches that may overlap and touch; each begins within the week, and may end in the next one."""
    return QuietHours(edges_of_week(spans))


def _lengths_us(edges: tuple[int, ...]) -> list[int]:
    lengths = [end - begin for begin, end in zip(edges[::2], edges[1::2], strict=True)]
    if len(lengths) > 1 and edges[0] == 0 and edges[-1] == WEEK_US:
        lengths[0] += lengths.pop()
    return [length for length in lengths if length]
