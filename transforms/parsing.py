"""Step: blocks of lines to packs of rows, keyed by bucket of contacts; what is no event becomes a dead letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.window import GlobalWindows

from kittiwake.replay.counts import Counts
from kittiwake.replay.intake import Intake
from kittiwake.replay.packs import PACK_BYTES, packed
from kittiwake.replay.reading import Block
from kittiwake.replay.rows import dead_letter_line
from transforms.counting import COUNTS, CountingDoFn
from transforms.reading import SourcedBlock

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
    """Parses records, by a run that started at `start_us`, and deals their contacts out to `buckets`."""

    start_us: int
    buckets: int

    def expand(self, blocks: PCollection[SourcedBlock]) -> Parsed:
        """No record is lost: each is an event, or a dead letter."""
        types = {_DEAD_LETTERS: bytes, COUNTS: Counts}
        step = beam.ParDo(_Parse(self.start_us, self.buckets)).with_output_types(tuple[int, bytes], **types)
        parsed = blocks | "Parse" >> step.with_outputs(_DEAD_LETTERS, COUNTS, main="packs")
        return Parsed(parsed["packs"], parsed[_DEAD_LETTERS], parsed[COUNTS])


class _Parse(CountingDoFn):
    """Packs what a bundle holds, at the latest after `PACK_BYTES` of input."""

    def __init__(self, start_us: int, buckets: int) -> None:
        super().__init__()
        self._start_us, self._buckets = start_us, buckets

    def start_bundle(self) -> None:
        super().start_bundle()
        self._begin()

    def _begin(self) -> None:
        self._intake = Intake(self._start_us, self.counts)
        self._held = 0

    def process(self, block: SourcedBlock) -> Iterator[tuple[int, bytes] | TaggedOutput]:
        for dead in self._intake.take(block.file, Block(*block[1:])):
            yield TaggedOutput(_DEAD_LETTERS, dead_letter_line(dead))
        self._held += len(block.text)
        if self._held >= PACK_BYTES:
            yield from packed(self._intake.groups, self._buckets)
            self._begin()

    def finish_bundle(self) -> Iterator[object]:
        for pack in packed(self._intake.groups, self._buckets):
            yield GlobalWindows.windowed_value(pack)
        self._begin()
        yield from super().finish_bundle()
