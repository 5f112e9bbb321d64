"""Parts of snapshots as they travel in a graph, and their rows. Read by jobs that start from them, batch and stream."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from kittiwake.output.snapshot_set import RowSum, SnapshotFile
from transforms.input_files import lines_of


class SnapshotSource(NamedTuple):
    """Rows of snapshots that are read as one: a part of a file, of a size that a worker commits at once."""

    path: str
    expected: SnapshotFile
    """What the launch has found in it."""
    start: int = 0
    """The byte at which it begins."""
    end: int | None = None
    """The byte after it; None: the whole file, which is compressed."""


def encoded_part(source: SnapshotSource) -> bytes:
    """A part as an element of a graph."""
    return _encode(source)


def rows_of_part(part: bytes) -> Iterator[bytes]:
    """The rows of a part that `encoded_part` made, without the ends of their lines.

    Raises:
        InputError, OSError: it cannot be read.
        SnapshotSetError: it is not what the launch has found, which is known behind its last row.
    """
    source, rows = _decode(part), RowSum()
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
_decode: Final = msgspec.json.Decoder(SnapshotSource).decode
