"""Rows of Parquet files as the lines they were written from: the law of the format, and how tests read an output."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from kittiwake.output.parquet_rows import JSON_TEXTS
from kittiwake.output.rows import line
from kittiwake.time.instants import format_instant, instant_of


def lines_of(*paths: Path) -> list[bytes]:
    """The line of every row, in order."""
    return [line({name: _value(name, cell) for name, cell in row.items()}) for path in paths for row in _rows(path)]


def lines_below(folder: Path) -> list[bytes]:
    """The lines of all parts of a folder, sorted."""
    parts = sorted(folder.glob("*.parquet"))
    assert parts, f"{folder} has no part"
    return sorted(lines_of(*parts))


def _rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def _value(name: str, cell: Any) -> Any:
    if name in JSON_TEXTS and cell is not None:
        return msgspec.Raw(cell.encode())
    if isinstance(cell, dict):
        return {key: _value(key, value) for key, value in cell.items()}
    if isinstance(cell, datetime):
        return format_instant(instant_of(cell))
    return cell.isoformat() if isinstance(cell, date) else cell
