"""What is read of BigQuery: tables, views, wildcard tables and queries become sessions of the Storage Read API.

Called at launch. A table is read as it is, with only the columns and rows that are needed. A view and a query are run
first, and their result is read: those are what BigQuery's own query jobs cost. `plan_of_input` and `plan_of_query` read
nothing; `opened` runs what has to be run, and opens the sessions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

from google.cloud import bigquery, bigquery_storage
from google.cloud.bigquery_storage_v1 import types

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import TableAddress
from kittiwake.input.bigquery.canonical import TableColumn, event_columns
from kittiwake.input.bigquery.mapped import mapped_read
from kittiwake.input.bigquery.restrictions import RowsWanted, restriction_of
from kittiwake.input.bigquery.suffixes import pruned
from kittiwake.input.errors import shown
from kittiwake.input.mapping.mapping import RecordMapping
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.pipelines.google.bigquery_errors import raise_unusable
from kittiwake.pipelines.google.bigquery_tables import BIGQUERY_TIMEOUT_S
from kittiwake.time.instants import moment_of

TABLES_MAX: Final = 5_000
"""Tables that one wildcard may stand for: thirteen years of days."""

ASKED_AT_ONCE: Final = 8
"""Tables of a wildcard that are asked for at one time: a request takes a tenth of a second."""

QUERY_BYTES_MAX: Final = 1_000_000
"""Bytes of a file of SQL: what BigQuery takes of a query."""

_OLDER_NAMES: Final = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}


class Estimate(NamedTuple):
    """What reading an input will cost, by BigQuery's own count."""

    name: str
    rows: int | None
    """About how many are read; None: a query says only afterwards."""
    bytes_read: int
    """By the Storage Read API; of a query 0, since its result is not there yet."""
    bytes_queried: int = 0
    """Scanned by a query job."""
    tables: int = 1

    def plus(self, other: Estimate) -> Estimate:
        """Both together; of one input either all are queried or none."""
        rows = None if self.rows is None or other.rows is None else self.rows + other.rows
        read, queried = self.bytes_read + other.bytes_read, self.bytes_queried + other.bytes_queried
        return Estimate(self.name, rows, read, queried, self.tables + other.tables)


class Planned(NamedTuple):
    """An input of which nothing has been read."""

    name: str
    """For people: that of the table."""
    asked: str
    """As it was typed: of a wildcard the same for all of its tables."""
    project: str
    """Which pays."""
    shape: int
    table: TableAddress | None
    """What is read as it is; None: `sql` is run first."""
    columns: tuple[str, ...] = ()
    restriction: str = ""
    sql: str = ""
    parameters: tuple[tuple[str, int | None], ...] = ()
    """Instants by name."""


class Opened(NamedTuple):
    """An input with its streams."""

    name: str
    shape: int
    streams: tuple[str, ...]
    estimate: Estimate
    is_queried: bool


