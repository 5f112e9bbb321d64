"""Files of JSON lines, plain or gzip: which there are, and their records one by one.

Reads files, and nothing else of the outside world. Called by the driver; the job's reading step
uses `records_of` on streams that its runner opens. A line's end is LF or CRLF; lines of white space are skipped.

Why not Beam's `ReadFromText` (2.77, measured): a truncated gzip file ends silently, its last line cut in
two; one line of 64 MB takes nine minutes (it copies all it has read for every 8 KB); it knows no line numbers.
"""

from __future__ import annotations

import glob
import gzip
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TypeAlias, cast

from kittiwake.replay.errors import UnusableError
from kittiwake.replay.events import BOM, RAW_BYTES_MAX

BLOCK_BYTES: Final = 128 * 1024
"""Bytes read at once: few calls, little memory."""

FILES_MAX: Final = 100_000
"""Files of one run: their names travel in one element, and more of them are better joined first."""

GZIP_MAGIC: Final = b"\x1f\x8b"
NOT_READ: Final = (".bz2", ".xz", ".zst", ".zip", ".lz4", ".parquet", ".avro")
"""Endings of files that would only make dead letters."""

_READ_ERRORS: Final = (OSError, EOFError, zlib.error)
"""What reading a missing, forbidden, torn or corrupt file raises (`gzip.BadGzipFile` is an OSError)."""


OnRead: TypeAlias = Callable[[int], None]
"""Told how many bytes have just been read from the file, for progress."""


def _ignore(_: int) -> None:
    """Nobody wants to know."""


class InputError(UnusableError):
    """An input that cannot be read; the message names the file."""


class Record(NamedTuple):
    """A line of a file, without its end."""

    number: int
    """From 1."""
    raw: bytes
    """Its bytes, or the first `RAW_BYTES_MAX` of them."""
    size: int
    """How many bytes it has."""


def find_files(patterns: Sequence[str]) -> list[str]:
    """The files that paths and globs (`**` too) name, each once, in order of name; their beginnings have been read.

    Raises:
        InputError: a pattern names nothing, or a file cannot be read.
    """
    found = sorted({name for pattern in patterns for name in _matches(pattern)})
    if len(found) > FILES_MAX:
        raise InputError(f"{len(found)} files are more than the {FILES_MAX} that one run reads: join them first")
    for name in found:
        refuse_unknown(name)
        if Path(name).exists() and not Path(name).is_file():
            raise InputError(f"cannot read {shown(name)}: it is no file" + _advice(name))
        next(read_records(name), None)
    return found


def _advice(name: str) -> str:
    return f" but a folder: write {shown(name).rstrip('/')}/*.jsonl" if Path(name).is_dir() else ""


def _matches(pattern: str) -> list[str]:
    """What one pattern names; a glob names no folders."""
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return [pattern]
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207 (Path.glob takes no absolute pattern)
    files = [name for name in found if not Path(name).is_dir()]
    if not files:
        raise InputError(f"no file matches {shown(pattern)}")
    return files


def refuse_unknown(name: str) -> None:
    """Refuse a file whose name says that it holds no JSON lines.

    Raises:
        InputError: it does.
    """
    if name.lower().endswith(NOT_READ):
        raise InputError(f"cannot read {shown(name)}: only JSON lines are read, plain or gzip")


class Block(NamedTuple):
    """Some whole lines of a file."""

    number: int
    """That of the first line."""
    text: bytes
    """The lines, the end of the last one cut off; of a line beyond `RAW_BYTES_MAX`, which is alone, its beginning."""
    size: int
    """How many bytes they have."""


def read_records(name: str, on_read: OnRead = _ignore) -> Iterator[Record]:
    """The records of a local file.

    Raises:
        InputError: it cannot be read to its end; the records before have been yielded.
    """
    for block in read_blocks(name, on_read):
        yield from records_in(block)


def read_blocks(name: str, on_read: OnRead = _ignore) -> Iterator[Block]:
    """The lines of a local file, in blocks.

    Raises:
        InputError: it cannot be read to its end; the blocks before have been yielded.
    """
    try:
        with Path(name).open("rb") as stream:
            yield from blocks_of(stream, name, on_read)
    except OSError as error:
        raise InputError(f"cannot read {shown(name)}: {error.strerror or error}") from error


