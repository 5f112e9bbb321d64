"""Step: from files, large ones in byte ranges, to blocks of lines or rows with their numbers.

Lines are cut by `kittiwake.input.files`. Ranges are distributed by a shuffle, so that any runner shares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PBegin, PCollection

from kittiwake.batch.counts import Counts, LinesOfPart
from kittiwake.input.columns.blocks import AnyBlock, lines_until
from kittiwake.input.errors import InputError, shown
from kittiwake.input.file_types import splits_of
from kittiwake.input.reading import any_blocks_of, refuse_shrunk
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.input.splits import SPLIT_BYTES, Split
from kittiwake.transforms.batch.counts import COUNTS, CountingDoFn
from kittiwake.transforms.batch.progress import PROGRESS
from kittiwake.transforms.input_files import InputFile


class SourcedBlock(NamedTuple):
    """Some whole lines or rows of a file."""

    file: str
    """Its name, for people."""
    block: AnyBlock
    shape: int = 0
    """Which of the run's shapes its records have, if there are several."""


class Read(NamedTuple):
    """The output."""

    blocks: PCollection[SourcedBlock]
    counts: PCollection[Counts]
    """Files read, and files that could not be read."""


@dataclass(eq=False)
class ReadRecords(beam.PTransform):
    """Reads files, large ones in byte ranges. Names and sizes are fixed before the job starts."""

    files: tuple[InputFile, ...]
    part_bytes: int = SPLIT_BYTES
    shape: InputShape = CANONICAL
    shapes: tuple[InputShape, ...] = ()
    """Those of which each file has one, if there are several."""

    def expand(self, pbegin: PBegin) -> Read:
        """Byte ranges of files are distributed over the workers."""
        step = beam.ParDo(_ReadPart(self.shapes or (self.shape,))).with_output_types(SourcedBlock, **{COUNTS: Counts})
        read = (
            pbegin
            | "Files" >> beam.Create(self.files).with_output_types(InputFile)
            | "Split" >> beam.FlatMap(_split, self.part_bytes).with_output_types(_PartOfFile)
            | "Reshuffle" >> beam.Reshuffle()
            | "Lines" >> step.with_outputs(COUNTS, main="blocks")
        )
        return Read(read["blocks"], read[COUNTS])


class _PartOfFile(NamedTuple):
    file: str
    start: int
    end: int | None
    size: int
    """Bytes of the whole file when the job was started."""
    shape: int


def _split(file: InputFile, part_bytes: int) -> Iterator[_PartOfFile]:
    for part in splits_of(file.name, file.size, part_bytes):
        yield _PartOfFile(file.name, *part, file.size, file.shape)


class _ReadPart(CountingDoFn):
    """Counts a file that cannot be read to its end, and raises nothing: the job then decides nothing."""

    def __init__(self, shapes: tuple[InputShape, ...]) -> None:
        super().__init__()
        self._shapes = shapes

    def process(self, element: _PartOfFile) -> Iterator[SourcedBlock]:
        name, part = element.file, Split(element.start, element.end)
        label, lines = shown(name), 0
        try:
            with FileSystems.open(name, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
                for block in any_blocks_of(stream, name, PROGRESS.read, part, self._shapes[element.shape]):
                    yield SourcedBlock(label, block, element.shape)
                    lines = lines_until(block)
            if Path(name).is_file():  # objects in a bucket do not change
                refuse_shrunk(name, element.size)
        except InputError as error:
            self.counts.unreadable[label] = str(error)
        except OSError as error:
            self.counts.unreadable[label] = f"cannot read {label}: {error.strerror or error}"
        else:
            self.counts.files += part.start == 0
            if part.end is not None:
                self.counts.lines[label, part.start] = LinesOfPart(part.end, lines)
