"""Read files whose records a shape file describes: CSV, JSON documents, other encodings, columns.

Reads from a stream that its caller has opened. Called by `reading`, and loaded only where there is a shape file.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.input.columns.blocks import in_lines
from kittiwake.input.decompression import Source
from kittiwake.input.file_types import FileType, read_objects
from kittiwake.input.formats.csv_rows import blocks_of_rows
from kittiwake.input.formats.encodings import as_utf8
from kittiwake.input.formats.json_documents import blocks_of_records
from kittiwake.input.formats.ordinals import with_ordinals
from kittiwake.input.lines import Block
from kittiwake.input.mapping.mapping import RecordMapping
from kittiwake.input.mapping.spec import Format
from kittiwake.input.shapes.base import Mapped
from kittiwake.input.splits import WHOLE, Split


def mapped_blocks(file_type: FileType, source: Source, split: Split, mapping: Mapped) -> Iterator[Block]:
    """The records of a file, as a shape file says how they are written. All but lines start in the first split."""
    assert isinstance(mapping, RecordMapping), "it is the only one"
    if mapping.has_ordinals:
        yield from () if split.start else with_ordinals(_some(file_type, source, WHOLE, mapping))
    else:
        yield from _some(file_type, source, split, mapping)


def _some(file_type: FileType, source: Source, split: Split, mapping: RecordMapping) -> Iterator[Block]:
    """The records that start in a split."""
    records = mapping.spec.records
    if file_type.unpack is None:
        return read_objects(source, split, mapping.views.columns)
    if records.format is Format.JSON_LINES:
        return (lines for block in file_type.read(source, split) for lines in in_lines(block))
    if split.start:
        return iter(())
    texts = as_utf8(file_type.unpack(source), records.encoding)
    if records.format is Format.CSV:
        return blocks_of_rows(texts, records.delimiter)
    return blocks_of_records(texts, records.at)