class Reader:
    """Asks BigQuery for one run. `project` pays; None: that of each table."""

    def __init__(self, project: str | None) -> None:
        """No request is made yet."""
        self._project = project
        self._clients: dict[str | None, bigquery.Client] = {}
        self._storage: Any = None

    # ------------------------------------------------------------ plan

    def plan_of_input(self, address: TableAddress, shape: InputShape, number: int, wanted: RowsWanted) -> list[Planned]:
        """What is to be read of a table, a view, or the tables of a wildcard.

        Raises:
            UnusableError: there is no such table, it cannot be read, or its columns are not those of the shape.
        """
        client = self._client(address.project)
        if not address.is_wildcard:
            return [self._plan(client, address, str(address), shape, number, wanted)]
        tables = [address._replace(table=name) for name in self._tables_of(client, address, wanted)]
        with ThreadPoolExecutor(ASKED_AT_ONCE) as threads:
            return list(threads.map(lambda one: self._plan(client, one, str(address), shape, number, wanted), tables))

    def _tables_of(self, client: bigquery.Client, address: TableAddress, wanted: RowsWanted) -> list[str]:
        prefix = address.table.removesuffix("*")
        with raise_unusable(str(address)):
            listed = client.list_tables(f"{address.project}.{address.dataset}", timeout=BIGQUERY_TIMEOUT_S)
            names = [one.table_id for one in listed if one.table_type == "TABLE" and one.table_id.startswith(prefix)]
        if not names:
            raise UnusableError(f"cannot read {address}: no table begins with {prefix}; views are not looked at")
        found = pruned(prefix, names, wanted.from_us, wanted.until_us)
        if len(found) > TABLES_MAX:
            raise UnusableError(f"{address} stands for {len(found)} tables, more than {TABLES_MAX}: name fewer of them")
        return found

    def _plan(
        self,
        client: bigquery.Client,
        address: TableAddress,
        asked: str,
        shape: InputShape,
        number: int,
        wanted: RowsWanted,
    ) -> Planned:
        with raise_unusable(str(address)):
            found = client.get_table(address.path, timeout=BIGQUERY_TIMEOUT_S)
        columns, restriction = _needed(address, columns_of(found.schema), shape, wanted)
        is_table = found.table_type == "TABLE"
        sql = "" if is_table else _select(address, columns, restriction)
        project = self._project or address.project
        return Planned(str(address), asked, project, number, address if is_table else None, columns, restriction, sql)

    def plan_of_query(self, path: str, shape: InputShape, number: int, wanted: RowsWanted) -> Planned:
        """What a file of GoogleSQL asks for, with its parameters `@from` and `@until`.

        Raises:
            UnusableError: the file cannot be read, a parameter is missing, or BigQuery refuses the query.
        """
        sql = _read_sql(path)
        given = {"from": wanted.from_us, "until": wanted.until_us}
        names = sorted({name.lower() for name in re.findall(r"@(from|until)\b", sql, re.IGNORECASE)})
        for name in names:
            if given[name] is None:
                raise UnusableError(f"{shown(path)} has @{name}: say --{name} TIME")
        if wanted.from_us is not None and "from" not in names:
            raise UnusableError(f"--from: {shown(path)} does not use @from, which alone would cut its rows")
        parameters = tuple((name, given[name]) for name in names)
        planned = Planned(shown(path), shown(path), self._project or "", number, None, sql=sql, parameters=parameters)
        schema = self._dry_run(planned).schema
        if shape.shape is Shape.CANONICAL and schema:
            event_columns(planned.name, columns_of(schema))
        return planned

    # ------------------------------------------------------------ estimate and open

    def estimate(self, planned: Planned) -> Estimate:
        """What an input costs; nothing is read. Of a table a session is opened, which is free, and left to expire.

        Raises:
            UnusableError: BigQuery refuses it.
        """
        if planned.table is None:
            return Estimate(planned.asked, None, 0, self._dry_run(planned).total_bytes_processed or 0)
        return self._session(planned, planned.table, 1).estimate

    def opened(self, planned: Planned) -> Opened:
        """The streams of an input; what has to be queried is queried.

        Raises:
            UnusableError: BigQuery refuses it.
        """
        if planned.table is not None:
            return self._session(planned, planned.table, 0)
        client = self._client(planned.project)
        with raise_unusable(planned.name):
            job = client.query(planned.sql, job_config=_config(planned, dry=False), timeout=BIGQUERY_TIMEOUT_S)
            job.result()
            result = job.destination
        return self._session(planned, TableAddress(result.project, result.dataset_id, result.table_id), 0)

    def _dry_run(self, planned: Planned) -> Any:
        with raise_unusable(planned.name):
            client = self._client(planned.project)
            return client.query(planned.sql, job_config=_config(planned, dry=True), timeout=BIGQUERY_TIMEOUT_S)

    def _session(self, planned: Planned, table: TableAddress, streams_max: int) -> Opened:
        if self._storage is None:
            with raise_unusable(planned.name):
                self._storage = bigquery_storage.BigQueryReadClient()
        is_result = planned.table is None
        options = types.ReadSession.TableReadOptions(
            selected_fields=[] if is_result else planned.columns,
            row_restriction="" if is_result else planned.restriction,
        )
        session = types.ReadSession(
            table=f"projects/{table.project}/datasets/{table.dataset}/tables/{table.table}",
            data_format=types.DataFormat.ARROW,
            read_options=options,
        )
        with raise_unusable(planned.name):
            made = self._storage.create_read_session(
                parent=f"projects/{planned.project or table.project}",
                read_session=session,
                max_stream_count=streams_max,
                timeout=BIGQUERY_TIMEOUT_S,
            )
        streams = tuple(stream.name for stream in made.streams)
        estimate = Estimate(planned.asked, made.estimated_row_count, made.estimated_total_bytes_scanned)
        return Opened(planned.name, planned.shape, streams, estimate, is_result)

    def _client(self, project: str) -> bigquery.Client:
        """Google's client for a project, or for that of its credentials ("")."""
        chosen = self._project or project or None
        if chosen not in self._clients:
            with raise_unusable("BigQuery"):
                self._clients[chosen] = bigquery.Client(project=chosen)
        return self._clients[chosen]


