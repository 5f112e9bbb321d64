"""Step: snapshots of a backfill to seeds, from which the contacts and items of a new job start.

Always in the graph, with no file to read if none is asked for: a job can only be updated by one of the same steps. The
seeds flow into the contacts beside their events, and nothing is evaluated before the last of them is there, for until
then the watermark stands still. A row that is no snapshot is a dead letter of its contact, which starts with nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PBegin, PCollection, TaggedOutput

from kittiwake.output.snapshot_set import RowSum, SnapshotFile
from kittiwake.stream.items.routing import SHARDS, seeds_of
from kittiwake.stream.logs import MESSAGES_REFUSED
from kittiwake.stream.metrics import DEAD_LETTERS
from kittiwake.stream.records import encode
from kittiwake.stream.seeding import Seeded, SnapshotError, refused_snapshot, seed_of
from transforms.clock import now_us
from transforms.input_files import lines_of
from transforms.logs import log
from transforms.metrics import count

_ITEMS: Final = "items"
_DEAD: Final = "dead"


class SnapshotSource(NamedTuple):
    """Rows of snapshots that are read as one: a part of a file, of a size that a worker commits at once."""

    path: str
    expected: SnapshotFile
    """What the launch has found in it."""
    start: int = 0
    """The byte at which it begins."""
    end: int | None = None
    """The byte after it; None: the whole file, which is compressed."""


class Seeds(NamedTuple):
    """What a new job starts from."""

    contacts: PCollection[tuple[bytes, bytes]]
    """Keys of contacts, and `records.InitialState` as bytes."""
    items: PCollection[tuple[bytes, bytes]]
    """Keys of items, and `items.records.ItemSeed` as bytes."""
    dead: PCollection[bytes]
    """`records.DeadLetterRecord` of rows that are no snapshots, as bytes."""


@dataclass(eq=False)
class LoadSnapshots(beam.PTransform):
    """Reads JSON lines, of large files many parts at a time."""

    files: Sequence[SnapshotSource]
    item_shards: int = SHARDS
    clock: Callable[[], int] = now_us

    def expand(self, pbegin: PBegin) -> Seeds:
        """A part that cannot be read, or is not what the launch found, fails its bundle: then nothing is evaluated."""
        types = {_ITEMS: tuple[bytes, bytes], _DEAD: bytes}
        rows = beam.FlatMap(_seeds, self.item_shards, self.clock).with_output_types(tuple[bytes, bytes], **types)
        names = [encoded_part(source) for source in self.files]
        found = (
            pbegin
            | "Files" >> beam.Create(names, reshuffle=False).with_output_types(bytes)
            | "Reshuffle" >> beam.Reshuffle()
            | "Rows" >> rows.with_outputs(_ITEMS, _DEAD, main="contacts")
        )
        return Seeds(found["contacts"], found[_ITEMS], found[_DEAD])


def _seeds(part: bytes, item_shards: int, clock: Callable[[], int]) -> Iterator[tuple[bytes, bytes] | TaggedOutput]:
    for line in rows_of_part(part):
        try:
            found = seed_of(line)
        except SnapshotError as error:
            dead = refused_snapshot(line, str(error), clock())
            count(DEAD_LETTERS)
            log(MESSAGES_REFUSED, stage=dead.stage, reason=dead.reason, number=1)
            yield TaggedOutput(_DEAD, encode(dead))
            continue
        if isinstance(found, Seeded):
            yield found.key, encode(found.seed)
        else:
            yield from (TaggedOutput(_ITEMS, routed) for routed in seeds_of(found, item_shards))


def encoded_part(source: SnapshotSource) -> bytes:
    """A part as an element of a graph."""
    return _encode(source)


def rows_of_part(part: bytes) -> Iterator[bytes]:
    """The rows of a part that `encoded_part` made, without the ends of their lines.

    Raises:
        InputError, OSError: it cannot be read.
        SnapshotSetError: it is not what the launch has found, which is known behind its last row.
    """
    source, rows = _decode(part), RowSum()
    for line in rows_of(source):
        rows.add(line)
        yield line
    rows.refuse_other(source.expected)


def rows_of(source: SnapshotSource) -> Iterator[bytes]:
    """The rows of a part, without the ends of their lines; blank lines are none.

    Raises:
        InputError, OSError: it cannot be read.
    """
    if source.end is None:
        yield from (line for _, line in lines_of(source.path))
        return
    with FileSystems.open(source.path, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        stream.seek(source.start)
        lines = io.BytesIO(stream.read(source.end - source.start))
    yield from (row for row in map(without_end, lines) if row)


def without_end(line: bytes) -> bytes:
    """A line without its end; empty: it is blank."""
    return line.rstrip(b"\r\n") if line.strip() else b""


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(SnapshotSource).decode
