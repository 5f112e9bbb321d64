"""Events in Parquet files: blocks of their rows, and the JSON line that the event of a row would have had.

Reads from streams that its caller, a reader of `file_types`, was given; needs pyarrow. Rows stay columns; a row that is
out of the ordinary becomes its line, so that all that follows, checks and dead letters too, is that of JSON lines. Only
the columns of events are read, some rows at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any, BinaryIO, Final, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kittiwake.input.arrow_values import encode, instants, is_text, refuse_type, texts, values
from kittiwake.input.columns.blocks import AnyBlock, ColumnBlock
from kittiwake.input.decompression import Source
from kittiwake.input.errors import UnsoundError
from kittiwake.input.lines import blocks_of_lines
from kittiwake.input.splits import BLOCK_BYTES, Split

ROWS: Final = 16_384
"""Rows read at once: a few megabytes, beside which a step in Python for a block costs nothing."""

LINES: Final = 2_048
"""Rows made lines at once: about half a megabyte."""

_TEXTS: Final = ("event_id", "account_id", "contact_id", "item_id", "type")
_COLUMNS: Final = (*_TEXTS, "time", "properties")
_NEEDED: Final = ("event_id", "account_id", "type", "time")

_TO_ESCAPE: Final = r'["\\\x00-\x1f]'
"""What JSON does not let stand in a text as it is."""

_raw: Final = msgspec.json.Decoder(msgspec.Raw).decode


_Choose: TypeAlias = Callable[[pa.Schema], list[str]]


def rows_of(source: Source, split: Split) -> Iterator[ColumnBlock]:
    """The rows of the row groups that start in a split of a file, numbered from 1.

    Raises:
        UnsoundError: it is no sound Parquet file, or not one of events.
    """
    unread: list[str] = []

    def choose(schema: pa.Schema) -> list[str]:
        columns = columns_of(schema)
        unread.extend(sorted({*schema.names} - {*columns}))
        return columns

    for number, batch in _sound(source, split, choose, ROWS):
        yield block_of(number, batch, tuple(unread))


def block_of(number: int, batch: pa.RecordBatch, unread: tuple[str, ...] = ()) -> ColumnBlock:
    """Rows of canonical columns as a block; its file has the columns `unread` beside them."""
    return ColumnBlock(number, batch, batch.nbytes, lines_of_rows, unread)


def blocks_of_batch(number: int, batch: pa.RecordBatch, *, is_canonical: bool) -> Iterator[AnyBlock]:
    """Rows that no file holds, numbered from `number`: blocks of canonical columns, or of JSON objects of all columns.

    Raises:
        UnsoundError: the columns are not those of events, or JSON has no word for one.
    """
    if is_canonical:
        batch = batch.rename_columns([name.lower() for name in batch.schema.names])
        batch = batch.select(columns_of(batch.schema))
        for at in range(0, len(batch), ROWS):
            yield block_of(number + at, batch.slice(at, ROWS))
        return
    objects = objects_of_batch(batch.select(chosen(batch.schema, None)))
    for at in range(0, len(objects), LINES):
        yield from blocks_of_lines(number + at, objects[at : at + LINES])


def objects_of(source: Source, split: Split, columns: Sequence[str] | None) -> Iterator[tuple[int, list[bytes]]]:
    """As `rows_of`, of rows with any columns: JSON objects of those that are named, or of all, without what is null.

    Raises:
        UnsoundError: it is no sound Parquet file, or JSON has no word for a column.
    """
    for number, batch in _sound(source, split, lambda schema: chosen(schema, columns), LINES):
        yield number, objects_of_batch(batch)


def _sound(source: Source, split: Split, choose: _Choose, rows: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    try:
        yield from _batches(source, split, choose, rows)
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise
        raise UnsoundError(f"it is no sound Parquet file ({error})") from error


def _batches(source: Source, split: Split, choose: _Choose, rows: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    file = pq.ParquetFile(source.stream, pre_buffer=False, buffer_size=BLOCK_BYTES, page_checksum_verification=True)
    columns = choose(file.schema_arrow)
    size, total, done = _size(source.stream), file.metadata.num_rows, 0
    number = 1
    for group in range(file.metadata.num_row_groups):
        about = file.metadata.row_group(group)
        if split.start <= _start(about) and (split.end is None or _start(about) < split.end):
            first = number
            for batch in file.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False):
                yield first, batch.select(columns)
                first, done = first + len(batch), done + len(batch)
                source.report_upto(size * done // total)
        number += about.num_rows


def _size(stream: BinaryIO) -> int:
    return stream.seek(0, os.SEEK_END)


def _start(group: Any) -> int:
    """The byte at which a row group starts."""
    column = group.column(0)
    return int(min(column.data_page_offset, column.dictionary_page_offset or column.data_page_offset))


# ---------------------------------------------------------------- columns


def columns_of(schema: pa.Schema) -> list[str]:
    """The columns of events that a file has.

    Raises:
        UnsoundError: one is missing, stands twice, or is of a type that it must not be.
    """
    found = [name for name in _COLUMNS if name in schema.names]
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        named = f"it has no column {missing[0]}; it has {', '.join(schema.names[:20])}"
        raise UnsoundError(f"{named}. kittiwake inspect writes a shape for other columns")
    for name in found:
        if schema.names.count(name) > 1:
            raise UnsoundError(f"it has several columns {name}")
        _check(name, schema.field(name).type)
    return found


def _check(name: str, kind: pa.DataType) -> None:
    if is_text(kind):
        return
    if name in _TEXTS:
        raise UnsoundError(f"its column {name} is {kind} and has to be text")
    if name == "time" and not pa.types.is_timestamp(kind):
        raise UnsoundError(f"its column time is {kind} and has to be a timestamp in UTC, or text with offset")
    if name == "properties" and not (pa.types.is_struct(kind) or pa.types.is_map(kind)):
        raise UnsoundError(f"its column properties is {kind} and has to be text of JSON, a struct or a map")
    refuse_type(name, kind)


def chosen(schema: pa.Schema, columns: Sequence[str] | None) -> list[str]:
    """The columns of a shape that a file has.

    Raises:
        UnsoundError: it has none of them, one stands twice, or JSON has no word for one.
    """
    found = [name for name in dict.fromkeys(schema.names) if columns is None or name in columns]
    if not found:
        named = f"none of the columns {', '.join(columns or ())}"
        raise UnsoundError(f"it has {named}; it has {', '.join(schema.names[:20])}")
    for name in found:
        if schema.names.count(name) > 1:
            raise UnsoundError(f"it has several columns {name}")
        if not _is_local(schema.field(name).type):
            refuse_type(name, schema.field(name).type)
    return found


def _is_local(kind: pa.DataType) -> bool:
    """Whether a column has times without a zone, of which a shape says the zone."""
    return pa.types.is_timestamp(kind) and kind.tz is None


# ---------------------------------------------------------------- rows


def objects_of_batch(batch: pa.RecordBatch) -> list[bytes]:
    """A JSON object a row."""
    columns = batch.schema.names
    cells = [_cells(batch.column(name)) for name in columns]
    return [
        encode({name: cell for name, cell in zip(columns, row, strict=True) if cell is not None})
        for row in zip(*cells, strict=True)
    ]


def _cells(column: pa.Array) -> list[Any]:
    if _is_local(column.type):
        return [None if text is None else text.removesuffix("Z") for text in values(instants(column))]
    return values(column)


def lines_of_rows(batch: pa.RecordBatch, at: Sequence[int] | None) -> list[bytes]:
    """The lines of some rows of canonical columns, by index from 0, or of all (None)."""
    names = batch.schema.names
    if at is None:
        return lines_of_batch(batch, names)
    try:
        return lines_of_batch(batch.take(list(at)), names)
    except pa.ArrowNotImplementedError:  # of views of texts no rows can be chosen
        lines = lines_of_batch(batch, names)
        return [lines[one] for one in at]


def lines_of_batch(batch: pa.RecordBatch, columns: Sequence[str]) -> list[bytes]:
    """A line a row of the canonical `columns`; what is null is left out. Column by column, since a step in Python for
    every cell takes longest.
    """
    members = [_members(name, batch.column(name)) for name in columns]
    is_empty = reduce(pc.and_, (one.is_null() for one in members))  # of a row of nulls Arrow's join would make no row
    members[0] = pc.if_else(is_empty, pa.scalar(b"", pa.large_binary()), members[0])
    comma = pa.scalar(b",", pa.large_binary())
    joined = pc.binary_join_element_wise(*members, comma, null_handling="skip")
    return [b"{" + text + b"}" for text in joined.to_pylist()]


def _members(name: str, column: pa.Array) -> pa.Array:
    """A column as members of JSON objects."""
    if name == "properties" and is_text(column.type):
        return _encoded(name, [None if text is None else _json(text) for text in values(column)])
    if name == "time" and not is_text(column.type):
        column = instants(column)
    if name == "properties" or pc.any(pc.match_substring_regex(texts(column), _TO_ESCAPE)).as_py():
        return _encoded(name, values(column))
    head, end, between = (pa.scalar(one, pa.large_binary()) for one in (f'"{name}":"'.encode(), b'"', b""))
    return pc.binary_join_element_wise(head, texts(column).cast(pa.large_binary()), end, between)


def _encoded(name: str, cells: list[Any]) -> pa.Array:
    head = f'"{name}":'.encode()
    return pa.array([None if cell is None else head + encode(cell) for cell in cells], pa.large_binary())


def _json(text: str | msgspec.Raw) -> msgspec.Raw | str:
    """A JSON text as it is, in one line; what is none stays text, which is then the wrong type for properties."""
    if isinstance(text, msgspec.Raw):  # not UTF-8
        return text
    raw = text.encode()
    try:
        _raw(raw)
    except (msgspec.DecodeError, RecursionError):
        return text
    if b"\n" in raw or b"\r" in raw:  # in sound JSON between its words only
        raw = raw.replace(b"\n", b" ").replace(b"\r", b" ")
    return msgspec.Raw(raw)
