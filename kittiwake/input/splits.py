"""Parts of files: how several workers share a large one. What starts in a part is its own.

Pure, but for the reading of streams that its callers have opened. A part is half-open: a line
that starts exactly at its end belongs to the next. So the lines of all parts, one after the other,
are the lines of the file, wherever it was cut; likewise the row groups of a Parquet file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from kittiwake.input.decompression import Source
from kittiwake.input.file_types import kind_by_name

BLOCK_BYTES: Final = 256 * 1024
"""Bytes read at once: few calls, little memory."""

TAIL_BYTES: Final = 64 * 1024
"""Bytes read at once beyond the end of a part, for the rest of a line that started in it; most lines are shorter."""

PART_BYTES: Final = 64 * 1024 * 1024
"""Bytes of a part: about a second of work, so that workers end together, beside which opening a file costs nothing."""

PARTS_MAX: Final = 10_000
"""Parts of one run, about: how many lines each has travels with its counts. Beyond 640 GB parts grow instead."""


class Part(NamedTuple):
    """A stretch of a file."""

    start: int = 0
    """Its first byte."""
    end: int | None = None
    """The byte after its last; None: the file's end, wherever it is by then."""


WHOLE: Final = Part()


def part_bytes_for(bytes_total: int) -> int:
    """Into parts of what size the files of a run over so many bytes are cut.

    >>> part_bytes_for(10**9) == PART_BYTES, part_bytes_for(10**13)
    (True, 1000000000)
    """
    return max(PART_BYTES, bytes_total // PARTS_MAX)


def parts_of(name: str, size: int, part_bytes: int) -> list[Part]:
    """The parts of a file of `size` bytes: one if its name says that it is compressed and so is read from its start.

    A compressed file that goes by another name may be cut too: then its first part is all of it.
    """
    kind = kind_by_name(name)
    if kind is not None and kind.is_packed:
        return [WHOLE]
    starts = list(range(0, size, part_bytes)) or [0]
    ends = [*starts[1:], None]
    return list(map(Part, starts, ends))


def owned_blocks(source: Source, part: Part) -> Iterator[bytes]:
    """The bytes of the lines that start in a part, in blocks.

    `source` reads on from the byte before the part, or from the file's start: only if that byte ends a line
    does a line start at the part's first.
    """
    at, is_before = max(part.start - 1, 0), part.start > 0
    while block := source.read(_bytes_wanted(at, part)):
        begin = 0
        if is_before:
            begin = block.find(b"\n") + 1
            is_before = begin == 0
            if part.end is not None and at + (begin or len(block) + 1) >= part.end:
                return
        if not is_before:
            stop = _stop(block, at, part)
            yield block[begin:stop] if begin or stop else block
            if stop:
                return
        at += len(block)


def _bytes_wanted(at: int, part: Part) -> int:
    return BLOCK_BYTES if part.end is None else min(BLOCK_BYTES, max(part.end - at, TAIL_BYTES))


def _stop(block: bytes, at: int, part: Part) -> int | None:
    """Where in a block, read at `at`, the last line of a part has ended; None if it has not."""
    if part.end is None or at + len(block) < part.end:
        return None
    return block.find(b"\n", max(part.end - 1 - at, 0)) + 1 or None
