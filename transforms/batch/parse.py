"""Step: from blocks of lines to record batches by partition of contacts; a record that is no event is a dead letter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.window import GlobalWindows

from kittiwake.batch.counts import Counts
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.intake import Intake
from kittiwake.batch.items.rows import InterestRows, ItemRow, rows_of_items
from kittiwake.batch.native.batches import NativeBatcher, native_batcher
from kittiwake.batch.record_batches import BATCH_BYTES, Batcher, RecordBatcher
from kittiwake.batch.settings import RunSettings
from kittiwake.output.rows import dead_letter_line
from kittiwake.rules.compile.accounts import Programs
from kittiwake.transforms.batch.counts import COUNTS, CountingDoFn
from kittiwake.transforms.batch.read import SourcedBlock

_DEAD_LETTERS: Final = "dead_letters"
_ITEM_BATCHES: Final = "item_batches"


class Parsed(NamedTuple):
    """The output."""

    record_batches: PCollection[tuple[int, bytes]]
    """Partitions of contacts, and rows of theirs."""
    dead_letters: PCollection[bytes]
    """Lines of JSON."""
    counts: PCollection[Counts]
    item_batches: PCollection[tuple[int, bytes]] | None = None
    """Partitions of items, and their events and the interest in them; None: no rule needs them."""


@dataclass(eq=False)
class ParseRecords(beam.PTransform):
    """Parses the records of a run, and partitions the contacts of the events that rules need."""

    settings: RunSettings
    programs: Programs
    buckets: int

    def expand(self, blocks: PCollection[SourcedBlock]) -> Parsed:
        """No record is lost: each is an event or a dead letter."""
        types = {_DEAD_LETTERS: bytes, COUNTS: Counts}
        tags = [_DEAD_LETTERS, COUNTS]
        if self.programs.has_catalog:
            types[_ITEM_BATCHES] = tuple[int, bytes]
            tags.append(_ITEM_BATCHES)
        parse = ParseDoFn(self.settings, self.programs, self.buckets)
        step = beam.ParDo(parse).with_output_types(tuple[int, bytes], **types)
        parsed = blocks | "Parse" >> step.with_outputs(*tags, main="record_batches")
        items = parsed[_ITEM_BATCHES] if self.programs.has_catalog else None
        return Parsed(parsed["record_batches"], parsed[_DEAD_LETTERS], parsed[COUNTS], items)


class ParseDoFn(CountingDoFn):
    """Batches the rows of a bundle, at the latest after `BATCH_BYTES` of input."""

    def __init__(self, settings: RunSettings, programs: Programs, buckets: int) -> None:
        """As `ParseRecords`."""
        super().__init__()
        self._settings, self._programs, self._buckets = settings, programs, buckets

    def start_bundle(self) -> None:
        """Start counting, and with no rows."""
        super().start_bundle()
        programs = self._programs
        native = native_batcher(programs, self._buckets)
        keeping = None if native is None else native.keeping
        self._intake = Intake(self._settings, programs, self.counts, keeping)
        self._batcher: NativeBatcher | RecordBatcher = native or RecordBatcher(self._buckets)
        self._items = Batcher[ItemRow](self._buckets) if programs.has_catalog else None
        self._interest = InterestRows(programs)

    def process(self, block: SourcedBlock) -> Iterator[tuple[int, bytes] | TaggedOutput]:
        """Batches that are large enough, and dead letters."""
        with gc_paused():
            shape = self._settings.shapes[block.shape] if self._settings.shapes else None
            taken = self._intake.take(block.file, block.block, shape)
            self._batcher.add(taken.table)
            if self._items is not None:
                self._items.put(rows_of_items(taken.items))
                self._items.put(self._interest.of(taken.table))
        for dead in taken.dead_letters:
            yield TaggedOutput(_DEAD_LETTERS, dead_letter_line(dead))
        if self._intake.bytes_taken >= BATCH_BYTES:
            yield from self._batcher.batches()
            yield from (TaggedOutput(_ITEM_BATCHES, batch) for batch in self._item_batches())
            self._intake.bytes_taken = 0

    def finish_bundle(self) -> Iterator[object]:
        """All other batches, and the counts."""
        for batch in self._batcher.batches():
            yield GlobalWindows.windowed_value(batch)
        for batch in self._item_batches():
            yield TaggedOutput(_ITEM_BATCHES, GlobalWindows.windowed_value(batch))
        yield from super().finish_bundle()

    def _item_batches(self) -> Iterable[tuple[int, bytes]]:
        return () if self._items is None else self._items.batches()
