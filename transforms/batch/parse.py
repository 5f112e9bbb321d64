"""Step: blocks of lines to packs of rows, keyed by bucket of contacts; what is no event becomes a dead letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.window import GlobalWindows

from kittiwake.batch.counts import Counts
from kittiwake.batch.gc_pause import uncollected
from kittiwake.batch.intake import Intake
from kittiwake.batch.record_batches import PACK_BYTES, Packer
from kittiwake.batch.settings import RunSettings
from kittiwake.input.lines import Block
from kittiwake.output.rows import dead_letter_line
from kittiwake.rules.compile.accounts import Programs
from transforms.batch.counts import COUNTS, CountingDoFn
from transforms.batch.read import SourcedBlock

_DEAD_LETTERS: Final = "dead_letters"


class Parsed(NamedTuple):
    """What comes of parsing."""

    packs: PCollection[tuple[int, bytes]]
    """Buckets of contacts and rows of theirs; events of items are counted only."""
    dead_letters: PCollection[bytes]
    """Lines of output."""
    counts: PCollection[Counts]


@dataclass(eq=False)
class ParseRecords(beam.PTransform):
    """Parses the records of a run, and deals the contacts of needed events out to `buckets`."""

    settings: RunSettings
    programs: Programs
    buckets: int

    def expand(self, blocks: PCollection[SourcedBlock]) -> Parsed:
        """No record is lost: each is an event, or a dead letter."""
        types = {_DEAD_LETTERS: bytes, COUNTS: Counts}
        parse = _Parse(self.settings, self.programs, self.buckets)
        step = beam.ParDo(parse).with_output_types(tuple[int, bytes], **types)
        parsed = blocks | "Parse" >> step.with_outputs(_DEAD_LETTERS, COUNTS, main="packs")
        return Parsed(parsed["packs"], parsed[_DEAD_LETTERS], parsed[COUNTS])


class _Parse(CountingDoFn):
    """Packs what a bundle holds, at the latest after `PACK_BYTES` taken in."""

    def __init__(self, settings: RunSettings, programs: Programs, buckets: int) -> None:
        super().__init__()
        self._settings, self._programs, self._buckets = settings, programs, buckets

    def start_bundle(self) -> None:
        super().start_bundle()
        self._intake = Intake(self._settings, self._programs.wanted, self.counts, self._programs.refused)
        self._packer = Packer(self._buckets)

    def process(self, block: SourcedBlock) -> Iterator[tuple[int, bytes] | TaggedOutput]:
        with uncollected():
            table, dead_letters = self._intake.take(block.file, Block(*block[1:]))
            self._packer.add(table)
        for dead in dead_letters:
            yield TaggedOutput(_DEAD_LETTERS, dead_letter_line(dead))
        if self._intake.bytes_taken >= PACK_BYTES:
            yield from self._packer.packs()
            self._intake.bytes_taken = 0

    def finish_bundle(self) -> Iterator[object]:
        for pack in self._packer.packs():
            yield GlobalWindows.windowed_value(pack)
        yield from super().finish_bundle()
