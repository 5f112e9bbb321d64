"""What a run over local files reads: the files themselves, or the rows of a query over files.

Reads files. Called by replay and by explain, which read the same events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kittiwake.errors import UnusableError
from kittiwake.input.columns.blocks import AnyBlock
from kittiwake.input.decompression import OnRead
from kittiwake.input.files import ShapedFile, find_shaped_files, refuse_shaped
from kittiwake.input.query.model import Query
from kittiwake.input.reading import read_any
from kittiwake.input.shapes.base import InputShape, Shape


def find_inputs(
    inputs: Sequence[str], query: Query | None, shape: InputShape, shapes: Sequence[InputShape]
) -> list[ShapedFile]:
    """The files whose records are the events, each with its shape; of a query, its own file.

    Raises:
        UnusableError: there is none, one cannot be read, or not in its shape.
    """
    if query is not None:
        if shapes or shape.shape is not Shape.CANONICAL:
            raise UnusableError("a query gives the fields of events itself: leave the shape out")
        from kittiwake.input.query.blocks import check_query  # noqa: PLC0415 - of files nobody asks

        check_query(query)
        return [ShapedFile(query.path, shape)]
    if not inputs:
        raise UnusableError("no input: name files of events, such as 'events/*.jsonl', or a query with --query")
    files = find_shaped_files(inputs, shape, shapes)
    for file in files:
        refuse_shaped([file.name], file.shape)
    return files


def blocks_of_input(name: str, query: Query | None, on_read: OnRead, shape: InputShape) -> Iterator[AnyBlock]:
    """The lines or rows of a file that `find_inputs` has found, in blocks.

    Raises:
        InputError: it cannot be read to its end; the blocks before have been yielded.
    """
    if query is None:
        return read_any(name, on_read, shape)
    from kittiwake.input.query.blocks import blocks_of_query  # noqa: PLC0415 - likewise

    return blocks_of_query(query)
