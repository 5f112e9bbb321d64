"""Lines: bytes cut into numbered blocks of lines, and a block's lines as records.

Pure. Called by the readers of `file_types`, which cut, and by both batch hosts, which ask for a block's records. A
line's end is LF or CRLF; lines of white space are no records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from kittiwake.input.events import BOM, RAW_BYTES_MAX
from kittiwake.input.fields import NO_CONTEXT, RowContext


class Record(NamedTuple):
    """A line of a file, without its end."""

    number: int
    """From 1."""
    raw: bytes
    """Its bytes, or the first `RAW_BYTES_MAX` of them."""
    size: int
    """How many bytes it has."""
    context: RowContext = NO_CONTEXT
    """What its file says of it."""


class TextLines(Sequence[bytes]):
    """The lines of a text, cut when the first is asked for: who reads them all at once need not have them cut."""

    __slots__ = ("_lines", "_number", "text")

    def __init__(self, text: bytes) -> None:
        """They stand between its line feeds; of no text it is one line, which is blank."""
        self.text = text
        self._lines: list[bytes] | None = None
        self._number = 0

    def note_number(self, number: int) -> None:
        """Take from who has read the text how many they are."""
        self._number = number

    def cut(self) -> list[bytes]:
        """Each of them."""
        if self._lines is None:
            self._lines = self.text.split(b"\n")
        return self._lines

    def __eq__(self, other: object) -> bool:
        """Whether others are the same lines, cut or not."""
        return list(other) == self.cut() if isinstance(other, (list, TextLines)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __len__(self) -> int:
        return self._number or len(self.cut())

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.cut())

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        return self.cut()[at]


class Block(NamedTuple):
    """Some whole lines of a file."""

    number: int
    """That of the first line, from 1."""
    lines: Sequence[bytes]
    """Without their ends, blank ones too; of a line beyond `RAW_BYTES_MAX`, which is alone, its beginning."""
    size: int
    """How many bytes they have, with the ends between them."""
    start: int = 0
    """The byte of the file from which on lines are numbered."""
    header: tuple[str, ...] = ()
    """The names of their cells, if lines are rows of cells."""
    ordinals: tuple[int, ...] = ()
    """Of each line which of those equal to it in its file it is, from 1; empty: nobody asked."""


def cut_lines(blocks: Iterator[bytes], start: int) -> Iterator[Block]:
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
            lines = TextLines(b"".join((head, memoryview(block)[:last])))
            yield Block(number, lines, len(head) + last, start)
            number += len(lines)
        head = block[last + 1 :]
        size = len(head)
    if size:
        yield Block(number, [head], size, start)


def blocks_of_lines(number: int, lines: list[bytes]) -> Iterator[Block]:
    """Lines that are there already, numbered from `number`, as one block; if one is longer than is kept, each alone."""
    if max(map(len, lines), default=0) <= RAW_BYTES_MAX:
        yield Block(number, lines, sum(map(len, lines)) + len(lines) - 1)
        return
    for at, line in enumerate(lines):
        yield Block(number + at, [line[:RAW_BYTES_MAX]], len(line))


def is_cut(block: Block) -> bool:
    """Whether it is one line, of which only the beginning is known."""
    return not isinstance(block.lines, TextLines) and len(block.lines) == 1 and len(block.lines[0]) < block.size


def records_in(block: Block) -> Iterator[Record]:
    """The records of a block."""
    for at in range(len(block.lines)):
        yield from record_at(block, at)


def record_at(block: Block, at: int) -> Iterator[Record]:
    """The record in the block's `at`-th line, from 0; none if it is blank."""
    text = block.lines[at]
    return _record(block.number + at, text, block.size if is_cut(block) else len(text), context_at(block, at))


def context_at(block: Block, at: int) -> RowContext:
    """What its file says of the block's `at`-th line."""
    if not block.header and not block.ordinals:
        return NO_CONTEXT
    return RowContext(block.header, block.ordinals[at] if block.ordinals else 1)


def _record(number: int, head: bytes, size: int, context: RowContext) -> Iterator[Record]:
    """One record or, for a line of white space, none."""
    if head.endswith(b"\r") and len(head) == size:
        head, size = head[:-1], size - 1
    if head and not head.isspace() and head != BOM:
        yield Record(number, head, size, context)
