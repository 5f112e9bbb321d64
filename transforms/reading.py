"""Step: files to records, with the place each stood at. The lines are cut by `kittiwake.replay.reading`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PBegin, PCollection

from kittiwake.replay.counts import Counts
from kittiwake.replay.reading import InputError, records_of, shown
from transforms.counting import COUNTS, CountingDoFn
from transforms.progress import SEEN


class SourcedRecord(NamedTuple):
    """A record and where it stood."""

    source: str
    """File and line."""
    raw: bytes
    """Its bytes, or the beginning of them."""
    size: int
    """How many bytes it has."""


class Read(NamedTuple):
    """What comes of reading."""

    records: PCollection[SourcedRecord]
    counts: PCollection[Counts]
    """Files read, and those that could not be."""


@dataclass(eq=False)
class ReadRecords(beam.PTransform):
    """Reads whole files, one by one; which there are was settled before the job started."""

    files: tuple[str, ...]

    def expand(self, pbegin: PBegin) -> Read:
        """Files are dealt out to the workers."""
        step = beam.ParDo(_ReadFile()).with_output_types(SourcedRecord, **{COUNTS: Counts})
        read = (
            pbegin
            | "Files" >> beam.Create(self.files).with_output_types(str)
            | "DealOut" >> beam.Reshuffle()
            | "Lines" >> step.with_outputs(COUNTS, main="records")
        )
        return Read(read["records"], read[COUNTS])


class _ReadFile(CountingDoFn):
    """A file that cannot be read to its end is counted, not raised: the job then decides nothing."""

    def process(self, name: str) -> Iterator[SourcedRecord]:
        label = shown(name)
        try:
            with FileSystems.open(name, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
                for record in records_of(stream, name, SEEN.read):
                    yield SourcedRecord(f"{label}:{record.number}", record.raw, record.size)
        except InputError as error:
            self.counts.unreadable[label] = str(error)
        except OSError as error:
            self.counts.unreadable[label] = f"cannot read {label}: {error.strerror or error}"
        else:
            self.counts.files += 1