def _needed(
    address: TableAddress, columns: Sequence[TableColumn], shape: InputShape, wanted: RowsWanted
) -> tuple[tuple[str, ...], str]:
    """Which columns are read of a table, and which rows."""
    if isinstance(shape.shape, RecordMapping):
        read = mapped_read(address.path, columns, shape.shape, wanted)
        if wanted.from_us is not None and not read.is_cut:
            advice = "the shape finds its time in more than one column of microseconds: cut it by --query"
            raise UnusableError(f"--from: {address} cannot be cut, {advice}")
        return tuple(read.columns), read.restriction
    if shape.shape is not Shape.CANONICAL:
        raise UnusableError(f"{address} cannot be read as {shape.shape}: its columns are canonical, or a shape file's")
    found = event_columns(address.path, columns)
    time = next(column for column in found if column.name.lower() == "time")
    if wanted.from_us is not None and time.type != "TIMESTAMP":
        raise UnusableError(f"--from: column time of {address} is {time.type}, and only TIMESTAMP is cut: use --query")
    return tuple(column.name for column in found), restriction_of(found, wanted)


def columns_of(schema: Sequence[bigquery.SchemaField]) -> list[TableColumn]:
    """The columns of a schema."""
    return [
        TableColumn(
            field.name,
            _OLDER_NAMES.get(field.field_type, field.field_type),
            is_repeated=field.mode == "REPEATED",
            is_required=field.mode == "REQUIRED",
        )
        for field in schema
    ]


def _select(address: TableAddress, columns: Sequence[str], restriction: str) -> str:
    named = ", ".join(f"`{name}`" for name in columns)
    return f"SELECT {named} FROM `{address.path}`" + (f" WHERE {restriction}" if restriction else "")


def _config(planned: Planned, *, dry: bool) -> bigquery.QueryJobConfig:
    parameters = [
        bigquery.ScalarQueryParameter(name, "TIMESTAMP", None if at_us is None else moment_of(at_us))
        for name, at_us in planned.parameters
    ]
    return bigquery.QueryJobConfig(dry_run=dry, use_query_cache=not dry, query_parameters=parameters)


def _read_sql(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            text = file.read(QUERY_BYTES_MAX + 1)
        if len(text) > QUERY_BYTES_MAX:
            raise UnusableError(f"--query {shown(path)}: it has more than {QUERY_BYTES_MAX:,} bytes")
        return text.decode()
    except OSError as error:
        raise UnusableError(f"--query: cannot read {shown(path)}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UnusableError(f"--query {shown(path)}: it has to be UTF-8") from error
