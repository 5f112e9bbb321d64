"""Splits of files: whatever is cut where, all splits together hold the records of the whole, each once."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kittiwake.input import lines, splits
from kittiwake.input.columns.blocks import lines_until
from kittiwake.input.file_types import splits_of
from kittiwake.input.lines import Record, records_in
from kittiwake.input.reading import blocks_of, records_of
from kittiwake.input.splits import SPLIT_BYTES, SPLITS_MAX, WHOLE, Split, split_bytes_for

LINE_MAX = 5
"""In the place of `RAW_BYTES_MAX`, so that small files have lines beyond it."""

PIECES = [b"a", b"{}", b"\r", b"\n", b"\r\n", b"\n\n", b" ", b"\xff", b"\xef\xbb\xbf", b"x" * (3 * LINE_MAX)]
contents = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "RAW_BYTES_MAX", LINE_MAX)
        patch.setattr(splits, "BLOCK_BYTES", 4)
        patch.setattr(splits, "TAIL_BYTES", 2)
        yield


def cut(content: bytes, places: Sequence[int]) -> list[Split]:
    starts = [0, *sorted(set(places))]
    return [*(Split(*ends) for ends in pairwise(starts)), Split(starts[-1])]


def read(content: bytes, several: Sequence[Split], name: str = "events") -> list[Record]:
    """The records of all splits, each read by itself, with their lines' numbers in the file."""
    found: list[Record] = []
    before = 0
    for split in several:
        last = 0
        for block in blocks_of(io.BytesIO(content), name, split=split):
            number = block.number + (before if block.start else 0)
            assert block.start == split.start
            found.extend(records_in(block._replace(number=number)))
            last = lines_until(block)
        before += last
    return found


@given(contents, st.lists(st.integers(1, 60)))
@example(b"ab\ncd\n", [3])
@example(b"ab\ncd\n", [2])
@example(b"ab\ncd", [5, 6])
@example(b"x" * 20, [3, 6, 9])
@example(b"\n\n\n\n", [1, 2, 3, 4])
def test_all_splits_together_hold_the_records_of_the_whole(content: bytes, places: list[int]) -> None:
    assert read(content, cut(content, places)) == list(records_of(io.BytesIO(content), "events"))


def test_a_line_that_starts_at_the_end_of_a_split_is_the_nexts() -> None:
    assert read(b"ab\ncd\n", [Split(0, 3)]) == [Record(1, b"ab", 2)]
    assert [record.raw for record in read(b"ab\ncd\n", [Split(3, 6)])] == [b"cd"]
    assert read(b"ab\ncd\n", [Split(4, 6)]) == []


@given(st.integers(0, 60), st.integers(1, 60))
def test_a_file_is_cut_into_splits_that_meet_and_the_last_has_no_end(size: int, split_bytes: int) -> None:
    found = splits_of("events", size, split_bytes)
    assert len(found) == max(1, -(-size // split_bytes))
    assert found[0].start == 0
    assert found[-1].end is None
    assert all(one.end == other.start == one.start + split_bytes for one, other in pairwise(found))


def test_what_is_compressed_by_its_name_is_not_cut() -> None:
    assert splits_of("a.gz", 1_000, 10) == splits_of("a.ZST", 1_000, 10) == [WHOLE]


def test_what_is_compressed_by_its_bytes_is_read_by_its_first_split_alone() -> None:
    content = gzip.compress(b"a\n" * 500 + b"b\n", 0)
    several = splits_of("events", len(content), 100)
    assert len(several) > 5
    assert [record.number for record in read(content, several)] == list(range(1, 502))


def test_the_largest_input_has_a_bounded_number_of_splits() -> None:
    assert split_bytes_for(SPLITS_MAX * SPLIT_BYTES) == SPLIT_BYTES
    size = 10**15
    assert len(splits_of("events", size, split_bytes_for(size))) <= SPLITS_MAX + 1


def test_of_a_split_little_more_is_read_than_its_own() -> None:
    told: list[int] = []
    content = b"abc\n" * 100
    list(blocks_of(io.BytesIO(content), "events", told.append, Split(101, 201)))
    assert sum(told) <= 100 + 1 + 3 + len("\n") + 4  # with the byte before, the rest of a line, and the signature
