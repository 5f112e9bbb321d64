"""Rows in a database of DuckDB for the time of one run; what is more than its memory goes to a temporary folder.

Every reader gives batches of Arrow in the columns of `columns`; SQL does the rest. Needs the extra `kittiwake[query]`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from kittiwake.errors import UnusableError
from kittiwake.output.folder import OutputError

MEMORY: Final = "1GB"
"""What DuckDB may hold before it spills to the disk: enough to join a million rows with a million."""

THREADS: Final = 2
"""Each holds buffers of its own, which the memory above has to be enough for."""

NEEDS_DUCKDB: Final = "comparing rows needs DuckDB: install the extra kittiwake[query]"

BATCH: Final = 50_000
"""Rows that are handed on at once."""


def batch_of(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Rows of Python's values as Arrow; there is at least one."""
    columns = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


class Store:
    """A database of one run."""

    def __init__(self, connection: Any) -> None:
        """Use `open_store`."""
        self._connection = connection

    def load(
        self, table: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], select: str = "SELECT * FROM batch"
    ) -> None:
        """Make a table of the rows of batches of a schema; `select` says what of a `batch` is kept."""
        self._with_batch(f"CREATE TABLE {table} AS {select}", schema.empty_table())
        for batch in batches:
            self._with_batch(f"INSERT INTO {table} {select}", batch)

    def _with_batch(self, sql: str, batch: pa.RecordBatch | pa.Table) -> None:
        self._connection.register(
            "batch", pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        )
        self.run(sql)
        self._connection.unregister("batch")

    def run(self, sql: str, parameters: Iterable[Any] = ()) -> None:
        """Run a statement that gives nothing.

        Raises:
            OutputError: the disk of the temporary folder is full.
        """
        import duckdb  # noqa: PLC0415 - needs an extra

        try:
            self._connection.execute(sql, list(parameters))
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise OutputError(f"{tempfile.gettempdir()} cannot hold the rows: {str(error).splitlines()[0]}") from error

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a question, without holding them all."""
        cursor = self._connection.cursor()
        cursor.execute(sql, list(parameters))
        while found := cursor.fetchmany(BATCH):
            yield from found

    def value(self, sql: str, parameters: Iterable[Any] = ()) -> Any:
        """The one value of a question."""
        return next(self.rows(sql, parameters))[0]

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The rows of a question as Arrow."""
        yield from self._connection.cursor().execute(sql).fetch_record_batch(BATCH)


@contextmanager
def open_store() -> Iterator[Store]:
    """An empty database, removed with the block.

    Raises:
        UnusableError: DuckDB is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError:
        raise UnusableError(NEEDS_DUCKDB) from None
    with tempfile.TemporaryDirectory(prefix="kittiwake-rows-") as folder:
        # not a file of its own: that would be flushed to the disk after every statement
        settings = {"memory_limit": MEMORY, "threads": str(THREADS), "temp_directory": str(Path(folder, "spill"))}
        with duckdb.connect(":memory:", config=settings) as connection:
            for setting in ("TimeZone = 'UTC'", "enable_progress_bar = false", "preserve_insertion_order = false"):
                connection.execute(f"SET {setting}")
            yield Store(connection)
