"""Step: snapshots of an earlier run to what the contacts and items of a run start from, by partition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PBegin, PCollection, TaggedOutput

from kittiwake.batch.items.rows import ItemRow, rows_of_snapshot
from kittiwake.batch.partitions import start_state
from kittiwake.batch.record_batches import Batcher
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.stream.records import subject_of
from kittiwake.stream.seeding import seed_of
from kittiwake.transforms.snapshot_parts import SnapshotPart, encoded_part, rows_of_part

_ITEMS: Final = "items"


class Starts(NamedTuple):
    """What a run starts from."""

    states: PCollection[tuple[int, bytes]]
    """Partitions of contacts, and states of theirs (`start_state`)."""
    item_batches: PCollection[tuple[int, bytes]]
    """Partitions of items, and rows of what is known of them, as those of their events."""


@dataclass(eq=False)
class LoadStarts(beam.PTransform):
    """Reads the parts that a launch has found; a row that is no snapshot fails the run."""

    parts: Sequence[SnapshotPart]
    partitions: int

    def expand(self, pbegin: PBegin) -> Starts:
        """A contact that started with nothing would hear again what it has heard: a batch can wait until it is mended.

        The launch has found every bad row that it could.
        """
        types = {_ITEMS: tuple[int, bytes]}
        rows = beam.FlatMap(_starts, self.partitions).with_output_types(tuple[int, bytes], **types)
        found = (
            pbegin
            | "Parts" >> beam.Create(list(map(encoded_part, self.parts))).with_output_types(bytes)
            | "Reshuffle" >> beam.Reshuffle()
            | "Rows" >> rows.with_outputs(_ITEMS, main="states")
        )
        return Starts(found["states"], found[_ITEMS])


def _starts(part: bytes, partitions: int) -> Iterator[tuple[int, bytes] | TaggedOutput]:
    of_items = Batcher[ItemRow](partitions)
    for row in rows_of_part(part):
        found = seed_of(row)
        if isinstance(found, ItemSnapshot):
            of_items.put(rows_of_snapshot(found))
        else:
            yield start_state(subject_of(found.key), found.seed.state, partitions)
    yield from (TaggedOutput(_ITEMS, batch) for batch in of_items.batches())
