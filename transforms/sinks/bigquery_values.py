"""JSON values of a table's row as Python values, which the Storage Write API takes, and back."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any, Final

from apache_beam.utils.timestamp import Timestamp

from kittiwake.stream.tables.rows import TableRow
from kittiwake.stream.tables.schema import ColumnMode, Table, Type
from kittiwake.time.instants import format_instant, parse_instant

DATE_TYPE: Final = {Type.DATE.value: date}
"""Beam knows how a date travels to Java, and only does not take it by default."""

_TYPED: Final[dict[Type, Any]] = {
    Type.TIMESTAMP: lambda text: Timestamp(micros=parse_instant(text)),
    Type.DATE: date.fromisoformat,
    Type.BYTES: base64.b64decode,
}
_JSON: Final[dict[Type, Any]] = {
    Type.TIMESTAMP: lambda instant: format_instant(instant.micros),
    Type.DATE: date.isoformat,
    Type.BYTES: lambda raw: base64.b64encode(raw).decode(),
}


def typed_row(row: TableRow, table: Table) -> dict[str, Any]:
    """The row with values of the types that Beam's schema of the table has."""
    return _converted(row, table, _TYPED)


def json_row(row: dict[str, Any], table: Table) -> TableRow:
    """The row that `typed_row` was given."""
    return _converted(row, table, _JSON)


def _converted(row: dict[str, Any], table: Table, by_type: dict[Type, Any]) -> dict[str, Any]:
    return {one.name: _value(row[one.name], by_type.get(one.type), one.mode) for one in table.columns}


def _value(value: Any, convert: Any, mode: ColumnMode) -> Any:
    if mode is ColumnMode.REPEATED:
        return list(value or [])
    return value if value is None or convert is None else convert(value)
