"""Step: snapshots of a backfill to seeds, from which the contacts and items of a new job start.

Always in the graph, with no file to read if none is asked for: a job can only be updated by one of the same steps. The
seeds flow into the contacts beside their events, and nothing is evaluated before the last of them is there, for until
then the watermark stands still.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PBegin, PCollection, TaggedOutput

from kittiwake.input.errors import shown
from kittiwake.output.snapshot_set import RowSum, SnapshotFile
from kittiwake.stream.items.routing import SHARDS, seeds_of
from kittiwake.stream.records import encode
from kittiwake.stream.seeding import Seeded, SnapshotError, seed_of
from transforms.input_files import lines_of

_ITEMS: Final = "items"


class SnapshotSource(NamedTuple):
    """A file of snapshots to read."""

    path: str
    expected: SnapshotFile | None
    """What its manifest says of it; None: a release that wrote no manifests wrote it."""


class Seeds(NamedTuple):
    """What a new job starts from."""

    contacts: PCollection[tuple[bytes, bytes]]
    """Keys of contacts, and `records.InitialState` as bytes."""
    items: PCollection[tuple[bytes, bytes]]
    """Keys of items, and `items.records.ItemSeed` as bytes."""


@dataclass(eq=False)
class LoadSnapshots(beam.PTransform):
    """Reads files of JSON lines."""

    files: Sequence[SnapshotSource]
    item_shards: int = SHARDS

    def expand(self, pbegin: PBegin) -> Seeds:
        """A file that cannot be read, is not what its manifest says, or has a row that is no snapshot fails its bundle:
        then nothing is evaluated at all.
        """
        names = [_encode(source) for source in self.files]
        types = {_ITEMS: tuple[bytes, bytes]}
        rows = beam.FlatMap(_seeds, self.item_shards).with_output_types(tuple[bytes, bytes], **types)
        found = (
            pbegin
            | "Files" >> beam.Create(names, reshuffle=False).with_output_types(bytes)
            | "Reshuffle" >> beam.Reshuffle()
            | "Rows" >> rows.with_outputs(_ITEMS, main="contacts")
        )
        return Seeds(found["contacts"], found[_ITEMS])


def _seeds(file: bytes, item_shards: int) -> Iterator[tuple[bytes, bytes] | TaggedOutput]:
    source, rows = _decode(file), RowSum()
    for number, line in lines_of(source.path):
        try:
            found = seed_of(line)
        except SnapshotError as error:
            raise SnapshotError(f"{shown(source.path)}, line {number}: {error}") from None
        rows.add(line)
        if isinstance(found, Seeded):
            yield found.key, encode(found.seed)
        else:
            yield from (TaggedOutput(_ITEMS, routed) for routed in seeds_of(found, item_shards))
    if source.expected is not None:
        rows.refuse_other(source.expected)


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(SnapshotSource).decode
