"""Step: records to events of contacts, keyed by contact; what is no event becomes a dead letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput

from kittiwake.model import DeadLetter
from kittiwake.replay.contacts import pack_event, pack_subject
from kittiwake.replay.counts import Counts, count_dead_letter, count_event
from kittiwake.replay.events import parse_event
from kittiwake.replay.rows import dead_letter_line
from transforms.counting import COUNTS, CountingDoFn
from transforms.reading import SourcedRecord

_DEAD_LETTERS: Final = "dead_letters"


class Parsed(NamedTuple):
    """What comes of parsing."""

    events: PCollection[tuple[bytes, bytes]]
    """Contact and event, both packed; events of items are counted only."""
    dead_letters: PCollection[bytes]
    """Lines of output."""
    counts: PCollection[Counts]


@dataclass(eq=False)
class ParseRecords(beam.PTransform):
    """Parses records, by a run that started at `start_us`."""

    start_us: int

    def expand(self, records: PCollection[SourcedRecord]) -> Parsed:
        """No element is lost: each is an event, or a dead letter."""
        types = {_DEAD_LETTERS: bytes, COUNTS: Counts}
        step = beam.ParDo(_Parse(self.start_us)).with_output_types(tuple[bytes, bytes], **types)
        parsed = records | "Parse" >> step.with_outputs(_DEAD_LETTERS, COUNTS, main="events")
        return Parsed(parsed["events"], parsed[_DEAD_LETTERS], parsed[COUNTS])


class _Parse(CountingDoFn):
    def __init__(self, start_us: int) -> None:
        super().__init__()
        self._start_us = start_us

    def process(self, record: SourcedRecord) -> Iterator[tuple[bytes, bytes] | TaggedOutput]:
        found = parse_event(record.raw, record.source, self._start_us, raw_size=record.size)
        if isinstance(found, DeadLetter):
            count_dead_letter(self.counts, found)
            yield TaggedOutput(_DEAD_LETTERS, dead_letter_line(found))
            return
        count_event(self.counts, found)
        if found.contact_id is not None:
            yield pack_subject(found), pack_event(found)
