"""How a file is written, by its first megabyte: JSON lines, JSON documents, CSV or Parquet, and its encoding.

Reads the beginnings of files.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from kittiwake.input.decompression import BEGINNING_BYTES, Source
from kittiwake.input.errors import InputError, UnsoundError, shown
from kittiwake.input.file_types import LINES, NOT_READ, PARQUET, UTF_16, type_of
from kittiwake.input.foreign.kinds import NO_TEXT, kind_of
from kittiwake.input.formats.encodings import UTF_16_MARKS
from kittiwake.input.mapping.spec import Encoding, FieldPath, Format
from kittiwake.inspect.json_layout import is_json_start, layout_of_json
from kittiwake.inspect.values import is_number_text, time_form
from kittiwake.regular_files import open_file, why_not

BEGINNING: Final = 1024 * 1024
"""Bytes, unpacked, by which a file is judged."""

DELIMITERS: Final = (",", ";", "\t", "|")
ROWS_JUDGED: Final = 50
_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "|"}


class Layout(NamedTuple):
    """How the records of a file are written."""

    format: Format
    words: str
    """For people."""
    at: FieldPath = ()
    delimiter: str = ","
    encoding: Encoding = Encoding.UTF_8


def layout_of(name: str) -> Layout:
    """How a file is written.

    Raises:
        InputError: it cannot be read, is empty, or holds nothing that is read.
    """
    try:
        packed, beginning = _beginning(name)
    except OSError as error:
        raise InputError(f"cannot read {shown(name)}: {why_not(name, error)}") from error
    except UnsoundError as error:
        raise InputError(f"cannot read {shown(name)}: {error}") from error
    if packed == PARQUET.name:
        return Layout(Format.PARQUET, "Parquet")
    kind = kind_of(beginning)
    if kind is not None:
        raise InputError(f"cannot read {shown(name)}: it is {kind}")
    if not beginning.strip():
        raise InputError(f"{shown(name)} is empty: there is nothing to inspect")
    return _of_text(name, beginning, packed)


def _beginning(name: str) -> tuple[str, bytes]:
    """The file's type, and its first bytes, unpacked."""
    if Path(name).is_dir():
        raise InputError(
            f"cannot read {shown(name)}: it is no file but a folder: name its files, such as {shown(name)}/*.csv"
        )
    if name.lower().endswith(NOT_READ):
        raise InputError(f"cannot read {shown(name)}: unpack it; gzip and zstd are read as they are")
    with open_file(name) as stream:
        source = Source(stream, lambda _: None)
        file_type = type_of(name, source.beginning(BEGINNING_BYTES))
        if file_type.unpack is None:
            return file_type.name, b""
        return file_type.name, b"".join(_some(file_type.unpack(source)))


def _some(blocks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        yield block
        size += len(block)
        if size >= BEGINNING:
            return


def _of_text(name: str, beginning: bytes, packed: str) -> Layout:
    text, encoding, words = _decoded(beginning)
    words += f", {packed.removeprefix('JSON lines ')}" if packed not in (LINES.name, UTF_16.name) else ""
    if is_json_start(text):
        if encoding is not Encoding.UTF_8:
            raise InputError(f"cannot read {shown(name)}: it is JSON in another encoding than UTF-8: write it in UTF-8")
        format_, at, what = layout_of_json(text)
        return Layout(format_, what + words, at)
    return _of_rows(name, text, encoding, words)


def _decoded(beginning: bytes) -> tuple[str, Encoding, str]:
    """The text, what a shape has to say of its encoding, and that for people."""
    if beginning.startswith(UTF_16_MARKS):
        return beginning.decode("utf-16", "ignore"), Encoding.UTF_8, ", in UTF-16"
    words = ", with a byte order mark" if beginning.startswith(codecs.BOM_UTF8) else ""
    beginning = beginning.removeprefix(codecs.BOM_UTF8)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return decoder.decode(beginning), Encoding.UTF_8, words
    except UnicodeDecodeError:
        pass
    try:
        return beginning.decode("windows-1252"), Encoding.WINDOWS_1252, ", in Windows-1252"
    except UnicodeDecodeError:
        return beginning.decode("latin-1"), Encoding.LATIN_1, ", in Latin-1"


# ---------------------------------------------------------------- rows


def _of_rows(name: str, text: str, encoding: Encoding, words: str) -> Layout:
    lines = text.split("\n")
    sample = "\n".join(lines[: ROWS_JUDGED + 1] if len(lines) > ROWS_JUDGED + 1 else lines)
    delimiter, header = _delimiter(sample)
    if "\x00" in text:
        raise InputError(f"cannot read {shown(name)}: it is {NO_TEXT}")
    if len(header) < 2:
        raise InputError(f"cannot read {shown(name)}: it is neither JSON nor rows with , ; | or tabs between")
    if any(is_number_text(cell) or time_form(cell) for cell in header):
        advice = "give it one, or read it with --query: docs/how-to/bring-your-data.md#rows-without-a-header"
        raise InputError(f"cannot read {shown(name)}: its rows have no header: {advice}")
    kind = "TSV" if delimiter == "\t" else "CSV"
    between = "" if delimiter in ",\t" else f" with {_NAMES[delimiter]} between"
    return Layout(Format.CSV, f"{kind}{between}, {len(header)} columns{words}", (), delimiter, encoding)


def _delimiter(sample: str) -> tuple[str, list[str]]:
    """The delimiter with which most rows have as many fields as the header, and the header."""
    best: tuple[float, int, str, list[str]] = (0.0, 0, ",", [])
    for delimiter in DELIMITERS:
        rows = [row for row in _rows(sample, delimiter) if row]
        if not rows or len(rows[0]) < 2:
            continue
        same = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        best = max(best, (same, len(rows[0]), delimiter, rows[0]))
    return best[2], best[3]


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(sample.split("\n"), delimiter=delimiter))[:ROWS_JUDGED]
    except csv.Error:
        return []
