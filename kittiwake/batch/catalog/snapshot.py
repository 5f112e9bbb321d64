"""The products of a snapshot, one by one: CSV with a heading, or JSON Lines, plain or packed.

Reads one local file. A snapshot whose first character is `{` is JSON Lines, any other is CSV, whatever its name is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from kittiwake.batch.catalog.columns import Columns, Product, ProductReader, refuse_unknown, wrong
from kittiwake.input.decompression import OnRead
from kittiwake.input.errors import InputError, shown
from kittiwake.input.events import BOM, record_of
from kittiwake.input.fields import RefusedError
from kittiwake.input.file_types import PARQUET, is_not_read, type_by_name
from kittiwake.input.lines import Record, is_cut, record_at
from kittiwake.input.reading import read_blocks
from kittiwake.values import lookup

COLUMNS_MAX: Final = 10_000
"""Names of columns that are remembered of JSON Lines, to see that those which were named have come."""

DELIMITERS: Final = (";", "\t", "|")
"""What else than a comma may stand between the fields of a CSV file; a message names it."""


def read_snapshot(file: str, reader: ProductReader, delimiter: str, is_new: bool, on_read: OnRead) -> Iterator[Product]:
    """The products of a file, as they stand there.

    Columns that were named have to be there in the new snapshot; one that the old does not have is new.

    Raises:
        InputError: it cannot be read to its end, or a line is no product; the message says where and what to do.
    """
    if is_not_read(file) or type_by_name(file) is PARQUET:
        raise InputError(f"cannot read {shown(file)}: a snapshot is CSV or JSON Lines, plain, gzip or zstd")
    lines = _lines(file, on_read)
    first = next(lines, None)
    if first is None:
        return
    if (why := _why_foreign(first.raw.strip())) is not None:
        raise wrong(file, first.number, why)
    rest, columns = chain([first], lines), reader.columns
    is_json = first.raw.lstrip().startswith(b"{")
    rows = _json_rows(file, columns, rest, is_new) if is_json else _csv_rows(file, columns, rest, is_new, delimiter)
    for line, row in rows:
        product = reader.product(row, file, line)
        if product is not None:
            yield product


def _why_foreign(first: bytes) -> str | None:
    """Why a file that begins so is no snapshot; None: it may be one."""
    if first.startswith(b"["):
        return "it is a JSON array: write one product a line, as `jq -c '.[]'` does"
    if first == b"{":
        return "it is one JSON object of several lines: write one product a line, as `jq -c '.products[]'` does"
    if first.startswith(b"<"):
        return "it is XML or HTML: export CSV or JSON Lines, as most shops can, with one product a row"
    return None


def _lines(file: str, on_read: OnRead) -> Iterator[Record]:
    """The lines of a file; blank ones only inside, where a text of CSV may hold them."""
    is_first = True
    for block in read_blocks(file, on_read):
        if is_cut(block):
            raise wrong(file, block.number, f"the line is longer than {len(block.lines[0]):,} bytes")
        for at, raw in enumerate(block.lines):
            if is_first:
                for record in record_at(block, at):
                    yield record._replace(raw=record.raw.removeprefix(BOM))
                    is_first = False
            else:
                yield Record(block.number + at, raw.removesuffix(b"\r"), len(raw))


# ---------------------------------------------------------------- JSON Lines


def _json_rows(
    file: str, columns: Columns, lines: Iterator[Record], is_new: bool
) -> Iterator[tuple[int, dict[str, Any]]]:
    seen: set[str] = set()
    number = 1
    for record in lines:
        number, raw = record.number, record.raw
        if raw and not raw.isspace():
            row = _object(file, number, raw)
            if len(seen) < COLUMNS_MAX:
                seen.update(row)
                seen.update(_paths_in(row, columns))
            yield number, row
    if is_new and len(seen) < COLUMNS_MAX:
        refuse_unknown(columns, sorted(seen), file, number)


def _paths_in(row: dict[str, Any], columns: Columns) -> Iterator[str]:
    """The named paths that lead to a value."""
    for path in () if columns.compared is None else columns.compared.values():
        if "." in path and path not in row and lookup(row, tuple(path.split("."))) is not None:
            yield path


def _object(file: str, number: int, raw: bytes) -> dict[str, Any]:
    try:
        return record_of(raw, len(raw))
    except RefusedError as refused:
        raise wrong(file, number, refused.detail) from None


# ---------------------------------------------------------------- CSV


def _csv_rows(
    file: str, columns: Columns, lines: Iterator[Record], is_new: bool, delimiter: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    numbered = _Numbered(file, lines)
    reader = csv.reader(numbered, delimiter=delimiter, strict=True)
    heading: list[str] = []
    try:
        for fields in reader:
            begun = numbered.begin_next()
            if not heading:
                heading = _heading(file, begun, fields, columns, is_new)
            elif fields:
                if len(fields) != len(heading):
                    advice = "put a text with the delimiter or a line end in quotes"
                    raise wrong(file, begun, f"it has {len(fields)} fields, the heading has {len(heading)}: {advice}")
                row = {name: field or None for name, field in zip(heading, fields, strict=True)}
                yield begun, row | {columns.item: (row[columns.item] or "").strip() or None}
    except csv.Error as error:
        raise wrong(file, numbered.begun, _why_no_csv(str(error))) from None


def _why_no_csv(error: str) -> str:
    if "new-line character" in error:
        return "lines end in a carriage return alone: export it with line feeds"
    return f"the row is no CSV: {error}"


class _Numbered:
    """The lines of a file as the reader of CSV wants them, and where the row begins that it reads."""

    def __init__(self, file: str, lines: Iterator[Record]) -> None:
        self._file = file
        self._lines = lines
        self._at = 0
        self.begun = 0
        """The first line of the row that is being read; 0: none has been asked for."""

    def __iter__(self) -> _Numbered:
        return self

    def __next__(self) -> str:
        record = next(self._lines)
        number, raw = record.number, record.raw
        self._at = number
        self.begun = self.begun or number
        try:
            return raw.decode() + "\n"
        except UnicodeDecodeError:
            raise wrong(self._file, number, "the line is not UTF-8: export it as UTF-8") from None

    def begin_next(self) -> int:
        """Where the row began that has been read; the next begins with the next line."""
        begun, self.begun = self.begun, 0
        return begun


def _heading(file: str, line: int, fields: list[str], columns: Columns, is_new: bool) -> list[str]:
    names = [field.strip() for field in fields]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise wrong(file, line, f"two columns are called {twice[0]}")
    other = next((mark for mark in DELIMITERS if len(names) == 1 and mark in names[0]), None)
    if other is not None:
        raise wrong(file, line, f"the heading is one column: say --delimiter {other!r}")
    refuse_unknown(columns if is_new else Columns(columns.item, None, frozenset()), names, file, line)
    return names
