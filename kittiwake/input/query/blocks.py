"""The rows of a query as lines of events, in bounded memory: DuckDB runs it, and nothing is changed or fetched.

Reads the file of SQL and what it names, and spills to a temporary folder that it removes. Called by the hosts that read
local files. One thread runs it, so that rows come in one order, and sums of floats come out the same, at every run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from kittiwake.input.columns.blocks import ColumnBlock
from kittiwake.input.errors import InputError, UnsoundError, shown
from kittiwake.input.query.errors import Sql, after, query_error, words_of
from kittiwake.input.query.model import Query
from kittiwake.input.query.sql import read_sql
from kittiwake.input.query.tables import find_tables, list_of_texts, reader_of, text

MEMORY: Final = "2GB"
"""What DuckDB may hold before it spills: a fold of 5 million rows takes half of it."""

EXPLAIN: Final = "EXPLAIN "

ROWS: Final = 16_384
"""Rows taken at once: some of DuckDB's own units."""

NEEDS_DUCKDB: Final = "--query needs DuckDB: install the extra kittiwake[query]"

INTERRUPTED: Final = "interrupted"
"""In the words of DuckDB where Python's handler of a signal raised while it was running."""

_SETTINGS: Final = (
    "SET threads = 1",
    f"SET memory_limit = '{MEMORY}'",
    "SET TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET python_enable_replacements = false",
    "SET enable_progress_bar = false",
)


def check_query(query: Query) -> None:
    """Find out whether a query can be run, without running it.

    Raises:
        InputError: it cannot: DuckDB is missing, a file of it is, the SQL is wrong, or its columns are no event's.
    """
    with _session(query) as (connection, sql):
        _columns(sql, _relation(connection, sql))


def blocks_of_query(query: Query) -> Iterator[ColumnBlock]:
    """The rows of a query, numbered from 1, in blocks.

    Raises:
        InputError: as `check_query`, or it cannot be run to its end.
    """
    import duckdb  # noqa: PLC0415 - needs an extra
    import pyarrow as pa  # noqa: PLC0415 - needs an extra

    from kittiwake.input.parquet import block_of  # noqa: PLC0415 - needs an extra, and 100 ms

    with _session(query) as (connection, sql):
        relation = _relation(connection, sql)
        columns = _columns(sql, relation)
        number = 1
        try:
            for batch in relation.to_arrow_reader(ROWS):
                yield block_of(number, batch.select(columns))
                number += len(batch)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise query_error(sql, error) from error
        except RuntimeError as error:
            if INTERRUPTED not in str(error):
                raise
            raise KeyboardInterrupt from error  # what a signal raised, which DuckDB has taken for itself


# ---------------------------------------------------------------- DuckDB


@contextmanager
def _session(query: Query) -> Iterator[tuple[Any, Sql]]:
    """A connection that reads the query's files and nothing else, and the query's SQL."""
    try:
        import duckdb  # noqa: PLC0415 - needs an extra
        import pyarrow  # noqa: F401, ICN001, PLC0415 - the same
    except ModuleNotFoundError:
        raise InputError(NEEDS_DUCKDB) from None
    tables = find_tables(query.inputs)
    with tempfile.TemporaryDirectory(prefix="kittiwake-query-") as spill, duckdb.connect() as connection:
        sql = read_sql(query.path, connection)
        _lock(connection, query, tables, spill)
        yield connection, sql


def _lock(connection: Any, query: Query, tables: dict[str, list[str]], spill: str) -> None:
    """Name the tables, and let the connection reach nothing but their files and the folder of the query."""
    folder = str(Path(query.path).resolve().parent)
    files = [name for names in tables.values() for name in names]
    for setting in _SETTINGS:
        connection.execute(setting)
    connection.execute(f"SET temp_directory = {text(spill)}")
    for name, names in tables.items():
        _add_table(connection, name, names)
    connection.execute(f"SET allowed_directories = {list_of_texts([folder])}")
    connection.execute(f"SET allowed_paths = {list_of_texts(files)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _add_table(connection: Any, name: str, files: list[str]) -> None:
    import duckdb  # noqa: PLC0415 - needs an extra

    try:
        connection.execute(f'CREATE TEMP VIEW "{name}" AS SELECT * FROM {reader_of(name, files)}')
    except duckdb.Error as error:
        raise InputError(f"cannot read {shown(files[0])} as table {name}: {words_of(error)}") from error


def _relation(connection: Any, sql: Sql) -> Any:
    """The query, bound to its files and not run yet."""
    import duckdb  # noqa: PLC0415 - needs an extra

    explained = after(EXPLAIN, sql)
    try:
        connection.execute(explained.run).fetchall()  # which says where an error is
        return connection.sql(sql.run)
    except duckdb.PermissionException as error:
        advice = "; a query reads the folder that it stands in, and the files of --input"
        raise query_error(explained, error, advice) from None
    except duckdb.Error as error:
        raise query_error(explained, error) from None


_IDS: Final = ("event_id", "account_id", "contact_id", "item_id", "type")
_OTHERS: Final = ("time", "properties")


def _columns(sql: Sql, relation: Any) -> list[str]:
    """The columns of the rows, each one of an event's fields.

    Raises:
        InputError: one is none, is missing, or is of a type that it must not be.
    """
    from kittiwake.input.parquet import columns_of  # noqa: PLC0415 - needs an extra, and 100 ms

    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    for name, kind in kinds.items():
        if advice := _advice(name, kind):
            raise InputError(f"{shown(sql.path)}: its column {name} {advice}")
    if "account_id" not in kinds:
        raise InputError(f"{shown(sql.path)}: it has no column account_id: write, say, 'acme' AS account_id")
    try:
        return columns_of(relation.limit(0).to_arrow_table().schema)
    except UnsoundError as error:
        raise InputError(f"{shown(sql.path)}: {error}") from None


def _advice(name: str, kind: str) -> str:
    """What is wrong with a column, and what to write instead; nothing if that is not known."""
    if name not in (*_IDS, *_OTHERS):
        return f"is no field of an event: put it into properties, as in {{'{name}': {name}}} AS properties"
    if name in _IDS and kind not in ("VARCHAR", '"NULL"') and not kind.startswith("ENUM"):
        return f"is {kind}, and ids are texts: write {name}::VARCHAR AS {name}"
    if name == "time" and kind.startswith("TIMESTAMP") and "ZONE" not in kind:
        return f"is {kind}, without a zone: write time AT TIME ZONE 'Europe/Berlin' AS time, or the zone it is in"
    return ""
