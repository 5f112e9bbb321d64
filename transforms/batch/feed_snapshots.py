"""Step: what is known of feeds and breakers at the end of a run, as lines of its snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.pvalue import PCollection

from kittiwake.batch.counts import Counts
from kittiwake.batch.feeds.snapshots import feed_lines
from kittiwake.batch.settings import RunSettings, end_of_run, stop_of
from kittiwake.rules.compile.accounts import Programs


@dataclass(eq=False)
class FeedSnapshots(beam.PTransform):
    """Makes lines of the counts of all of the input, which are one element."""

    programs: Programs
    settings: RunSettings

    def expand(self, intake: PCollection[Counts]) -> PCollection[bytes]:
        """None of a run that decides nothing."""
        return intake | "Lines" >> beam.FlatMap(_lines, self.programs, self.settings).with_output_types(bytes)


def _lines(intake: Counts, programs: Programs, settings: RunSettings) -> Iterator[bytes]:
    if stop_of(settings, intake) is None:
        yield from feed_lines(programs, intake.feeds, end_of_run(settings, intake, programs.used.frozen_at_us))
