"""Types of input files: how each is known, by name or first bytes, and how it is read. A row of `FILE_TYPES` a type.

To add a type, write a reader that yields numbered blocks of lines, and add its row. Called by what finds, splits and
reads files; a reader reads from a stream that its caller has opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeAlias

from kittiwake.input.decompression import Source, gzip_blocks, zstd_blocks
from kittiwake.input.errors import InputError, UnsoundError, shown
from kittiwake.input.events import RAW_BYTES_MAX
from kittiwake.input.lines import Block, cut_lines
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.input.splits import BLOCK_BYTES, WHOLE, Split, owned_blocks, splits_of_size

Reader: TypeAlias = Callable[[Source, Split], Iterator[Block]]
"""From a stream at its beginning to the lines that start in a split of it, numbered from where the reader's blocks say.
Raises `UnsoundError` where the file cannot be read to its end, and `OSError`."""


class FileType(NamedTuple):
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


# ---------------------------------------------------------------- readers


def _read_lines(source: Source, split: Split) -> Iterator[Block]:
    if split.start:
        source.seek(split.start - 1)
    yield from cut_lines(owned_blocks(source, split), split.start)


def _read_gzip(source: Source, split: Split) -> Iterator[Block]:
    if not split.start:  # all of it starts in its first split
        yield from cut_lines(gzip_blocks(source, BLOCK_BYTES), 0)


def _read_zstd(source: Source, split: Split) -> Iterator[Block]:
    if not split.start:  # as above
        yield from cut_lines(zstd_blocks(source, BLOCK_BYTES), 0)


NEEDS_PYARROW: Final = "install pyarrow, which the extra kittiwake[parquet] brings"


def _read_parquet(source: Source, split: Split) -> Iterator[Block]:
    """The rows of a Parquet file as lines, numbered from the start of the file."""
    try:
        from kittiwake.input.parquet import lines_of  # noqa: PLC0415 - needs an extra, and 100 ms
    except ModuleNotFoundError:
        raise UnsoundError(f"it is a Parquet file: {NEEDS_PYARROW}") from None
    for number, lines in lines_of(source, split):
        if max(map(len, lines), default=0) <= RAW_BYTES_MAX:
            yield Block(number, lines, sum(map(len, lines)) + len(lines) - 1)
        else:
            for at, line in enumerate(lines):
                yield Block(number + at, [line[:RAW_BYTES_MAX]], len(line))


# ---------------------------------------------------------------- the table

_SKIPPED_FRAMES: Final = tuple(bytes([first, 0x2A, 0x4D, 0x18]) for first in range(0x50, 0x60))
"""What a zstd file may begin with as well: frames to be skipped."""

LINES: Final = FileType("JSON lines", (), (), True, False, _read_lines)
"""What a file is that neither its name nor its first bytes say to be anything else."""
GZIP: Final = FileType("JSON lines in gzip", (".gz",), (b"\x1f\x8b",), False, False, _read_gzip)
ZSTD: Final = FileType(
    "JSON lines in zstd", (".zst",), (b"\x28\xb5\x2f\xfd", *_SKIPPED_FRAMES), False, False, _read_zstd
)
PARQUET: Final = FileType("Parquet", (".parquet",), (b"PAR1",), True, True, _read_parquet)

FILE_TYPES: Final = (LINES, GZIP, ZSTD, PARQUET)
"""All of them."""

NOT_READ: Final = (".bz2", ".xz", ".zip", ".lz4", ".avro", ".tar", ".tar.gz", ".tgz", ".tar.zst")
"""Endings of files that would only make dead letters; of an archive, the first event of each file would be lost in the
heading before it."""

READ: Final = "JSON lines are read, plain, gzip or zstd, and Parquet"
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
    if file_type.is_canonical_only and shape.shape is not Shape.CANONICAL:
        only = f"{file_type.name} is read in the canonical shape only"
        raise InputError(f"cannot read {shown(name)} as {shape.shape}: {only}")


def splits_of(name: str, size: int, split_bytes: int) -> list[Split]:
    """The splits of a file of `size` bytes: one if its name says that it can only be read from its start.

    A compressed file that goes by another name may be cut too: then its first split is all of it.
    """
    named = type_by_name(name)
    return [WHOLE] if named is not None and not named.is_splittable else splits_of_size(size, split_bytes)
