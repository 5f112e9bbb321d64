"""Step: snapshots of a backfill to seeds, from which the contacts and items of a new job start.

Always in the graph, with no file to read if none is asked for: a job can only be updated by one of the same steps. The
seeds flow into the contacts beside their events, and nothing is evaluated before the last of them is there, for until
then the watermark stands still. What is known of feeds goes to the step that joins items, and so does who waits for it.
A row that is no snapshot is a dead letter, and what it is of starts with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PBegin, PCollection, TaggedOutput

from kittiwake.output.snapshot_rows import SnapshotError
from kittiwake.stream.items.routing import SHARDS
from kittiwake.stream.records import encode
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.stream.seeding import Seeded, refused_snapshot, routed_seeds, seed_of
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.metrics import count_dead_letters
from kittiwake.transforms.snapshot_parts import SnapshotPart, encoded_part, rows_of_part

_ITEMS: Final = "items"
_DEAD: Final = "dead"


class Seeds(NamedTuple):
    """What a new job starts from."""

    contacts: PCollection[tuple[bytes, bytes]]
    """Keys of contacts, and `records.InitialState` as bytes."""
    items: PCollection[tuple[bytes, bytes]]
    """Keys of items and feeds, and records of `items.records` as bytes."""
    dead: PCollection[bytes]
    """`records.DeadLetterRecord` of rows that are no snapshots, as bytes."""


@dataclass(eq=False)
class LoadSnapshots(beam.PTransform):
    """Reads JSON lines, of large files many parts at a time."""

    files: Sequence[SnapshotPart]
    rules: RulesSource
    """Which feeds there are, and for how long contacts wait for what they say."""
    item_shards: int = SHARDS
    clock: Callable[[], int] = now_us

    def expand(self, pbegin: PBegin) -> Seeds:
        """A part that cannot be read, or is not what the launch found, fails its bundle: then nothing is evaluated."""
        types = {_ITEMS: tuple[bytes, bytes], _DEAD: bytes}
        rows = beam.FlatMap(_seeds, self.rules, self.item_shards, self.clock).with_output_types(
            tuple[bytes, bytes], **types
        )
        names = [encoded_part(source) for source in self.files]
        found = (
            pbegin
            | "Files" >> beam.Create(names, reshuffle=False).with_output_types(bytes)
            | "Reshuffle" >> beam.Reshuffle()
            | "Rows" >> rows.with_outputs(_ITEMS, _DEAD, main="contacts")
        )
        return Seeds(found["contacts"], found[_ITEMS], found[_DEAD])


def _seeds(
    part: bytes, rules: RulesSource, item_shards: int, clock: Callable[[], int]
) -> Iterator[tuple[bytes, bytes] | TaggedOutput]:
    for line in rows_of_part(part):
        try:
            found = seed_of(line)
        except SnapshotError as error:
            dead = refused_snapshot(line, str(error), clock())
            count_dead_letters(dead.stage, {dead.reason: 1})
            yield TaggedOutput(_DEAD, encode(dead))
            continue
        if isinstance(found, Seeded):
            yield found.key, encode(found.seed)
        yield from (TaggedOutput(_ITEMS, routed) for routed in routed_seeds(rules.view(clock()), found, item_shards))
