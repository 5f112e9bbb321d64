"""Parts of files: whatever is cut where, all parts together hold the records of the whole, each once."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kittiwake.input import files, splits
from kittiwake.input.files import Record, blocks_of, lines_until, records_in, records_of
from kittiwake.input.splits import PART_BYTES, PARTS_MAX, WHOLE, Part, part_bytes_for, parts_of

LINE_MAX = 5
"""In the place of `RAW_BYTES_MAX`, so that small files have lines beyond it."""

PIECES = [b"a", b"{}", b"\r", b"\n", b"\r\n", b"\n\n", b" ", b"\xff", b"\xef\xbb\xbf", b"x" * (3 * LINE_MAX)]
contents = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "RAW_BYTES_MAX", LINE_MAX)
        patch.setattr(splits, "BLOCK_BYTES", 4)
        patch.setattr(splits, "TAIL_BYTES", 2)
        yield


def cut(content: bytes, places: Sequence[int]) -> list[Part]:
    starts = [0, *sorted(set(places))]
    return [*(Part(*ends) for ends in pairwise(starts)), Part(starts[-1])]


def read(content: bytes, several: Sequence[Part], name: str = "events") -> list[Record]:
    """The records of all parts, each read by itself, with their lines' numbers in the file."""
    found: list[Record] = []
    before = 0
    for part in several:
        lines = 0
        for block in blocks_of(io.BytesIO(content), name, part=part):
            number = block.number + (before if block.start else 0)
            assert block.start == part.start
            found.extend(records_in(block._replace(number=number)))
            lines = lines_until(block)
        before += lines
    return found


@given(contents, st.lists(st.integers(1, 60)))
@example(b"ab\ncd\n", [3])
@example(b"ab\ncd\n", [2])
@example(b"ab\ncd", [5, 6])
@example(b"x" * 20, [3, 6, 9])
@example(b"\n\n\n\n", [1, 2, 3, 4])
def test_all_parts_together_hold_the_records_of_the_whole(content: bytes, places: list[int]) -> None:
    assert read(content, cut(content, places)) == list(records_of(io.BytesIO(content), "events"))


def test_a_line_that_starts_at_the_end_of_a_part_is_the_nexts() -> None:
    assert read(b"ab\ncd\n", [Part(0, 3)]) == [Record(1, b"ab", 2)]
    assert [record.raw for record in read(b"ab\ncd\n", [Part(3, 6)])] == [b"cd"]
    assert read(b"ab\ncd\n", [Part(4, 6)]) == []


@given(st.integers(0, 60), st.integers(1, 60))
def test_a_file_is_cut_into_parts_that_meet_and_the_last_has_no_end(size: int, part_bytes: int) -> None:
    found = parts_of("events", size, part_bytes)
    assert len(found) == max(1, -(-size // part_bytes))
    assert found[0].start == 0
    assert found[-1].end is None
    assert all(one.end == other.start == one.start + part_bytes for one, other in pairwise(found))


def test_what_is_compressed_by_its_name_is_not_cut() -> None:
    assert parts_of("a.gz", 1_000, 10) == parts_of("a.ZST", 1_000, 10) == [WHOLE]


def test_what_is_compressed_by_its_bytes_is_read_by_its_first_part_alone() -> None:
    content = gzip.compress(b"a\n" * 500 + b"b\n", 0)
    several = parts_of("events", len(content), 100)
    assert len(several) > 5
    assert [record.number for record in read(content, several)] == list(range(1, 502))


def test_the_largest_input_has_a_bounded_number_of_parts() -> None:
    assert part_bytes_for(PARTS_MAX * PART_BYTES) == PART_BYTES
    size = 10**15
    assert len(parts_of("events", size, part_bytes_for(size))) <= PARTS_MAX + 1


def test_of_a_part_little_more_is_read_than_its_own() -> None:
    told: list[int] = []
    content = b"abc\n" * 100
    list(blocks_of(io.BytesIO(content), "events", told.append, Part(101, 201)))
    assert sum(told) <= 100 + 1 + 3 + len("\n") + 4  # with the byte before, the rest of a line, and the signature
