"""Quiet hours, compiled: the stretches of a week, by the local clock, in which nothing is sent.

Read by `kernel.evaluate.quiet_hours`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from kittiwake.time.instants import WEEK_US


class QuietHours(msgspec.Struct, frozen=True):
    """`[edges[0], edges[1])` is quiet, `[edges[1], edges[2])` is not, and so on; every week the same."""

    edges: tuple[int, ...]
    """Microseconds since the beginning of Monday, rising, an even number of them. A stretch that passes the end of the
    week ends with it, at `WEEK_US`, and begins again at 0."""

    @property
    def is_always(self) -> bool:
        """Whether the week has nothing else."""
        return self.edges == (0, WEEK_US)

    def lengths_us(self) -> list[int]:
        """How long each stretch lasts, those that pass the end of the week in one."""
        return _lengths_us(self.edges)

    def between_us(self) -> list[int]:
        """How long it is not quiet, each time."""
        return _lengths_us((0, *self.edges, WEEK_US))


def quiet_hours(spans: Iterable[tuple[int, int]]) -> QuietHours:
    """Of stretches that may overlap and touch; each begins within the week, and may end in the next one."""
    merged: list[list[int]] = []
    for begins_us, ends_us in sorted(_cut(spans)):
        if merged and begins_us <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], ends_us)
        else:
            merged.append([begins_us, ends_us])
    return QuietHours(tuple(edge for span in merged for edge in span))


def _cut(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The stretches, those that pass the end of the week in two."""
    for begins_us, ends_us in spans:
        yield begins_us, min(ends_us, WEEK_US)
        if ends_us > WEEK_US:
            yield 0, ends_us - WEEK_US


def _lengths_us(edges: tuple[int, ...]) -> list[int]:
    lengths = [end - begin for begin, end in zip(edges[::2], edges[1::2], strict=True)]
    if len(lengths) > 1 and edges[0] == 0 and edges[-1] == WEEK_US:
        lengths[0] += lengths.pop()
    return [length for length in lengths if length]
