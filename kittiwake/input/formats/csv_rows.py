"""CSV: from bytes to rows, each as it came, and the header by which their cells are named.

Pure. What a row is the standard library's parser says, which reads cells of 131,072 characters: a quote
that is never closed swallows no more. A row is passed on as its text, so that a dead letter has it as
it came, and is parsed once more where its cells are needed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final

from kittiwake.input.errors import UnsoundError
from kittiwake.input.events import EVENT_BYTES_MAX, RAW_BYTES_MAX
from kittiwake.input.lines import Block

COLUMNS_MAX: Final = 2_000
"""Columns of a header: more than any export has; each costs a name in every row's context."""

ROWS_MAX: Final = 2_048
"""Rows of a block: about as many as lines of JSON."""


def blocks_of_rows(blocks: Iterator[bytes], delimiter: str) -> Iterator[Block]:
    """The rows below the header, numbered as their lines are if no cell has line ends: the header is line 1.

    Raises:
        UnsoundError: the header names a column twice, or not at all, or too many.
    """
    rows = _rows(blocks, delimiter)
    number = 1
    names: tuple[str, ...] = ()
    lines: list[bytes] = []
    size = 0
    for raw, cells in rows:
        if not names:
            number, names = number + 1, _names(cells)
            continue
        if len(raw) > RAW_BYTES_MAX:
            if lines:
                yield Block(number, lines, size + len(lines) - 1, 0, names)
            yield Block(number + len(lines), [raw[:RAW_BYTES_MAX]], len(raw), 0, names)
            number, lines, size = number + len(lines) + 1, [], 0
            continue
        lines.append(raw)
        size += len(raw)
        if len(lines) == ROWS_MAX or size > EVENT_BYTES_MAX:
            yield Block(number, lines, size + len(lines) - 1, 0, names)
            number, lines, size = number + len(lines), [], 0
    if lines:
        yield Block(number, lines, size + len(lines) - 1, 0, names)


def _names(header: list[str]) -> tuple[str, ...]:
    if not header:
        return ()
    if len(header) > COLUMNS_MAX:
        raise UnsoundError(f"its header has {len(header)} columns, {COLUMNS_MAX} are allowed")
    names = tuple(name.strip() for name in header)
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise UnsoundError(f"its header has several columns {twice}")
    return names


def _rows(blocks: Iterator[bytes], delimiter: str) -> Iterator[tuple[bytes, list[str]]]:
    """Each row as it came, without its end, and its cells; none of a row that the parser refuses."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in _lines(blocks):
            taken.append(line)
            yield line

    parser = csv.reader(lines(), delimiter=delimiter)
    while True:
        cells: list[str] = []
        try:
            cells = next(parser)
        except StopIteration:
            return
        except csv.Error:
            pass
        raw = "".join(taken).encode("utf-8", "surrogateescape")
        taken.clear()
        yield raw.removesuffix(b"\n").removesuffix(b"\r"), cells


def _lines(blocks: Iterator[bytes]) -> Iterator[str]:
    """Lines with their ends; one that never ends is cut, so that it takes no more memory than a record."""
    head = b""
    for block in blocks:
        lines = (head + block).split(b"\n")
        head = lines.pop()
        for line in lines:
            yield (line + b"\n").decode("utf-8", "surrogateescape")
        if len(head) > RAW_BYTES_MAX:
            yield head.decode("utf-8", "surrogateescape")
            head = b""
    if head:
        yield head.decode("utf-8", "surrogateescape")
