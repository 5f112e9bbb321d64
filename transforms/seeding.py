"""Step: snapshots of a backfill to seeds, from which the contacts of a new job start.

Always in the graph, with no file to read if none is asked for: a job can only be updated by one of the same steps. The
seeds flow into the contacts beside their events, and nothing is settled before the last of them is there, for until
then the watermark stands still.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PBegin, PCollection

from kittiwake.replay.reading import blocks_of, shown
from kittiwake.stream.messages import encode
from kittiwake.stream.seeding import SnapshotError, seed_of


@dataclass(eq=False)
class SeedContacts(beam.PTransform):
    """Reads files of JSON lines."""

    files: Sequence[str]

    def expand(self, pbegin: PBegin) -> PCollection[tuple[bytes, bytes]]:
        """Keys of contacts, and `messages.Seed` as bytes. A file that cannot be read, or a row that is no snapshot,
        fails its bundle: then nothing is settled at all.
        """
        names = [name.encode() for name in self.files]
        return (
            pbegin
            | "Files" >> beam.Create(names, reshuffle=False).with_output_types(bytes)
            | "DealOut" >> beam.Reshuffle()
            | "Rows" >> beam.FlatMap(_seeds).with_output_types(tuple[bytes, bytes])
        )


def _seeds(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    for number, line in lines_of(file.decode()):
        try:
            found = seed_of(line)
        except SnapshotError as error:
            raise SnapshotError(f"{shown(file.decode())}, line {number}: {error}") from None
        yield found.key, encode(found.seed)


def lines_of(name: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, each with its number.

    Raises:
        InputError: it cannot be read to its end.
    """
    with FileSystems.open(name, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        for block in blocks_of(stream, name):
            for offset, line in enumerate(block.lines):
                if line.strip():
                    yield block.number + offset, line
