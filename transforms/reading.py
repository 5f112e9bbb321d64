"""Step: files to blocks of lines, with the place each stood at. The lines are cut by `kittiwake.replay.reading`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PBegin, PCollection

from kittiwake.replay.counts import Counts
from kittiwake.replay.reading import InputError, blocks_of, shown
from transforms.counting import COUNTS, CountingDoFn
from transforms.progress import SEEN


class SourcedBlock(NamedTuple):
    """Some whole lines of a file, as `kittiwake.replay.reading.Block`."""

    file: str
    """Its name, for people."""
    number: int
    text: bytes
    size: int


class Read(NamedTuple):
    """What comes of reading."""

    blocks: PCollection[SourcedBlock]
    counts: PCollection[Counts]
    """Files read, and those that could not be."""


@dataclass(eq=False)
class ReadRecords(beam.PTransform):
    """Reads whole files, one by one; which there are was settled before the job started."""

    files: tuple[str, ...]

    def expand(self, pbegin: PBegin) -> Read:
        """Files are dealt out to the workers."""
        step = beam.ParDo(_ReadFile()).with_output_types(SourcedBlock, **{COUNTS: Counts})
        read = (
            pbegin
            | "Files" >> beam.Create(self.files).with_output_types(str)
            | "DealOut" >> beam.Reshuffle()
            | "Lines" >> step.with_outputs(COUNTS, main="blocks")
        )
        return Read(read["blocks"], read[COUNTS])


class _ReadFile(CountingDoFn):
    """A file that cannot be read to its end is counted, not raised: the job then decides nothing."""

    def process(self, name: str) -> Iterator[SourcedBlock]:
        label = shown(name)
        try:
            with FileSystems.open(name, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
                for block in blocks_of(stream, name, SEEN.read):
                    yield SourcedBlock(label, *block)
        except InputError as error:
            self.counts.unreadable[label] = str(error)
        except OSError as error:
            self.counts.unreadable[label] = f"cannot read {label}: {error.strerror or error}"
        else:
            self.counts.files += 1
