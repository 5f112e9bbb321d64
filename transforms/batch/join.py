"""Step: from a partition's events of items, and the interest in them, to record batches of item changes of contacts.

Nothing is kept in memory for all items, and nothing is a side input but the counts: what meets is sorted by item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import AsSingleton, PCollection, TaggedOutput

from kittiwake.batch.counts import Counts
from kittiwake.batch.items.join import bytes_of_changes, joined
from kittiwake.batch.partitions import HELD_BYTES, items_of
from kittiwake.batch.record_batches import BATCH_BYTES, RecordBatcher
from kittiwake.batch.settings import RunSettings, end_of_run, stop_of
from kittiwake.rules.compile.accounts import Programs
from kittiwake.transforms.batch.counts import COUNTS, CountingDoFn
from kittiwake.transforms.batch.parse import Parsed

_SNAPSHOTS: Final = "snapshots"


class JoinedItems(NamedTuple):
    """The output."""

    record_batches: PCollection[tuple[int, bytes]]
    """Partitions of contacts, and item changes of theirs, as those of their events."""
    snapshots: PCollection[bytes] | None
    """What is known of items, and the interest in them, if the run was asked for it."""
    counts: PCollection[Counts]


@dataclass(eq=False)
class JoinItems(beam.PTransform):
    """Gives every contact the changes of the items it showed interest in, once all of the input has been counted."""

    programs: Programs
    settings: RunSettings
    intake: PCollection[Counts]
    """The counts of the input, one element."""
    partitions: int
    """Of contacts."""
    held_bytes: int = HELD_BYTES
    """Bytes of rows that are held in memory; a larger partition is sorted on disk."""

    def expand(self, item_batches: PCollection[tuple[int, bytes]]) -> JoinedItems:
        """Every item's events and the interest in it meet on one worker, in no order."""
        types = {_SNAPSHOTS: bytes, COUNTS: Counts}
        tags = [COUNTS, *([_SNAPSHOTS] if self.settings.snapshots else [])]
        join = _Join(self.programs, self.settings, self.partitions, self.held_bytes)
        step = beam.ParDo(join, AsSingleton(self.intake)).with_output_types(tuple[int, bytes], **types)
        by_item = item_batches | "GroupByItem" >> beam.GroupByKey()
        found = by_item | "Join" >> step.with_outputs(*tags, main="record_batches")
        snapshots = found[_SNAPSHOTS] if self.settings.snapshots else None
        return JoinedItems(found["record_batches"], snapshots, found[COUNTS])


class WithItemChanges(NamedTuple):
    """Contacts with their item changes."""

    record_batches: PCollection[tuple[int, bytes]]
    snapshots: PCollection[bytes] | None
    """As of `JoinedItems`; None as well if no rule needs events of items."""
    counts: tuple[PCollection[Counts], ...]


def with_item_changes(
    parsed: Parsed,
    programs: Programs,
    settings: RunSettings,
    intake: PCollection[Counts],
    partitions: int,
    start: PCollection[tuple[int, bytes]] | None = None,
) -> WithItemChanges:
    """What was parsed, and the item changes of contacts; if no rule needs any, the graph has no step more.

    `start` is what an earlier run knew of items, as further batches.
    """
    item_batches = parsed.item_batches
    if item_batches is None:
        return WithItemChanges(parsed.record_batches, None, ())
    if start is not None:
        item_batches = (item_batches, start) | "WithItemStarts" >> beam.Flatten()
    joined = item_batches | "JoinItems" >> JoinItems(programs, settings, intake, partitions)
    both = (parsed.record_batches, joined.record_batches) | "AddItemChanges" >> beam.Flatten()
    return WithItemChanges(both, joined.snapshots, (joined.counts,))


class _Join(CountingDoFn):
    def __init__(self, programs: Programs, settings: RunSettings, partitions: int, held_bytes: int) -> None:
        super().__init__()
        self._programs, self._settings = programs, settings
        self._partitions, self._held_bytes = partitions, held_bytes

    def process(
        self, element: tuple[int, Iterable[bytes]], intake: Counts
    ) -> Iterator[tuple[int, bytes] | TaggedOutput]:
        if stop_of(self._settings, intake) is not None:
            return
        until_us = end_of_run(self._settings, intake, self._programs.used.frozen_at_us)
        lines: list[bytes] = []
        keep = lines.append if self._settings.snapshots else None
        batcher, size = RecordBatcher(self._partitions), 0
        rows = items_of(element[1], self._held_bytes)
        for table in joined(self._programs, rows, until_us, self.counts, keep):
            batcher.add(table)
            size += bytes_of_changes(table)
            if size >= BATCH_BYTES:
                yield from batcher.batches()
                size = 0
            yield from (TaggedOutput(_SNAPSHOTS, line) for line in lines)
            lines.clear()
        yield from batcher.batches()
