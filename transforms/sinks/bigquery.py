"""Sink: the tables of a streaming job in BigQuery. A row that a table refuses becomes a dead letter.

Both methods write at least once; the views `*_latest`, with one row an id, deduplicate.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.io.gcp.bigquery import BigQueryDisposition, WriteToBigQuery
from apache_beam.io.gcp.bigquery_tools import RetryStrategy
from apache_beam.pvalue import PCollection

from kittiwake import __version__
from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.logs import ROW_LOST
from kittiwake.stream.metrics import ROWS_LOST, ROWS_REFUSED
from kittiwake.stream.records import Stage, dead_letter_of, decision_of, encode, late_event_of
from kittiwake.stream.tables.rows import (
    RefusedRow,
    TableRow,
    causes,
    dead_letter_table_row,
    decision_table_row,
    is_unreachable,
    late_event_table_row,
    refused_dead_letter,
)
from kittiwake.stream.tables.schema import DEAD_LETTERS, DECISIONS, LATE_EVENTS, TRIGGERS, RecordedDecisions, Table
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.logs import log
from kittiwake.transforms.metrics import count, count_dead_letters
from kittiwake.transforms.sinks.base import SinkInputs
from kittiwake.transforms.sinks.bigquery_values import DATE_TYPE, json_row, typed_row

PAYLOAD_BYTES_MAX: Final = 2_000_000
"""Bytes in memory of the rows of one request, and of one row. A MiB of raw bytes in base64 and the largest attributes
that Pub/Sub allows make 1.9 MB. As JSON, text takes at most six times its memory, and rows are never text alone:
10 MB, at which BigQuery refuses a request (and Beam would then retry it for ever), are not reached."""


class Method(StrEnum):
    """How rows get into BigQuery (`--bigquery_method`)."""

    STREAMING_INSERTS = "streaming_inserts"
    STORAGE_WRITE = "storage_write"


class Refused(NamedTuple):
    """The records that no table took as they were."""

    dead_letters: PCollection[bytes]
    """Dead letters made of the rows that a table refused. They have been written to the table of dead letters, too."""
    lost: PCollection[bytes]
    """Dead letters that their table refused in turn: only the log and a counter know of them."""


@dataclass(eq=False)
class WriteTables(beam.PTransform):
    """Writes triggers, decisions, dead letters and late events into the tables of a dataset, which have to exist."""

    dataset: Dataset
    recorded: RecordedDecisions = RecordedDecisions.ALL
    """Which rows `decisions` gets."""
    method: Method = Method.STREAMING_INSERTS
    expansion_service: Any = None
    """From `kittiwake.pipelines.google.storage_write`, for the method `STORAGE_WRITE`."""
    clock: Callable[[], int] = now_us

    def expand(self, inputs: SinkInputs) -> Refused:
        """Each row is in its table, or in `dead_letters`, or counted as lost."""
        refused = [
            self._write(inputs.decisions, TRIGGERS, _Triggers(self.clock)),
            self._write(inputs.late_events, LATE_EVENTS, _LateEvents(self.clock)),
        ]
        if self.recorded is not RecordedDecisions.OFF:
            only_fired = self.recorded is RecordedDecisions.FIRED
            rows_of = (_Triggers if only_fired else _Decisions)(self.clock)
            refused.append(self._write(inputs.decisions, DECISIONS, rows_of))
        from_refused = tuple(refused) | "Refused" >> beam.Flatten()
        dead_letters = (inputs.dead_letters, from_refused) | "DeadLetters" >> beam.Flatten()
        rows = dead_letters | f"Rows {DEAD_LETTERS.name}" >> beam.ParDo(_DeadLetters(self.clock)).with_output_types(
            TableRow
        )
        lost = self._failed(rows, DEAD_LETTERS) | "Lost" >> beam.ParDo(_Lost()).with_output_types(bytes)
        return Refused(from_refused, lost)

    def _write(self, records: PCollection[bytes], table: Table, rows_of: beam.DoFn) -> PCollection[bytes]:
        """Dead letters of the rows that the table refused."""
        rows = records | f"Rows {table.name}" >> beam.ParDo(rows_of).with_output_types(TableRow)
        dead_letters = beam.ParDo(_Refuse(table, self.clock)).with_output_types(bytes)
        return self._failed(rows, table) | f"Refused {table.name}" >> dead_letters

    def _failed(self, rows: PCollection[TableRow], table: Table) -> PCollection[_Failed]:
        name = f"Write {table.name}"
        if self.method is Method.STORAGE_WRITE:
            return rows | name >> _StorageWrite(self.dataset, table, self.expansion_service)
        return rows | name >> _StreamingInserts(self.dataset, table)


_Failed = tuple[TableRow, Any]
"""A row that its table refused, and the errors that BigQuery or Beam gave."""


# ---------------------------------------------------------------- rows


class _RowsDoFn(beam.DoFn):
    """Makes rows of records; `clock` says when they were written."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__()
        self._clock = clock


class _Decisions(_RowsDoFn):
    def process(self, element: bytes) -> Iterator[TableRow]:
        yield decision_table_row(decision_of(element), self._clock())


