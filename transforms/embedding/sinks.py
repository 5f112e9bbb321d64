"""Sinks for the records of `kittiwake.beam`: those of our own jobs, which write at least once.

Public through `kittiwake.beam`. Of one `trigger_id` the newest `revision` counts, for every reader.
"""

from __future__ import annotations

from typing import Any

import apache_beam as beam
from apache_beam.pvalue import PCollection

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import dataset_of
from kittiwake.stream.records import DeadLetterRecord, DecisionRecord, LateEventRecord, encode
from kittiwake.stream.tables.schema import RecordedDecisions
from kittiwake.transforms.embedding.streaming import Evaluated, dead_letter_records
from kittiwake.transforms.sinks import bigquery, json_files, pubsub
from kittiwake.transforms.sinks.base import SinkInputs


class PublishTriggers(beam.PTransform):
    """Triggers to a Pub/Sub topic.

    Input: `Evaluated.triggers`. Output: `PCollection[DeadLetterRecord]` of what no topic takes, since it is too large.
    """

    def __init__(self, topic: str) -> None:
        """`topic` is `projects/<project>/topics/<topic>`."""
        super().__init__()
        self._topic = topic

    def expand(self, triggers: PCollection[DecisionRecord]) -> PCollection[DeadLetterRecord]:
        """A message that cannot be published for now fails its bundle, which the runner tries again."""
        dead = _encoded(triggers, "Triggers") | "Publish" >> pubsub.PublishTriggers(self._topic)
        return dead_letter_records(dead, "Unsent")


class WriteTables(beam.PTransform):
    """Triggers, decisions, dead letters and late events to the tables of a BigQuery dataset, which have to be there.

    Input: `Evaluated`. Output: `PCollection[DeadLetterRecord]` of rows that a table refused; `dead_letters` has them.
    `python -m kittiwake.pipelines.stream --create_tables` makes the tables.
    """

    def __init__(self, dataset: str, *, decisions: str = "all") -> None:
        """Prepare the step.

        Args:
            dataset: `project.dataset`.
            decisions: which rows `decisions` gets: "all", "fired" or "off".

        Raises:
            UnusableError: a setting cannot be used.
        """
        super().__init__()
        found = dataset_of(dataset)
        if found is None:
            raise UnusableError(f"dataset: {dataset!r} is no dataset: write project.dataset")
        if decisions not in list(RecordedDecisions):
            raise UnusableError(f"decisions: {decisions!r}: write {', '.join(RecordedDecisions)}")
        self._step = bigquery.WriteTables(found, RecordedDecisions(decisions))

    def expand(self, evaluated: Evaluated) -> PCollection[DeadLetterRecord]:
        """Every row is in its table, or in `dead_letters`, or it is counted as lost."""
        refused = _inputs(evaluated) | "Tables" >> self._step
        return dead_letter_records(refused.dead_letters, "RefusedRows")


class WriteJsonLines(beam.PTransform):
    """Decisions, dead letters and late events to files of JSON lines in three folders, without any service.

    Input: `Evaluated`. No output. A bundle's rows are one file, which is whole or not there.
    """

    def __init__(self, folder: str) -> None:
        """`folder` is made if it is not there; `gs://` too."""
        super().__init__()
        self._folder = folder

    def expand(self, evaluated: Evaluated) -> None:
        """Rows are written when their bundle is done."""
        _ = _inputs(evaluated) | "Files" >> json_files.WriteJsonLines(self._folder)


def _inputs(evaluated: Evaluated) -> SinkInputs:
    return SinkInputs(
        _encoded(evaluated.decisions, "Decisions"),
        _encoded(evaluated.dead_letters, "DeadLetters"),
        _encoded(evaluated.late_events, "LateEvents"),
    )


def _encoded(records: PCollection[Any], label: str) -> PCollection[bytes]:
    return records | f"Encode{label}" >> beam.Map(_encode).with_output_types(bytes)


def _encode(record: DecisionRecord | DeadLetterRecord | LateEventRecord) -> bytes:
    data: bytes = encode(record)
    return data
