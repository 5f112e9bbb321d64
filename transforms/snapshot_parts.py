"""Parts of snapshots as they travel in a graph, and their rows. Read by jobs that start from them, batch and stream.

A part is rows of a file, or of a table of BigQuery. A launch has found it (`stream.snapshot_sources`,
`kittiwake.pipelines.google.snapshot_tables`), and a worker holds it to what was found.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

import msgspec
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from kittiwake.input.bigquery.addresses import table_address
from kittiwake.input.bigquery.restrictions import literal
from kittiwake.output.snapshot_set import RowSum, SnapshotFile, SnapshotSetError
from kittiwake.time.instants import format_instant
from kittiwake.transforms.input_files import lines_of

SESSION_TIMEOUT_S: Final = 60
"""For opening a session, with its retries: BigQuery takes a second, and a bundle that failed is tried again."""


class SnapshotSource(NamedTuple):
    """Rows of snapshots that are read as one: a part of a file, of a size that a worker commits at once."""

    path: str
    expected: SnapshotFile
    """What the launch has found in it."""
    start: int = 0
    """The byte at which it begins."""
    end: int | None = None
    """The byte after it; None: the whole file, which is compressed."""

    @property
    def size(self) -> int:
        """Bytes of it; of a compressed file 0, since nobody has counted them."""
        return (self.end or 0) - self.start


class TablePart(msgspec.Struct, frozen=True):
    """Rows of a run in a table that are read as one: those of some shards, of a size that a worker commits at once."""

    project: str
    """Which pays."""
    table: str
    """`bq://PROJECT.DATASET.TABLE`."""
    run_id: str
    written_us: int
    """When the run was launched: the rows of a later launch under its name are others."""
    from_shard: int
    to_shard: int
    """Half open."""
    rows: int
    """As many as the launch has found."""
    size: int
    """Bytes of them."""

    @property
    def restriction(self) -> str:
        """The condition that its rows meet, as SQL."""
        return (
            f"run_id = {literal(self.run_id)} AND written_at = TIMESTAMP '{format_instant(self.written_us)}' "
            f"AND shard >= {self.from_shard} AND shard < {self.to_shard}"
        )


SnapshotPart: TypeAlias = SnapshotSource | TablePart


def encoded_part(source: SnapshotPart) -> bytes:
    """A part as an element of a graph."""
    return _encode(source)


def rows_of_part(part: bytes) -> Iterator[bytes]:
    """The rows of a part that `encoded_part` made, without the ends of their lines.

    Raises:
        InputError, OSError: it cannot be read.
        SnapshotSetError: it is not what the launch has found, which is known behind its last row.
        GoogleAPIError: a table cannot be read; the worker's runner tries again.
    """
    source, rows = _decode(part), RowSum()
    if isinstance(source, TablePart):
        yield from _rows_of_table(source)
        return
    for line in rows_of(source):
        rows.add(line)
        yield line
    rows.refuse_other(source.expected)


def rows_of(source: SnapshotSource) -> Iterator[bytes]:
    """The rows of a part, without the ends of their lines; blank lines are none.

    Raises:
        InputError, OSError: it cannot be read.
    """
    if source.end is None:
        yield from (line for _, line in lines_of(source.path))
        return
    with FileSystems.open(source.path, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        stream.seek(source.start)
        lines = io.BytesIO(stream.read(source.end - source.start))
    yield from (row for row in map(without_end, lines) if row)


def without_end(line: bytes) -> bytes:
    """A line without its end; empty: it is blank."""
    return line.rstrip(b"\r\n") if line.strip() else b""


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(SnapshotPart).decode


def _rows_of_table(part: TablePart) -> Iterator[bytes]:
    """By a session of its own, so that it can be read again whenever a runner likes."""
    found = 0
    for row in table_rows(part.project, part.table, part.restriction):
        found += 1
        yield row
    if found != part.rows:
        raise SnapshotSetError(
            f"{part.table}: run {part.run_id} has not the rows there that it had at the launch, {found:,} of "
            f"{part.rows:,} in these shards: launch again"
        )


def table_rows(project: str, table: str, restriction: str) -> Iterator[bytes]:
    """The column `snapshot` of some rows of a table of snapshots, by the Storage Read API."""
    import pyarrow as pa  # noqa: PLC0415 - half a second
    from google.cloud import bigquery_storage  # noqa: PLC0415 - of an extra that files do not need

    address = table_address(table)
    options = bigquery_storage.ReadSession.TableReadOptions(selected_fields=["snapshot"], row_restriction=restriction)
    wanted = bigquery_storage.ReadSession(
        table=f"projects/{address.project}/datasets/{address.dataset}/tables/{address.table}",
        data_format=bigquery_storage.DataFormat.ARROW,
        read_options=options,
    )
    with bigquery_storage.BigQueryReadClient() as client:
        session = client.create_read_session(
            parent=f"projects/{project}", read_session=wanted, max_stream_count=1, timeout=SESSION_TIMEOUT_S
        )
        schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        for stream in session.streams:
            for answer in client.read_rows(stream.name):
                batch = pa.py_buffer(answer.arrow_record_batch.serialized_record_batch)
                yield from (text.encode() for text in pa.ipc.read_record_batch(batch, schema).column(0).to_pylist())
