"""Rows of decisions, late events and dead letters in the tables of a dataset, as streams and backfills write them.

A stream and a backfill may share tables: `mode` says whose a row is. Called by `sources`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final, NamedTuple

import pyarrow as pa
from google.cloud import bigquery

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset, TableAddress
from kittiwake.input.errors import shown
from kittiwake.output.rows import Mode
from kittiwake.pipelines.decisions.columns import NAMES, SCHEMA
from kittiwake.pipelines.decisions.files import until_us_of
from kittiwake.pipelines.decisions.refused import LATE, REFUSED, refused_of
from kittiwake.pipelines.decisions.store import batch_of
from kittiwake.pipelines.google.bigquery_errors import MissingTableError
from kittiwake.pipelines.google.bigquery_tables import client_of
from kittiwake.pipelines.google.reading import rows_of_query
from kittiwake.stream.tables.schema import DEAD_LETTERS, DECISIONS, LATE_EVENTS, RUNS, TRIGGERS
from kittiwake.time.instants import DAY_US, format_instant


class Side(Enum):
    """Whose rows are meant, where tables hold those of both."""

    STREAM = f"mode = '{Mode.STREAM}'"
    BACKFILL = f"mode <> '{Mode.STREAM}'"


RUNS_SHOWN: Final = 5
"""Names of runs in an error message: whoever has mistyped one sees what they look like."""

_NOT_REPLACED: Final = "finished_at IS NOT NULL AND replaced_at IS NULL"
_COLUMNS: Final = ", ".join(f"`{name}`" for name in NAMES)
_ADVICE: Final = "name the dataset of a stream or of a backfill, as bq://PROJECT.DATASET or bq://PROJECT.DATASET.PREFIX"


class DatasetRows(NamedTuple):
    """The rows of one side in the tables of a dataset."""

    address: Dataset
    side: Side
    run_id: str | None = None
    """Of a backfill: only those of the run that is called so. None: all."""

    def until_us(self) -> int | None:
        """Up to where the run was evaluated that is meant; None: nothing says it of rows of several.

        Raises:
            UnusableError: there is no run of this name.
        """
        if self.run_id is None:
            return None
        rows = self._rows(
            RUNS.name, f"SELECT run_id, summary FROM `{{}}` WHERE {_NOT_REPLACED} ORDER BY started_at DESC"
        )
        runs = {row["run_id"]: row["summary"] for batch in rows for row in batch.to_pylist()}
        if self.run_id not in runs:
            names = ", ".join(map(shown, list(runs)[:RUNS_SHOWN])) or "none"
            raise UnusableError(f"--run_id {shown(self.run_id)}: no such run is in {self.address}; the newest: {names}")
        return until_us_of(runs[self.run_id])

    def decisions(self) -> Iterator[pa.RecordBatch]:
        """Its rows: of `decisions`, or of `triggers` where there are none of those.

        Raises:
            UnusableError: the tables cannot be read, or are not there.
        """
        found = 0
        for table in (DECISIONS, TRIGGERS):
            try:
                for batch in self._rows(table.name, f"SELECT {_COLUMNS} FROM `{{}}` WHERE {self._where}"):
                    found += batch.num_rows
                    yield _as(batch, SCHEMA)
            except MissingTableError:
                if table is TRIGGERS:
                    raise
            if found:
                return

    def late_events(self) -> Iterator[pa.RecordBatch]:
        """Events that came too late; a backfill has none, and need not have the table."""
        columns = ", ".join(f"`{name}`" for name in LATE.names)
        for batch in self._rows_if_there(LATE_EVENTS.name, f"SELECT {columns} FROM `{{}}`"):
            yield _as(batch, LATE)

    def dead_letters(self) -> Iterator[pa.RecordBatch]:
        """Which events, contacts and rows its dead letters are of, as far as that can be read."""
        for batch in self._rows_if_there(DEAD_LETTERS.name, f"SELECT raw FROM `{{}}` WHERE {self._dead_letters_where}"):
            if ids := [refused_of(raw) for raw in batch.column("raw").to_pylist()]:
                yield batch_of(ids, REFUSED)

    @property
    def _where(self) -> str:
        return self.side.value if self.run_id is None else f"{self.side.value} AND run_id = @run_id"

    @property
    def _dead_letters_where(self) -> str:
        if self.run_id is not None:
            return "run_id = @run_id"
        return "run_id IS NULL" if self.side is Side.STREAM else "run_id IS NOT NULL"

    def _rows_if_there(self, name: str, sql: str) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._rows(name, sql)
        except MissingTableError:
            return

    def _rows(self, name: str, sql: str) -> Iterator[pa.RecordBatch]:
        parameters = [bigquery.ScalarQueryParameter("run_id", "STRING", self.run_id)] if "@run_id" in sql else []
        return _rows_of(self.address.address(name), sql, parameters)


def sent_rows(address: TableAddress) -> Iterator[pa.RecordBatch]:
    """What a stream has sent, out of a table of its triggers.

    Raises:
        UnusableError: the table cannot be read, or is not there.
    """
    sql = f"SELECT {_COLUMNS} FROM `{{}}` WHERE {Side.STREAM.value} AND decision = 'fired' AND NOT stale"
    for batch in _rows_of(address, sql):
        yield _as(batch, SCHEMA)


def emitted_rows(address: TableAddress, since_us: int | None) -> Iterator[pa.RecordBatch]:
    """What a stream has emitted of its triggers since an instant, by its clock, out of a table of them.

    A day more is read: an event may lie a little ahead of the clock.

    Raises:
        UnusableError: the table cannot be read, or is not there.
    """
    sql, parameters = f"SELECT {_COLUMNS} FROM `{{}}` WHERE {Side.STREAM.value}", []
    if since_us is not None:
        sql += " AND written_at >= TIMESTAMP(@since)"
        parameters = [bigquery.ScalarQueryParameter("since", "STRING", format_instant(since_us - DAY_US))]
    for batch in _rows_of(address, sql, parameters):
        yield _as(batch, SCHEMA)


def _rows_of(
    address: TableAddress, sql: str, parameters: Sequence[bigquery.ScalarQueryParameter] = ()
) -> Iterator[pa.RecordBatch]:
    with client_of(address.owner) as client:
        yield from rows_of_query(client, sql.format(address.path), parameters, address.path, _ADVICE)


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The same rows in the types of a schema.

    Raises:
        UnusableError: a column holds something else.
    """
    try:
        return pa.RecordBatch.from_arrays([batch.column(one.name).cast(one.type) for one in schema], schema=schema)
    except pa.ArrowException as error:
        said = str(error).splitlines()[0]
        raise UnusableError(f"a column is of another type than in Kittiwake's tables: {said}") from error
