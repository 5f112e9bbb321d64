"""What holds of every type of input file: one suite over the table. A new type needs a row, and a writer here."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from kittiwake.input.columns.blocks import lines_until
from kittiwake.input.decompression import BEGINNING_BYTES
from kittiwake.input.errors import InputError
from kittiwake.input.file_types import (
    FILE_TYPES,
    GZIP,
    LINES,
    NOT_READ,
    PARQUET,
    READ,
    UTF_16,
    ZSTD,
    FileType,
    is_not_read,
    splits_of,
    type_of,
)  # fmt: skip
from kittiwake.input.files import find_files
from kittiwake.input.lines import records_in
from kittiwake.input.reading import blocks_of, read_records
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.input.splits import WHOLE
from tests.input.inputs import GOOD

EVENTS: Final[list[dict[str, Any]]] = [
    {name: value for name, value in GOOD.items() if name != "properties"} | {"event_id": f"e{number}"}
    for number in range(300)
]


def _lines(events: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def _parquet(events: Sequence[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(events)), file, row_group_size=50)
    return file.getvalue()


WRITERS: Final[dict[str, Callable[[Sequence[dict[str, Any]]], bytes]]] = {
    LINES.name: _lines,
    UTF_16.name: lambda events: _lines(events).decode().encode("utf-16"),
    GZIP.name: lambda events: gzip.compress(_lines(events)),
    ZSTD.name: lambda events: zstandard.compress(_lines(events)),
    PARQUET.name: _parquet,
}

every_type = pytest.mark.parametrize("file_type", FILE_TYPES, ids=lambda one: one.name)


def content_of(file_type: FileType) -> bytes:
    """A file of the type."""
    return WRITERS[file_type.name](EVENTS)


def test_every_type_has_a_writer_here_and_no_two_are_known_by_the_same() -> None:
    assert [one.name for one in FILE_TYPES] == list(WRITERS)
    for known_by in ([one.endings for one in FILE_TYPES], [one.signatures for one in FILE_TYPES]):
        flat = [each for several in known_by for each in several]
        assert len(set(flat)) == len(flat)


@every_type
def test_a_type_is_known_by_its_name_and_else_by_its_first_bytes(file_type: FileType) -> None:
    content = content_of(file_type)
    assert type_of("events", content[:BEGINNING_BYTES]) is file_type
    assert all(type_of(f"events{ending.upper()}", b"garbage") is file_type for ending in file_type.endings)
    assert all(len(signature) <= BEGINNING_BYTES for signature in file_type.signatures)
    assert file_type.name.split()[-1] in READ


@every_type
def test_a_file_of_every_type_has_the_events_that_were_written(file_type: FileType, tmp_path: Path) -> None:
    file = tmp_path / f"events{file_type.endings[0] if file_type.endings else ''}"
    file.write_bytes(content_of(file_type))
    assert find_files([str(file)]) == [str(file)]
    found = list(read_records(str(file)))
    assert [json.loads(record.raw) for record in found] == EVENTS
    assert [record.number for record in found] == list(range(1, len(EVENTS) + 1))


@every_type
@pytest.mark.parametrize("number", [1, 3, 7])
def test_the_splits_of_a_file_hold_each_event_once(file_type: FileType, number: int) -> None:
    content = content_of(file_type)
    found = []
    for split in splits_of("events", len(content), -(-len(content) // number)):
        for block in blocks_of(io.BytesIO(content), "events", split=split):
            assert lines_until(block) >= block.number
            found += [json.loads(record.raw) for record in records_in(block)]
    assert found == EVENTS


@every_type
def test_only_a_splittable_type_is_split_by_its_name(file_type: FileType) -> None:
    for ending in file_type.endings:
        found = splits_of(f"events{ending}", 1_000, 100)
        assert (len(found) == 10) if file_type.is_splittable else (found == [WHOLE])


@every_type
def test_a_torn_file_is_refused_by_name_but_for_lines_whose_last_is_what_it_is(file_type: FileType) -> None:
    content = content_of(file_type)[:-20]
    if file_type in (LINES, UTF_16):
        *_, last = (record for block in blocks_of(io.BytesIO(content), "torn") for record in records_in(block))
        assert not last.raw.endswith(b"}")
        return
    with pytest.raises(InputError, match="torn"):
        list(blocks_of(io.BytesIO(content), "torn"))


@every_type
def test_a_type_with_fields_of_its_own_is_read_in_the_canonical_shape_only(file_type: FileType) -> None:
    content, shape = content_of(file_type), InputShape(Shape.SEGMENT, "acme")
    if file_type.is_canonical_only:
        with pytest.raises(InputError, match="is read in the canonical shape only"):
            list(blocks_of(io.BytesIO(content), "events", shape=shape))
    else:
        assert list(blocks_of(io.BytesIO(content), "events", shape=shape))
    assert list(blocks_of(io.BytesIO(content), "events", shape=CANONICAL))


@every_type
def test_no_ending_of_a_type_is_one_that_is_refused(file_type: FileType) -> None:
    assert not any(is_not_read(f"events{ending}") for ending in file_type.endings)
    assert all(is_not_read(f"events{ending.upper()}") for ending in NOT_READ)
