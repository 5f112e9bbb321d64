"""Ordinary rows of Arrow columns read by the accelerator: what `columns.bulk` reads without it.

Pure; needs pyarrow. The accelerator gets the bytes of the buffers of a block, cut to its rows. It takes rows whose
properties are JSON in text; all others are left to `columns.bulk`.
"""

from __future__ import annotations

import sys
from typing import Any, Final, NamedTuple

import pyarrow as pa

from kittiwake.input.arrow_values import is_text, texts
from kittiwake.input.bulk import ParsedBlocks, Wants
from kittiwake.input.native.blocks import ReadsRows, in_use, with_rest

_WIDTH: Final = 8
"""Bytes of a number, and of where a text begins."""

_UNITS: Final = {"s": (1_000_000, 1), "ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}
"""Microseconds of a unit, and how many of it are a microsecond."""


class _Validity(NamedTuple):
    bits: bytes | None
    skipped: int


class _Texts(NamedTuple):
    validity: _Validity
    starts: bytes
    data: bytes


class _Counted(NamedTuple):
    validity: _Validity
    numbers: bytes
    us: int
    per_us: int


class _Rows(NamedTuple):
    """What the accelerator takes, by these names."""

    rows: int
    event_ids: _Texts
    account_ids: _Texts
    contact_ids: _Texts
    item_ids: _Texts | None
    types: _Texts
    times: _Texts | _Counted
    properties: _Texts | None


def read_rows(
    batch: pa.RecordBatch,
    earliest_us: int,
    latest_us: int,
    wants: Wants,
    wants_of_items: Wants,
    keeping: ReadsRows | None = None,
) -> ParsedBlocks:
    """As `columns.bulk.read_columns`, of whose work the accelerator does what it can; `keeping` may keep events."""
    reading: ReadsRows | None = keeping or in_use()
    columns = None if reading is None else _rows_of(batch)
    if reading is None or columns is None:
        return _read_columns(batch, earliest_us, latest_us, wants, wants_of_items)
    found = reading.read_rows(columns, earliest_us, latest_us, wants)
    return with_rest(found, lambda left: _read_columns(batch.take(left), earliest_us, latest_us, wants, wants_of_items))


def _read_columns(
    batch: pa.RecordBatch, earliest_us: int, latest_us: int, wants: Wants, wants_of_items: Wants
) -> ParsedBlocks:
    from kittiwake.input.columns.bulk import read_columns  # noqa: PLC0415 - 100 ms, for rows that are left only

    return read_columns(batch, earliest_us, latest_us, wants, wants_of_items)


def _rows_of(batch: pa.RecordBatch) -> _Rows | None:
    """The columns of a block; None: it has none of contacts, or some that are not read here."""
    if not len(batch) or "contact_id" not in batch.schema.names or not all(map(_is_read, batch.schema)):
        return None
    names = batch.schema.names
    text = {name: _texts(batch.column(name)) for name in names if name != "time"}
    return _Rows(
        len(batch),
        text["event_id"],
        text["account_id"],
        text["contact_id"],
        text.get("item_id"),
        text["type"],
        _times(batch.column("time")),
        text.get("properties"),
    )


def _is_read(field: pa.Field) -> bool:
    """Whether a column is read here, and rows of it can be chosen."""
    kind = field.type
    is_time = field.name == "time" and pa.types.is_timestamp(kind)
    return is_time or (is_text(kind) and not pa.types.is_string_view(kind))


def _times(column: pa.Array) -> _Texts | _Counted:
    if is_text(column.type):
        return _texts(column)
    validity, numbers = column.buffers()
    us, per_us = _UNITS[column.type.unit]
    return _Counted(_validity(validity, column), _cut(numbers, column.offset, len(column)), us, per_us)


def _texts(column: pa.Array) -> _Texts:
    plain = texts(column)
    validity, starts, data = plain.buffers()
    starts = _cut(starts, plain.offset, len(plain) + 1)
    first, end = (int.from_bytes(one, sys.byteorder) for one in (starts[:_WIDTH], starts[-_WIDTH:]))
    return _Texts(_validity(validity, plain), starts, b"" if data is None else data[first:end].to_pybytes())


def _validity(bits: pa.Buffer | None, column: pa.Array) -> _Validity:
    skipped, within = divmod(column.offset, 8)
    if bits is None:
        return _Validity(None, 0)
    return _Validity(bits[skipped : skipped + (within + len(column) + 7) // 8].to_pybytes(), within)


def _cut(numbers: Any, first: int, number: int) -> bytes:
    found: bytes = numbers[first * _WIDTH : (first + number) * _WIDTH].to_pybytes()
    return found