def records_of(stream: BinaryIO, name: str, on_read: OnRead = _ignore) -> Iterator[Record]:
    """The records of an open file; gzip if its name ends in `.gz` or its bytes begin like it.

    Raises:
        InputError: it cannot be read to its end.
    """
    for block in blocks_of(stream, name, on_read):
        yield from records_in(block)


def blocks_of(stream: BinaryIO, name: str, on_read: OnRead = _ignore) -> Iterator[Block]:
    """The lines of an open file, as in `records_of`, in blocks of about `BLOCK_BYTES`.

    Raises:
        InputError: it cannot be read to its end.
    """
    source = _Stream(stream, on_read)
    try:
        yield from _whole_lines(_blocks(source, is_gzip_name=name.lower().endswith(".gz")))
    except _READ_ERRORS as error:
        raise InputError(f"cannot read {shown(name)}: {_why(error)}") from error


def shown(name: str) -> str:
    """A file's name for people and outputs, also where it is not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _why(error: Exception) -> str:
    if isinstance(error, (gzip.BadGzipFile, zlib.error)):
        return f"it is no sound gzip file ({error})"
    if isinstance(error, EOFError):
        return "the gzip file is cut off before its end"
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)


class _Stream:
    """A stream that tells how much is read, and takes bytes back: not every file system can seek."""

    def __init__(self, stream: BinaryIO, on_read: OnRead) -> None:
        self._stream = stream
        self._on_read = on_read
        self._given_back = b""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        if self._given_back:
            block, self._given_back = self._given_back[:size], self._given_back[size:]
            return block
        block = self._stream.read(size)
        self._on_read(len(block))
        return block

    def give_back(self, block: bytes) -> None:
        """Have `block` read again."""
        self._given_back = block


def _blocks(stream: _Stream, *, is_gzip_name: bool) -> Iterator[bytes]:
    """The file's bytes, decompressed."""
    first = stream.read(BLOCK_BYTES)
    stream.give_back(first)
    if not is_gzip_name and not first.startswith(GZIP_MAGIC):
        while block := stream.read(BLOCK_BYTES):
            yield block
        return
    if not first:
        raise EOFError
    with gzip.GzipFile(fileobj=cast("BinaryIO", stream)) as unzipped:
        while block := unzipped.read(BLOCK_BYTES):
            yield block


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[Block]:
    """Blocks cut at ends of lines; an endless line costs no more memory than `RAW_BYTES_MAX`."""
    number, head, size = 1, b"", 0
    for block in blocks:
        first, last = block.find(b"\n"), block.rfind(b"\n")
        if first < 0:
            head, size = head + block[: RAW_BYTES_MAX - len(head)], size + len(block)
            continue
        if size + first > RAW_BYTES_MAX:
            yield Block(number, head + block[: RAW_BYTES_MAX - len(head)][:first], size + first)
            number, head, block, last = number + 1, b"", block[first + 1 :], last - first - 1
        if last >= 0:
            text = head + block[:last]
            yield Block(number, text, len(text))
            number += text.count(b"\n") + 1
        head = block[last + 1 :]
        size = len(head)
    if size:
        yield Block(number, head, size)


def lines_in(block: Block) -> list[bytes]:
    """The lines of a block, blank ones too."""
    return block.text.split(b"\n")


def records_in(block: Block) -> Iterator[Record]:
    """The records of a block."""
    for at, text in enumerate(lines_in(block)):
        yield from record_at(block, at, text)


def record_at(block: Block, at: int, text: bytes) -> Iterator[Record]:
    """The record in the line `text`, the block's `at`-th from 0; none if it is blank."""
    return _record(block.number + at, text, len(text) if block.size == len(block.text) else block.size)


def _record(number: int, head: bytes, size: int) -> Iterator[Record]:
    """One record or, for a line of white space, none."""
    if head.endswith(b"\r") and len(head) == size:
        head, size = head[:-1], size - 1
    if head and not head.isspace() and head != BOM:
        yield Record(number, head, size)