class _Triggers(_RowsDoFn):
    def process(self, element: bytes) -> Iterator[TableRow]:
        decision = decision_of(element)
        if decision.is_trigger:
            yield decision_table_row(decision, self._clock())


class _DeadLetters(_RowsDoFn):
    def process(self, element: bytes) -> Iterator[TableRow]:
        yield dead_letter_table_row(dead_letter_of(element))


class _LateEvents(_RowsDoFn):
    def process(self, element: bytes) -> Iterator[TableRow]:
        yield late_event_table_row(late_event_of(element))


# ---------------------------------------------------------------- the two methods


@dataclass(eq=False)
class _StreamingInserts(beam.PTransform):
    """`insertAll`. Transient errors are retried until they pass; Beam's default would retry every error for ever."""

    dataset: Dataset
    table: Table

    def expand(self, rows: PCollection[TableRow]) -> PCollection[_Failed]:
        write = WriteToBigQuery(
            self.dataset.spec(self.table.name),
            create_disposition=BigQueryDisposition.CREATE_NEVER,
            write_disposition=BigQueryDisposition.WRITE_APPEND,
            method=WriteToBigQuery.Method.STREAMING_INSERTS,
            insert_retry_strategy=RetryStrategy.RETRY_ON_TRANSIENT_ERROR,
            max_insert_payload_size=PAYLOAD_BYTES_MAX,
        )
        failed = (rows | "Insert" >> write).failed_rows_with_errors
        return failed | "Failed" >> beam.Map(lambda failure: (failure[1], failure[2])).with_output_types(_Failed)


@dataclass(eq=False)
class _StorageWrite(beam.PTransform):
    """The Storage Write API, by Beam's Java step. Exactly once costs more, and the views do it anyway."""

    dataset: Dataset
    table: Table
    expansion_service: Any

    def expand(self, rows: PCollection[TableRow]) -> PCollection[_Failed]:
        write = WriteToBigQuery(
            self.dataset.spec(self.table.name),
            schema=beam_schema(self.table),
            create_disposition=BigQueryDisposition.CREATE_NEVER,
            write_disposition=BigQueryDisposition.WRITE_APPEND,
            method=WriteToBigQuery.Method.STORAGE_WRITE_API,
            use_at_least_once=True,
            type_overrides=DATE_TYPE,
            expansion_service=self.expansion_service,
        )
        typed = rows | "Typed" >> beam.Map(typed_row, self.table).with_output_types(dict[str, Any])
        failed = (typed | "Append" >> write).failed_rows_with_errors
        return failed | "Failed" >> beam.Map(_failure_of_java, self.table).with_output_types(_Failed)


def _failure_of_java(failure: dict[str, Any], table: Table) -> _Failed:
    """A failure without Java's message, which may quote values: only the fact that Java refused is passed on."""
    return json_row(failure["failed_row"], table), [{"reason": "storage_write"}]


def beam_schema(table: Table) -> dict[str, Any]:
    """The columns of a table, as Beam takes them."""
    return {"fields": [{"name": one.name, "type": one.type.value, "mode": one.mode.value} for one in table.columns]}


# ---------------------------------------------------------------- what was refused


class UnreachableError(Exception):
    """The table of dead letters cannot be written to at all; the runner retries the bundle, and nothing is lost."""


class _Refuse(beam.DoFn):
    """Makes dead letters of failed rows."""

    def __init__(self, table: Table, clock: Callable[[], int]) -> None:
        super().__init__()
        self._table, self._clock = table, clock

    def setup(self) -> None:
        _hide_values_from_log()

    def start_bundle(self) -> None:
        self._refused = 0

    def finish_bundle(self) -> None:
        """Count and log the rows, without their content."""
        count(ROWS_REFUSED, self._refused)
        if self._refused:
            count_dead_letters(Stage.WRITE, {DeadLetterReason.ROW_REFUSED: self._refused})

    def process(self, failed: _Failed) -> Iterator[bytes]:
        self._refused += 1
        yield encode(refused_dead_letter(RefusedRow(self._table, *failed), self._clock(), __version__))


class _Lost(beam.DoFn):
    """Counts and logs dead letters that their table refused, without their content."""

    def setup(self) -> None:
        _hide_values_from_log()

    def process(self, failed: _Failed) -> Iterator[bytes]:
        row, errors = failed
        if is_unreachable(errors):
            raise UnreachableError(f"table {DEAD_LETTERS.name} cannot be written to: {', '.join(causes(errors))}")
        count(ROWS_LOST)
        fields = {"row_id": str(row.get("row_id")), "causes": causes(errors)}
        log(ROW_LOST, **fields)
        yield json.dumps(fields).encode()


_BEAM_QUOTES: Final = "There were errors inserting to BigQuery."
"""How Beam 2.77's log line on refused rows begins; it goes on with BigQuery's messages, which quote values."""


def _without_values(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    if message.startswith(_BEAM_QUOTES):
        record.msg, record.args = message.partition("Errors were")[0].strip(), None
    return True


def _hide_values_from_log() -> None:
    """Keep personal data out of Beam's own log. The steps that call it run in the process that writes the rows."""
    logging.getLogger("apache_beam.io.gcp.bigquery").addFilter(_without_values)
