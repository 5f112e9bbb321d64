"""What of the files of a run each process reads at a time: a whole file, a stretch of a large one, or a query.

Reads files. A part is counted as the batch job counts its own, so that lines are numbered from the start of a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kittiwake.batch.counts import Counts, LinesOfPart
from kittiwake.batch.settings import RunSettings
from kittiwake.input.columns.blocks import AnyBlock, lines_until
from kittiwake.input.decompression import OnRead
from kittiwake.input.errors import InputError, shown
from kittiwake.input.file_types import splits_of
from kittiwake.input.files import ShapedFile
from kittiwake.input.query.inputs import blocks_of_input
from kittiwake.input.reading import any_blocks_of, refuse_shrunk
from kittiwake.input.shapes.base import InputShape
from kittiwake.input.splits import WHOLE, Split, split_bytes_for
from kittiwake.regular_files import open_file, path_of, why_not

PARTS_PER_WORKER: Final = 8
"""Of a run over few bytes: so that processes end together."""


class Part(NamedTuple):
    """A stretch of a file."""

    name: str
    """As its type is known by."""
    path: str
    """Where its bytes lie: of standard input a copy."""
    split: Split
    size: int
    """Bytes of the whole file, when the run started."""
    shape: InputShape


def parts_of(files: Sequence[ShapedFile], settings: RunSettings, workers: int) -> list[Part]:
    """The parts of all files, in their order."""
    if settings.query is not None:
        return [Part(one.name, one.name, WHOLE, 0, one.shape) for one in files]
    found = [(one, path_of(one.name)) for one in files]
    total = sum(path.stat().st_size for _, path in found)
    part_bytes = min(split_bytes_for(total), max(total // (workers * PARTS_PER_WORKER), 1))
    return [
        Part(one.name, str(path), split, size, one.shape)
        for one, path in found
        for size in (path.stat().st_size,)
        for split in splits_of(one.name, size, part_bytes)
    ]


def blocks_of_part(part: Part, settings: RunSettings, counts: Counts, on_read: OnRead) -> Iterator[AnyBlock]:
    """The lines or rows that start in a part, in blocks; files and lines are counted.

    Raises:
        InputError: it cannot be read to its end.
    """
    if settings.query is not None:
        yield from blocks_of_input(part.name, settings.query, on_read, part.shape)
        counts.files += 1
        return
    lines, label = 0, shown(part.name)
    try:
        with open_file(part.path) as stream:
            for block in any_blocks_of(stream, part.name, on_read, part.split, part.shape):
                yield block
                lines = lines_until(block)
        refuse_shrunk(part.path, part.size)
    except OSError as error:
        raise InputError(f"cannot read {label}: {why_not(part.name, error)}") from error
    counts.files += part.split.start == 0
    if part.split.end is not None:
        counts.lines[label, part.split.start] = LinesOfPart(part.split.end, lines)
