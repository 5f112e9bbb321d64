"""Blocks of rows: what a columnar reader yields in place of a block of lines.

Pure; needs no pyarrow itself, so that hosts of lines can ask what a block is. A row's line is made when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from kittiwake.input.events import RAW_BYTES_MAX
from kittiwake.input.lines import Block, Record, blocks_of_lines, record_at, records_in


class ColumnBlock(msgspec.Struct, frozen=True):
    """Some rows of canonical columns, as `lines.Block` has lines."""

    number: int
    """That of the first row, from 1."""
    batch: Any
    """A `pyarrow.RecordBatch` of the canonical columns that there are."""
    size: int
    """About how many bytes its rows have."""
    as_lines: Callable[[Any, Sequence[int] | None], list[bytes]]
    """From rows to the lines of some of them, by index from 0, or of all."""
    unread: tuple[str, ...] = ()
    """Columns of its file that nothing reads."""


AnyBlock: TypeAlias = Block | ColumnBlock


def records_of_block(block: AnyBlock) -> Iterator[Record]:
    """The records of a block; that of a row is the event as a person would write it."""
    if isinstance(block, Block):
        yield from records_in(block)
    else:
        yield from _records(block, None)


def records_at(block: AnyBlock, at: Sequence[int]) -> Iterator[Record]:
    """The records in some lines or rows of a block, by index from 0."""
    if isinstance(block, Block):
        for one in at:
            yield from record_at(block, one)
    elif at:
        yield from _records(block, at)


def _records(block: ColumnBlock, at: Sequence[int] | None) -> Iterator[Record]:
    lines = block.as_lines(block.batch, at)
    for one, line in zip(range(len(lines)) if at is None else at, lines, strict=True):
        yield Record(block.number + one, line[:RAW_BYTES_MAX], len(line))


def in_lines(block: AnyBlock) -> Iterator[Block]:
    """A block as one of lines; a row whose line is longer than is kept stands alone."""
    if isinstance(block, Block):
        yield block
    else:
        yield from blocks_of_lines(block.number, block.as_lines(block.batch, None))


def lines_until(block: AnyBlock) -> int:
    """How many lines or rows there are from where they are numbered to the end of a block."""
    return block.number + (len(block.lines) if isinstance(block, Block) else len(block.batch)) - 1
