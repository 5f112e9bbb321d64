"""Files of events, JSON lines or Parquet: which there are, and their records one by one.

Reads files, and nothing else of the outside world. Called by the driver; the job's reading step
uses `blocks_of` on streams that its runner opens. A line's end is LF or CRLF; lines of white space are skipped.

Why not Beam's `ReadFromText` (2.77, measured): a truncated gzip file ends silently, its last line cut in
two; one line of 64 MB takes nine minutes (it copies all it has read for every 8 KB); it knows no line numbers.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.input.decompression import OnRead, Source, UnsoundError, unpacked_blocks
from kittiwake.input.events import BOM, RAW_BYTES_MAX
from kittiwake.input.file_types import BEGINNING_BYTES, READ, Kind, is_not_read, kind_by_name, kind_of
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.input.splits import BLOCK_BYTES, WHOLE, Part, owned_blocks
from kittiwake.regular_files import open_file, why_not

FILES_MAX: Final = 100_000
"""Files of one run: their names travel in one element, and more of them are better joined first."""


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
        if Path(name).is_dir():
            raise InputError(f"cannot read {shown(name)}: it is no file but a folder: write {_inside(name)}")
        next(read_records(name), None)
    return found


def _inside(folder: str) -> str:
    """The glob for the files of a folder, or of the folders that a glob names."""
    plain = folder.rstrip("/")
    return f"{shown(plain)}/*{'.parquet' if kind_by_name(plain) is Kind.PARQUET else '.jsonl'}"


def _matches(pattern: str) -> list[str]:
    """What one pattern names; a glob names no folders but those whose name is that of a file, see `_is_meant`."""
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return [pattern]
    _refuse_unlisted(pattern)
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207 (Path.glob takes no absolute pattern)
    parents = {os.fspath(parent) for name in found for parent in Path(name).parents}
    files = [name for name in found if not Path(name).is_dir()]
    files += [name for name in found if files and Path(name).is_dir() and _is_meant(name, parents)]
    if not files:
        advice = f", only folders do: write {_inside(pattern)}" if found else ""
        raise InputError(f"no file matches {shown(pattern)}{advice}")
    return files


_EVENT_SUFFIXES: Final = (".jsonl", ".json", ".ndjson", ".gz", ".zst", ".parquet")


def _is_meant(folder: str, parents: set[str]) -> bool:
    """Whether a folder that a glob names passes for a file, and nothing that is in it is named: it would be missed."""
    if not folder.lower().endswith(_EVENT_SUFFIXES) or os.fspath(Path(folder)) in parents:
        return False
    return any(True for _ in Path(folder).iterdir())


def _refuse_unlisted(pattern: str) -> None:
    """Refuse a glob that has to look into a folder which may not be listed: it would pass over it in silence."""
    for parent in Path(pattern).parents:
        folders = glob.glob(os.fspath(parent), recursive=True)  # noqa: PTH207 (as above)
        for folder in filter(os.path.isdir, folders):
            try:
                os.scandir(folder).close()
            except OSError as error:
                raise InputError(f"cannot look into {shown(folder)}: {error.strerror or error}") from error
        if not glob.has_magic(os.fspath(parent)):
            return


def refuse_unknown(name: str) -> None:
    """Refuse a file whose name says that it holds nothing that is read.

    Raises:
        InputError: it does.
    """
    if is_not_read(name):
        raise InputError(f"cannot read {shown(name)}: only {READ}")


def refuse_shaped(names: Iterable[str], shape: InputShape) -> None:
    """Refuse Parquet files where records are of a shape of their own: the columns of Parquet are canonical fields.

    A file that is not local is known by its name only, until it is read.

    Raises:
        InputError: there is one.
    """
    for name in names:
        if shape.shape is not Shape.CANONICAL and kind_of(name, _beginning(name)) is Kind.PARQUET:
            raise _misshapen(name, shape)


def _misshapen(name: str, shape: InputShape) -> InputError:
    return InputError(f"cannot read {shown(name)} as {shape.shape}: Parquet is read in the canonical shape only")


def _beginning(name: str) -> bytes:
    """The first bytes of a local file; none of another."""
    if not Path(name).is_file():
        return b""
    with open_file(name) as stream:
        return stream.read(BEGINNING_BYTES)


class Block(NamedTuple):
    """Some whole lines of a file."""

    number: int
    """That of the first line, from 1."""
    lines: list[bytes]
    """Without their ends, blank ones too; of a line beyond `RAW_BYTES_MAX`, which is alone, its beginning."""
    size: int
    """How many bytes they have, with the ends between them."""
    start: int = 0
    """The byte of the file from which on lines are numbered."""


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
        size = Path(name).stat().st_size
        with open_file(name) as stream:
            yield from blocks_of(stream, name, on_read)
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
    now = Path(name).stat().st_size
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
    stream: BinaryIO, name: str, on_read: OnRead = _ignore, part: Part = WHOLE, shape: InputShape = CANONICAL
) -> Iterator[Block]:
    """The lines of an open file, as in `records_of`, that start in a part of it, in blocks of about `BLOCK_BYTES`.

    Of a part that does not begin the file they are numbered from its start. All of a compressed file starts in its
    first part. The rows of a Parquet file are lines too, of the canonical `shape` only.

    Raises:
        InputError: it cannot be read to its end, or not in this shape.
    """
    try:
        yield from _blocks(Source(stream, on_read), name, part, shape)
    except (OSError, UnsoundError) as error:
        raise InputError(f"cannot read {shown(name)}: {_why(error)}") from error


def _why(error: OSError | UnsoundError) -> str:
    return str((isinstance(error, OSError) and error.strerror) or error)


def _blocks(source: Source, name: str, part: Part, shape: InputShape) -> Iterator[Block]:
    kind = kind_of(name, source.beginning(BEGINNING_BYTES if part.start else BLOCK_BYTES))
    if kind is Kind.LINES:
        if part.start:
            source.seek(part.start - 1)
        yield from _whole_lines(owned_blocks(source, part), part.start)
    elif kind is Kind.PARQUET:
        if shape.shape is not Shape.CANONICAL:
            raise _misshapen(name, shape)
        yield from _rows(source, part)
    elif not part.start:
        yield from _whole_lines(unpacked_blocks(source, kind, BLOCK_BYTES), 0)


def _rows(source: Source, part: Part) -> Iterator[Block]:
    """The rows of a Parquet file as lines, numbered from the start of the file."""
    try:
        from kittiwake.input.parquet import lines_of  # noqa: PLC0415 - needs an extra, and 100 ms
    except ModuleNotFoundError:
        raise UnsoundError(f"it is a Parquet file: {NEEDS_PYARROW}") from None
    for number, lines in lines_of(source, part):
        if max(map(len, lines), default=0) <= RAW_BYTES_MAX:
            yield Block(number, lines, sum(map(len, lines)) + len(lines) - 1)
        else:
            for at, line in enumerate(lines):
                yield Block(number + at, [line[:RAW_BYTES_MAX]], len(line))


NEEDS_PYARROW: Final = "install pyarrow, which the extra kittiwake[parquet] brings"


def shown(name: str) -> str:
    """A file's name for people and outputs, also where it is not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _whole_lines(blocks: Iterator[bytes], start: int) -> Iterator[Block]:
    """Blocks cut at ends of lines; an endless line costs no more memory than `RAW_BYTES_MAX`."""
    number, head, size = 1, b"", 0
    for block in blocks:
        first, last = block.find(b"\n"), block.rfind(b"\n")
        if first < 0:
            head, size = head + block[: RAW_BYTES_MAX - len(head)], size + len(block)
            continue
        if size + first > RAW_BYTES_MAX:
            yield Block(number, [head + block[: RAW_BYTES_MAX - len(head)][:first]], size + first, start)
            number, head, block, last = number + 1, b"", block[first + 1 :], last - first - 1
        if last >= 0:
            lines = block[:last].split(b"\n")
            lines[0] = head + lines[0]
            yield Block(number, lines, len(head) + last, start)
            number += len(lines)
        head = block[last + 1 :]
        size = len(head)
    if size:
        yield Block(number, [head], size, start)


def lines_until(block: Block) -> int:
    """How many lines there are from where they are numbered to the end of a block."""
    return block.number + len(block.lines) - 1


def is_cut(block: Block) -> bool:
    """Whether it is one line, of which only the beginning is known."""
    return len(block.lines) == 1 and len(block.lines[0]) < block.size


def records_in(block: Block) -> Iterator[Record]:
    """The records of a block."""
    for at in range(len(block.lines)):
        yield from record_at(block, at)


def record_at(block: Block, at: int) -> Iterator[Record]:
    """The record in the block's `at`-th line, from 0; none if it is blank."""
    text = block.lines[at]
    return _record(block.number + at, text, block.size if is_cut(block) else len(text))


def _record(number: int, head: bytes, size: int) -> Iterator[Record]:
    """One record or, for a line of white space, none."""
    if head.endswith(b"\r") and len(head) == size:
        head, size = head[:-1], size - 1
    if head and not head.isspace() and head != BOM:
        yield Record(number, head, size)
