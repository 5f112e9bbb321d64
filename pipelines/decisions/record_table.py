"""The record of what was sent, as a table that rows are only added to. Called by `kittiwake.pipelines.activate`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from google.cloud import bigquery

from kittiwake.input.bigquery.addresses import TableAddress
from kittiwake.pipelines.decisions.record import Entry
from kittiwake.pipelines.google.bigquery_errors import raise_unusable
from kittiwake.pipelines.google.bigquery_tables import BIGQUERY_TIMEOUT_S, add_rows, client_of, field_of
from kittiwake.stream.tables.schema import Column, ColumnMode, Type

COLUMNS: Final = (
    Column("trigger_id", Type.STRING, ColumnMode.REQUIRED, "the trigger"),
    Column("state", Type.STRING, ColumnMode.REQUIRED, "claimed, published or refused; the newest row counts"),
    Column("at", Type.TIMESTAMP, ColumnMode.REQUIRED, "when, by the clock of the command"),
    Column("topic", Type.STRING, ColumnMode.REQUIRED, "where it was sent to"),
    Column("row", Type.STRING, ColumnMode.NULLABLE, "what was to be published, as JSON; with the claim only"),
)

_ADVICE: Final = "create its dataset where the other tables lie"


class TableRecord:
    """See `kittiwake.pipelines.decisions.record.Record`."""

    def __init__(self, client: bigquery.Client, path: str) -> None:
        """Use `open_table`."""
        self._client, self._path = client, path

    def entries(self) -> Iterator[Entry]:
        """See `Record`; rows of one instant in the order of their states, which is how they were written."""
        sql = (
            f"SELECT trigger_id, state, FORMAT_TIMESTAMP('%FT%H:%M:%E6SZ', `at`) AS `at`, topic, `row` "
            f"FROM `{self._path}` ORDER BY `at`, state"
        )
        with raise_unusable(self._path, _ADVICE):
            for row in self._client.query(sql, timeout=BIGQUERY_TIMEOUT_S).result():
                yield msgspec.convert(dict(row.items()), Entry)

    def add(self, entries: Iterable[Entry]) -> None:
        """See `Record`."""
        rows = [msgspec.to_builtins(entry) for entry in entries]
        ids = [f"{row['trigger_id']}-{row['state']}-{row['at']}" for row in rows]
        with raise_unusable(self._path, _ADVICE):
            add_rows(self._client, self._path, rows, ids)


@contextmanager
def open_table(address: TableAddress) -> Iterator[TableRecord]:
    """The record in a table, made if it is not there.

    Raises:
        UnusableError: there is no such dataset, or it may not be written to.
    """
    with client_of(address.owner) as client:
        wanted = bigquery.Table(address.path, schema=[field_of(column) for column in COLUMNS])
        wanted.description = "What kittiwake.pipelines.activate has sent; rows are only added."
        with raise_unusable(address.path, _ADVICE):
            client.create_table(wanted, exists_ok=True, timeout=BIGQUERY_TIMEOUT_S)
        yield TableRecord(client, address.path)
