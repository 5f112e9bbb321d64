"""Step: from blocks of lines to record batches by partition of contacts; a record that is no event is a dead letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.window import GlobalWindows

from kittiwake.batch.counts import Counts
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.intake import Intake
from kittiwake.batch.record_batches import BATCH_BYTES, RecordBatcher
from kittiwake.batch.settings import RunSettings
from kittiwake.input.lines import Block
from kittiwake.output.rows import dead_letter_line
from kittiwake.rules.compile.accounts import Programs
from transforms.batch.counts import COUNTS, CountingDoFn
from transforms.batch.read import SourcedBlock

_DEAD_LETTERS: Final = "dead_letters"


class Parsed(NamedTuple):
    """The output."""

    record_batches: PCollection[tuple[int, bytes]]
    """Partitions of contacts, and rows of theirs. Events of catalogue items are only counted."""
    dead_letters: PCollection[bytes]
    """Lines of JSON."""
    counts: PCollection[Counts]


@dataclass(eq=False)
class ParseRecords(beam.PTransform):
    """Parses the records of a run, and partitions the contacts of the events that rules need."""

    settings: RunSettings
    programs: Programs
    buckets: int

    def expand(self, blocks: PCollection[SourcedBlock]) -> Parsed:
        """No record is lost: each is an event or a dead letter."""
        types = {_DEAD_LETTERS: bytes, COUNTS: Counts}
        parse = _Parse(self.settings, self.programs, self.buckets)
        step = beam.ParDo(parse).with_output_types(tuple[int, bytes], **types)
        parsed = blocks | "Parse" >> step.with_outputs(_DEAD_LETTERS, COUNTS, main="record_batches")
        return Parsed(parsed["record_batches"], parsed[_DEAD_LETTERS], parsed[COUNTS])


class _Parse(CountingDoFn):
    """Batches the rows of a bundle, at the latest after `PACK_BYTES` of input."""

    def __init__(self, settings: RunSettings, programs: Programs, buckets: int) -> None:
        super().__init__()
        self._settings, self._programs, self._buckets = settings, programs, buckets

    def start_bundle(self) -> None:
        super().start_bundle()
        self._intake = Intake(self._settings, self._programs.wanted, self.counts, self._programs.refused)
        self._batcher = RecordBatcher(self._buckets)

    def process(self, block: SourcedBlock) -> Iterator[tuple[int, bytes] | TaggedOutput]:
        with gc_paused():
            shape = self._settings.shapes[block.shape] if self._settings.shapes else None
            table, dead_letters = self._intake.take(block.file, Block(*block[1:-1]), shape)
            self._batcher.add(table)
        for dead in dead_letters:
            yield TaggedOutput(_DEAD_LETTERS, dead_letter_line(dead))
        if self._intake.bytes_taken >= BATCH_BYTES:
            yield from self._batcher.batches()
            self._intake.bytes_taken = 0

    def finish_bundle(self) -> Iterator[object]:
        for batch in self._batcher.batches():
            yield GlobalWindows.windowed_value(batch)
        yield from super().finish_bundle()
