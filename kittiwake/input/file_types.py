"""Types of input files: how each is known, by name or first bytes, and how it is read. A row of `FILE_TYPES` a type.

To add a type, write a reader that yields numbered blocks of lines, and add its row. Called by what finds, splits and
reads files; a reader reads from a stream that its caller has opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from kittiwake.input.columns.blocks import AnyBlock
from kittiwake.input.decompression import Source, gzip_blocks, zstd_blocks
from kittiwake.input.errors import InputError, UnsoundError, shown
from kittiwake.input.formats.encodings import UTF_16_MARKS, from_utf16
from kittiwake.input.lines import Block, blocks_of_lines, cut_lines
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.input.splits import BLOCK_BYTES, WHOLE, Split, owned_blocks, splits_of_size

Reader: TypeAlias = Callable[[Source, Split], Iterator[AnyBlock]]
"""From a stream at its beginning to what starts in a split of it, lines or rows, numbered from where its blocks say.
Raises `UnsoundError` where the file cannot be read to its end, and `OSError`."""


class FileType(msgspec.Struct, frozen=True):
    """How the records of a file are written."""

    name: str
    """For people."""
    endings: tuple[str, ...]
    """Of names that say it, whatever the first bytes are: so garbage in an archive is no text."""
    signatures: tuple[bytes, ...]
    """First bytes that say it, where the name does not."""
    is_splittable: bool
    """Whether a reader can begin in the middle of a file."""
    is_canonical_only: bool
    """Whether its records have the canonical fields, by the type itself."""
    read: Reader
    unpack: Callable[[Source], Iterator[bytes]] | None
    """From a stream at its beginning to all bytes of the file, in blocks; None: it holds no text."""


# ---------------------------------------------------------------- readers


def _read_lines(source: Source, split: Split) -> Iterator[Block]:
    if split.start:
        source.seek(split.start - 1)
    yield from cut_lines(owned_blocks(source, split), split.start)


def _plain_blocks(source: Source) -> Iterator[bytes]:
    while block := source.read(BLOCK_BYTES):
        yield block


def _gzip_blocks(source: Source) -> Iterator[bytes]:
    return gzip_blocks(source, BLOCK_BYTES)


def _zstd_blocks(source: Source) -> Iterator[bytes]:
    return zstd_blocks(source, BLOCK_BYTES)


def _read_from_start(unpack: Callable[[Source], Iterator[bytes]]) -> Reader:
    """A reader of what can only be read from its start: all of it starts in its first split."""

    def read(source: Source, split: Split) -> Iterator[Block]:
        if not split.start:
            yield from cut_lines(from_utf16(unpack(source)), 0)

    return read


NEEDS_PYARROW: Final = "install pyarrow, which the extra kittiwake[parquet] brings"


def _parquet() -> Any:
    try:
        from kittiwake.input import parquet  # noqa: PLC0415 - needs an extra, and 100 ms
    except ModuleNotFoundError:
        raise UnsoundError(f"it is a Parquet file: {NEEDS_PYARROW}") from None
    return parquet


def _read_parquet(source: Source, split: Split) -> Iterator[AnyBlock]:
    """The rows of a Parquet file of canonical columns, numbered from the start of the file."""
    yield from _parquet().rows_of(source, split)


def read_objects(source: Source, split: Split, columns: Sequence[str] | None) -> Iterator[Block]:
    """The rows of a Parquet file as JSON objects of these columns, or of all (None); numbered as above."""
    for number, lines in _parquet().objects_of(source, split, columns):
        yield from blocks_of_lines(number, lines)


# ---------------------------------------------------------------- the table

_SKIPPED_FRAMES: Final = tuple(bytes([first, 0x2A, 0x4D, 0x18]) for first in range(0x50, 0x60))
"""What a zstd file may begin with as well: frames to be skipped."""

LINES: Final = FileType("JSON lines", (), (), True, False, _read_lines, _plain_blocks)
"""What a file is that neither its name nor its first bytes say to be anything else."""
UTF_16: Final = FileType(
    "JSON lines in UTF-16", (), UTF_16_MARKS, False, False, _read_from_start(_plain_blocks), _plain_blocks
)
GZIP: Final = FileType(
    "JSON lines in gzip", (".gz",), (b"\x1f\x8b",), False, False, _read_from_start(_gzip_blocks), _gzip_blocks
)
ZSTD: Final = FileType(
    "JSON lines in zstd",
    (".zst",),
    (b"\x28\xb5\x2f\xfd", *_SKIPPED_FRAMES),
    False,
    False,
    _read_from_start(_zstd_blocks),
    _zstd_blocks,
)
PARQUET: Final = FileType("Parquet", (".parquet",), (b"PAR1",), True, True, _read_parquet, None)

FILE_TYPES: Final = (LINES, UTF_16, GZIP, ZSTD, PARQUET)
"""All of them."""

NOT_READ: Final = (".bz2", ".xz", ".zip", ".lz4", ".avro", ".tar", ".tar.gz", ".tgz", ".tar.zst")
"""Endings of files that would only make dead letters; of an archive, the first event of each file would be lost in the
heading before it."""

READ: Final = "JSON lines are read, plain, gzip or zstd, in UTF-8 or UTF-16, and Parquet"
"""What is read, for those who named something else."""


def type_by_name(name: str) -> FileType | None:
    """What the name of a file says that it holds; None: nothing."""
    lower = name.lower()
    return next((one for one in FILE_TYPES if one.endings and lower.endswith(one.endings)), None)


def type_of(name: str, beginning: bytes) -> FileType:
    """What a file holds: its name goes before its first bytes, so that garbage in an archive is no text.

    >>> type_of("a.gz", b"garbage").name, type_of("a", b"garbage").name
    ('JSON lines in gzip', 'JSON lines')
    """
    named = type_by_name(name)
    if named is not None:
        return named
    return next((one for one in FILE_TYPES if one.signatures and beginning.startswith(one.signatures)), LINES)


def is_not_read(name: str) -> bool:
    """Whether the name of a file says that it holds nothing that is read."""
    return name.lower().endswith(NOT_READ)


def refuse_misshapen(name: str, file_type: FileType, shape: InputShape) -> None:
    """Refuse a file whose type brings canonical fields, where another shape is asked for.

    Raises:
        InputError: it is one.
    """
    if isinstance(shape.shape, Shape):
        if file_type.is_canonical_only and shape.shape is not Shape.CANONICAL:
            only = f"{file_type.name} is read in the canonical shape only"
            raise InputError(f"cannot read {shown(name)} as {shape.shape}: {only}")
    elif (file_type is PARQUET) is not shape.shape.is_of_columns:
        wanted = "parquet" if file_type is PARQUET else "json_lines, json or csv"
        advice = f"write records: {{format: {wanted}}} into the shape"
        raise InputError(f"cannot read {shown(name)} as {shape.shape}: it is {file_type.name}: {advice}")


def splits_of(name: str, size: int, split_bytes: int) -> list[Split]:
    """The splits of a file of `size` bytes: one if its name says that it can only be read from its start.

    A compressed file that goes by another name may be cut too: then its first split is all of it.
    """
    named = type_by_name(name)
    return [WHOLE] if named is not None and not named.is_splittable else splits_of_size(size, split_bytes)
