"""Splits of files: how several workers share a large one. What starts in a split is its own.

Pure, but for the reading of streams that its callers have opened. A split is half-open: a line that starts exactly at
its end belongs to the next. So the lines of all splits, one after the other, are the lines of the file, wherever it was
cut; likewise the row groups of a Parquet file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from kittiwake.input.decompression import Source

BLOCK_BYTES: Final = 256 * 1024
"""Bytes read at once: few calls, little memory."""

TAIL_BYTES: Final = 64 * 1024
"""Bytes read at once beyond the end of a split, for the rest of a line that started in it; most lines are shorter."""

SPLIT_BYTES: Final = 64 * 1024 * 1024
"""Bytes of a split: about a second of work, so that workers end together, beside which opening a file costs nothing."""

SPLITS_MAX: Final = 10_000
"""Splits of one run, about: how many lines each has travels with its counts. Beyond 640 GB splits grow instead."""


class Split(NamedTuple):
    """A stretch of a file."""

    start: int = 0
    """Its first byte."""
    end: int | None = None
    """The byte after its last; None: the file's end, wherever it is by then."""


WHOLE: Final = Split()


def split_bytes_for(bytes_total: int) -> int:
    """Into splits of what size the files of a run over so many bytes are cut.

    >>> split_bytes_for(10**9) == SPLIT_BYTES, split_bytes_for(10**13)
    (True, 1000000000)
    """
    return max(SPLIT_BYTES, bytes_total // SPLITS_MAX)


def splits_of_size(size: int, split_bytes: int) -> list[Split]:
    """The splits of so many bytes; the last one ends where the file does by then."""
    starts = list(range(0, size, split_bytes)) or [0]
    ends = [*starts[1:], None]
    return list(map(Split, starts, ends))


def owned_blocks(source: Source, split: Split) -> Iterator[bytes]:
    """The bytes of the lines that start in a split, in blocks.

    `source` reads on from the byte before the split, or from the file's start: only if that byte ends a line
    does a line start at the split's first.
    """
    at, is_before = max(split.start - 1, 0), split.start > 0
    while block := source.read(_bytes_wanted(at, split)):
        begin = 0
        if is_before:
            begin = block.find(b"\n") + 1
            is_before = begin == 0
            if split.end is not None and at + (begin or len(block) + 1) >= split.end:
                return
        if not is_before:
            stop = _stop(block, at, split)
            yield block[begin:stop] if begin or stop else block
            if stop:
                return
        at += len(block)


def _bytes_wanted(at: int, split: Split) -> int:
    return BLOCK_BYTES if split.end is None else min(BLOCK_BYTES, max(split.end - at, TAIL_BYTES))


def _stop(block: bytes, at: int, split: Split) -> int | None:
    """Where in a block, read at `at`, the last line of a split has ended; None if it has not."""
    if split.end is None or at + len(block) < split.end:
        return None
    return block.find(b"\n", max(split.end - 1 - at, 0)) + 1 or None
