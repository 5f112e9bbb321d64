"""Stretches of a week by the local clock, joined where they overlap or touch.

Pure. Called by the loader, and by the kernel's quiet hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kittiwake.time.instants import WEEK_US


def edges_of_week(spans: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Where the stretches begin and end, in turn, rising, in microseconds since the beginning of Monday.

    Each begins within the week and may end in the next one. What passes the end of the week ends with it, at
    `WEEK_US`, and begins again at 0.
    """
    merged: list[list[int]] = []
    for begins_us, ends_us in sorted(_cut(spans)):
        if merged and begins_us <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], ends_us)
        else:
            merged.append([begins_us, ends_us])
    return tuple(edge for span in merged for edge in span)


def _cut(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The stretches, those that pass the end of the week in two."""
    for begins_us, ends_us in spans:
        yield begins_us, min(ends_us, WEEK_US)
        if ends_us > WEEK_US:
            yield 0, ends_us - WEEK_US
