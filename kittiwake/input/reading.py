"""Read files: open them, find out their type, and give their lines in blocks or as records.

Reads local files, and streams that a runner has opened; nothing else. Called by the batch hosts
and by `files`, which reads beginnings. How a type of file is read stands in `file_types`.

Why not Beam's `ReadFromText` (2.77, measured): a truncated gzip file ends silently, its last line cut in
two; one line of 64 MB takes nine minutes (it joins all it has read for every 8 KB); it knows no line numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from kittiwake.input.columns.blocks import AnyBlock, in_lines
from kittiwake.input.decompression import BEGINNING_BYTES, OnRead, Source
from kittiwake.input.errors import InputError, UnsoundError, shown
from kittiwake.input.file_types import refuse_misshapen, type_of
from kittiwake.input.lines import Block, Record, records_in
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.input.splits import BLOCK_BYTES, WHOLE, Split
from kittiwake.regular_files import open_file, path_of, why_not


def _ignore(_: int) -> None:
    """Nobody wants to know."""


def read_records(name: str, on_read: OnRead = _ignore, shape: InputShape = CANONICAL) -> Iterator[Record]:
    """The records of a local file.

    Raises:
        InputError: it cannot be read to its end; the records before have been yielded.
    """
    for block in read_blocks(name, on_read, shape):
        yield from records_in(block)


def read_blocks(name: str, on_read: OnRead = _ignore, shape: InputShape = CANONICAL) -> Iterator[Block]:
    """The lines of a local file, in blocks; those of rows are made.

    Raises:
        InputError: as `read_any`.
    """
    for block in read_any(name, on_read, shape):
        yield from in_lines(block)


def read_any(name: str, on_read: OnRead = _ignore, shape: InputShape = CANONICAL) -> Iterator[AnyBlock]:
    """The lines or rows of a local file, in blocks.

    Raises:
        InputError: it cannot be read to its end; the blocks before have been yielded.
    """
    try:
        size = path_of(name).stat().st_size
        with open_file(name) as stream:
            yield from any_blocks_of(stream, name, on_read, shape=shape)
        refuse_shrunk(name, size)
    except OSError as error:
        raise InputError(f"cannot read {shown(name)}: {why_not(name, error)}") from error


def refuse_shrunk(name: str, size: int) -> None:
    """Refuse a local file that has fewer bytes by now than it had when reading began: its end was not read.

    So does a log that is copied and then emptied (logrotate's `copytruncate`). A file that grows is read to some point.

    Raises:
        InputError: it has shrunk.
        OSError: it is gone.
    """
    now = path_of(name).stat().st_size
    if now < size:
        advice = "give a file that nobody writes any more, such as the copy that its rotation made"
        raise InputError(f"{shown(name)} shrank from {size:,} to {now:,} bytes while it was read: {advice}")


def records_of(stream: BinaryIO, name: str, on_read: OnRead = _ignore) -> Iterator[Record]:
    """The records of an open file; how they are written its name says, or else its first bytes.

    Raises:
        InputError: it cannot be read to its end.
    """
    for block in blocks_of(stream, name, on_read):
        yield from records_in(block)


def blocks_of(
    stream: BinaryIO, name: str, on_read: OnRead = _ignore, split: Split = WHOLE, shape: InputShape = CANONICAL
) -> Iterator[Block]:
    """The lines of an open file, in blocks; those of rows are made.

    Raises:
        InputError: as `any_blocks_of`.
    """
    for block in any_blocks_of(stream, name, on_read, split, shape):
        yield from in_lines(block)


def any_blocks_of(
    stream: BinaryIO, name: str, on_read: OnRead = _ignore, split: Split = WHOLE, shape: InputShape = CANONICAL
) -> Iterator[AnyBlock]:
    """The lines or rows of an open file, as in `records_of`, that start in a split of it, in blocks of about
    `BLOCK_BYTES`, of rows some megabytes.

    Of a split that does not begin the file they are numbered from its start. All of a compressed file starts in its
    first split. A Parquet file has rows, of the canonical `shape` only.

    Raises:
        InputError: it cannot be read to its end, or not in this shape.
    """
    try:
        yield from _blocks(Source(stream, on_read), name, split, shape)
    except (OSError, UnsoundError) as error:
        raise InputError(f"cannot read {shown(name)}: {_why(error)}") from error


def _why(error: OSError | UnsoundError) -> str:
    return str((isinstance(error, OSError) and error.strerror) or error)


def _blocks(source: Source, name: str, split: Split, shape: InputShape) -> Iterator[AnyBlock]:
    file_type = type_of(name, source.beginning(BEGINNING_BYTES if split.start else BLOCK_BYTES))
    refuse_misshapen(name, file_type, shape)
    if isinstance(shape.shape, Shape):
        yield from file_type.read(source, split)
    else:
        from kittiwake.input.mapped.files import mapped_blocks  # noqa: PLC0415 - 20 ms, for shape files only

        yield from mapped_blocks(file_type, source, split, shape.shape)
