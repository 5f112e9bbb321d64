"""The formats in which hosts write rows (`--format`), and files of rows in each.

Rows come as the lines of `kittiwake.output.rows`, whatever the format: hosts differ in nothing else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import BinaryIO, Final, Protocol

from kittiwake.errors import UnusableError
from kittiwake.input.file_types import NEEDS_PYARROW


class Format(StrEnum):
    """How rows are written."""

    JSONL = "jsonl"
    """One JSON object a line."""
    PARQUET = "parquet"
    """A column for every field, see `kittiwake.output.parquet_rows`."""


class RowFile(Protocol):
    """A file of rows that is being written."""

    def write(self, lines: bytes) -> None:
        """Add one row or several, as lines without the end of the last."""

    def close(self) -> None:
        """Write what is left; the stream stays open."""


def row_file(stream: BinaryIO, folder: str, written: Format) -> RowFile:
    """A file of the rows of `triggers`, `decisions` or `dead_letters`, on an open stream."""
    if written is Format.JSONL:
        return _LineFile(stream)
    from kittiwake.output.parquet_rows import ParquetFile  # noqa: PLC0415 - needs an extra, and 100 ms

    return ParquetFile(stream, folder)


def check_format(written: Format) -> None:
    """Refuse a format for which something is not installed.

    Raises:
        UnusableError: pyarrow is missing.
    """
    if written is Format.PARQUET:
        try:
            import pyarrow.parquet  # noqa: F401, PLC0415 - needs an extra, and 100 ms
        except ModuleNotFoundError:
            raise UnusableError(f"to write Parquet, {NEEDS_PYARROW}") from None


class _LineFile:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, lines: bytes) -> None:
        self._stream.write(lines)  # not joined: rows may be many
        self._stream.write(b"\n")

    def close(self) -> None:
        """Nothing is left."""


PART: Final = "part"
"""What the name of a file of rows begins with."""

ITEMS: Final = "items"
"""What the name of a file of snapshots of items begins with, beside those of contacts."""

FEEDS: Final = "feeds"
"""What the name of a file of snapshots of feeds and breakers begins with."""


def only_part(written: Format, part: str = PART) -> str:
    """The one file of a folder, called as the job calls its first."""
    return f"{part}-00000-of-00001.{written.value}"
