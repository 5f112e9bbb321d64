"""Counts as data: every step counts what it does, and the counts flow to the summary like any other rows.

Counters of a runner are not used for this: not every runner reports them, and retried bundles count twice there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.window import GlobalWindows

from kittiwake.batch.counts import Counts, add, merged

COUNTS: Final = "counts"
"""Tag of the output that `CountingDoFn` adds to a step."""


class CountingDoFn(beam.DoFn):
    """A step that counts into `self.counts`; one `Counts` a bundle leaves by the output `COUNTS`."""

    def start_bundle(self) -> None:
        """Start counting from zero."""
        self.counts = Counts()

    def finish_bundle(self) -> Iterator[TaggedOutput]:
        """Emit the counts of the bundle."""
        yield TaggedOutput(COUNTS, GlobalWindows.windowed_value(self.counts))


class _SumCounts(beam.CombineFn):
    def create_accumulator(self) -> Counts:
        return Counts()

    def add_input(self, mutable_accumulator: Counts, element: Counts) -> Counts:
        add(mutable_accumulator, element)
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[Counts]) -> Counts:
        return merged(accumulators)

    def extract_output(self, accumulator: Counts) -> Counts:
        return accumulator


@dataclass(eq=False)
class SumCounts(beam.PTransform):
    """The sum of several collections of counts."""

    def expand(self, pcolls: tuple[PCollection[Counts], ...]) -> PCollection[Counts]:
        """One element, even if the collections are empty."""
        return (
            pcolls | "Merge" >> beam.Flatten() | "Sum" >> beam.CombineGlobally(_SumCounts()).with_output_types(Counts)
        )
