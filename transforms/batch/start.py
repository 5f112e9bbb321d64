"""Step: snapshots of an earlier run to what the contacts and items of a run start from, by partition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PBegin, PCollection, TaggedOutput

from kittiwake.batch.counts import Counts
from kittiwake.batch.feeds.snapshots import covered_by
from kittiwake.batch.items.rows import ItemRow, rows_of_snapshot
from kittiwake.batch.partitions import start_state
from kittiwake.batch.record_batches import Batcher
from kittiwake.kernel.plan.feeds import FeedsOfRules
from kittiwake.output.feed_snapshots import FeedSnapshot
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.stream.records import subject_of
from kittiwake.stream.seeding import seed_of
from kittiwake.transforms.snapshot_parts import SnapshotPart, encoded_part, rows_of_part

_ITEMS: Final = "items"
_FEEDS: Final = "feeds"


class Starts(NamedTuple):
    """What a run starts from."""

    states: PCollection[tuple[int, bytes]]
    """Partitions of contacts, and states of theirs (`start_state`)."""
    item_batches: PCollection[tuple[int, bytes]]
    """Partitions of items, and rows of what is known of them, as those of their events."""
    feeds: PCollection[Counts]
    """Counts of nothing but what is known of feeds."""


@dataclass(eq=False)
class LoadStarts(beam.PTransform):
    """Reads the parts that a launch has found; a row that is no snapshot fails the run."""

    parts: Sequence[SnapshotPart]
    partitions: int
    feeds: FeedsOfRules
    """Those of the rules of this run: of no other anything is known."""

    def expand(self, pbegin: PBegin) -> Starts:
        """A contact that started with nothing would hear again what it has heard: a batch can wait until it is mended.

        The launch has found every bad row that it could.
        """
        types = {_ITEMS: tuple[int, bytes], _FEEDS: Counts}
        rows = beam.FlatMap(_starts, self.partitions, self.feeds).with_output_types(tuple[int, bytes], **types)
        found = (
            pbegin
            | "Parts" >> beam.Create(list(map(encoded_part, self.parts))).with_output_types(bytes)
            | "Reshuffle" >> beam.Reshuffle()
            | "Rows" >> rows.with_outputs(_ITEMS, _FEEDS, main="states")
        )
        return Starts(found["states"], found[_ITEMS], found[_FEEDS])


def _starts(part: bytes, partitions: int, feeds: FeedsOfRules) -> Iterator[tuple[int, bytes] | TaggedOutput]:
    of_items = Batcher[ItemRow](partitions)
    for row in rows_of_part(part):
        found = seed_of(row)
        if isinstance(found, ItemSnapshot):
            of_items.put(rows_of_snapshot(found))
        elif isinstance(found, FeedSnapshot):
            yield TaggedOutput(_FEEDS, Counts(feeds=covered_by(feeds, found), feeds_before=covered_by(feeds, found)))
        else:
            yield start_state(subject_of(found.key), found.seed.state, partitions)
    yield from (TaggedOutput(_ITEMS, batch) for batch in of_items.batches())
