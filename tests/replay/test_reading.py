"""Files of lines: which are found, how they are cut, and what is said of those that cannot be read."""

from __future__ import annotations

import gzip
import io
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.replay import reading
from kittiwake.replay.events import RAW_BYTES_MAX
from kittiwake.replay.reading import BLOCK_BYTES, InputError, Record, find_files, read_records, records_of


def cut(content: bytes, name: str = "events.jsonl") -> list[Record]:
    return list(records_of(io.BytesIO(content), name))


def raws(content: bytes, name: str = "events.jsonl") -> list[bytes]:
    return [record.raw for record in cut(content, name)]


# ---------------------------------------------------------------- lines


def test_lines_end_with_lf_or_crlf_and_the_last_need_not_end() -> None:
    assert raws(b"a\nb\r\nc") == [b"a", b"b", b"c"]


def test_only_the_carriage_return_of_the_end_is_taken_away() -> None:
    assert raws(b"a\rb\r\r\n") == [b"a\rb\r"]


def test_blank_lines_are_skipped_but_counted_in_line_numbers() -> None:
    assert cut(b"\n \t\r\na\n\xef\xbb\xbf\n\nb\n\n") == [Record(3, b"a", 1), Record(6, b"b", 1)]


def test_bytes_that_are_no_text_are_kept_as_they_are() -> None:
    assert raws(b"\xff\xfe\x00\n\xef\xbb\xbf{}\n") == [b"\xff\xfe\x00", b"\xef\xbb\xbf{}"]


@pytest.mark.parametrize("gap", range(-2, 3))
def test_lines_across_blocks_are_whole(gap: int) -> None:
    first = b"x" * (BLOCK_BYTES + gap)
    assert raws(first + b"\r\n" + b"y\r\n") == [first, b"y"]


class Dripping(io.BytesIO):
    """A stream that gives as little as it likes, as streams may."""

    def __init__(self, content: bytes, seed: int) -> None:
        super().__init__(content)
        self._dice = random.Random(seed)

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, self._dice.randint(1, 3)))


@given(st.lists(st.sampled_from([b"a", b"{}", b"\r", b"\n", b"\r\n", b" ", b"\xff"]), max_size=30), st.integers())
def test_however_a_stream_gives_its_bytes_the_lines_are_those_of_split(parts: list[bytes], seed: int) -> None:
    content = b"".join(parts)
    lines = [line.removesuffix(b"\r") for line in content.split(b"\n")]
    expected = [Record(n, line, len(line)) for n, line in enumerate(lines, 1) if line and not line.isspace()]
    assert list(records_of(Dripping(content, seed), "events.jsonl")) == expected


def test_of_an_endless_line_only_the_beginning_is_held() -> None:
    blocks = RAW_BYTES_MAX // BLOCK_BYTES + 3

    class Endless(io.RawIOBase):
        left = blocks

        def read(self, size: int = -1, /) -> bytes:
            self.left -= 1
            return b"x" * size if self.left >= 0 else b""

    (record,) = records_of(Endless(), "events.jsonl")  # type: ignore[arg-type]
    assert (len(record.raw), record.size) == (RAW_BYTES_MAX, blocks * BLOCK_BYTES)


# ---------------------------------------------------------------- gzip

LINES = b"one\ntwo\nthree\n" * 1_000


def test_gzip_is_known_by_its_name_or_by_its_bytes() -> None:
    assert raws(gzip.compress(LINES), "events.jsonl.gz") == raws(gzip.compress(LINES), "events.jsonl") == raws(LINES)


def test_gzip_files_that_were_joined_are_read_to_the_end() -> None:
    assert raws(gzip.compress(LINES) + gzip.compress(b"four\n"))[-2:] == [b"three", b"four"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (gzip.compress(LINES)[:-9], "the gzip file is cut off before its end"),
        (gzip.compress(LINES)[:-8] + b"\0" * 8, "it is no sound gzip file (CRC check failed"),
        (gzip.compress(LINES)[:20] + b"\xff" * 20, "it is no sound gzip file ("),
        (b"not gzip", "it is no sound gzip file (Not a gzipped file"),
        (b"", "the gzip file is cut off before its end"),
    ],
    ids=["torn", "checksum", "garbage", "plain", "empty"],
)
def test_a_gzip_file_that_is_not_sound_is_an_error_that_names_it(content: bytes, why: str) -> None:
    with pytest.raises(InputError) as error:
        cut(content, "events.jsonl.gz")
    assert str(error.value).startswith(f"cannot read events.jsonl.gz: {why}")


# ---------------------------------------------------------------- finding


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files, and itself where commands are typed."""
    for name in ("b.jsonl", "a.jsonl", "c.txt", "deep/er/d.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"{}\n")
    (tmp_path / "z.jsonl.gz").write_bytes(gzip.compress(b"{}\n"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_globs_name_files_in_order_and_each_once(folder: Path) -> None:
    assert find_files(["*.jsonl*", "b.jsonl"]) == ["a.jsonl", "b.jsonl", "z.jsonl.gz"]


def test_two_stars_walk_folders_and_folders_are_no_files(folder: Path) -> None:
    assert find_files(["**"]) == ["a.jsonl", "b.jsonl", "c.txt", "deep/er/d.jsonl", "z.jsonl.gz"]


def test_absolute_paths_and_globs_work(folder: Path) -> None:
    assert find_files([f"{folder}/[ab].jsonl"]) == [f"{folder}/a.jsonl", f"{folder}/b.jsonl"]


def test_a_file_whose_name_looks_like_a_glob_is_itself(folder: Path) -> None:
    Path("[a].jsonl").write_bytes(b"{}\n")
    assert find_files(["[a].jsonl"]) == ["[a].jsonl"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("gone.jsonl", "cannot read gone.jsonl: No such file or directory"),
        ("gone*.jsonl", "no file matches gone*.jsonl"),
        ("deep", "cannot read deep: it is no file but a folder: write deep/*.jsonl"),
        ("dee*", "no file matches dee*"),
        ("/dev/null", "cannot read /dev/null: it is no file"),
        ("b.jsonl/x", "cannot read b.jsonl/x: Not a directory"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_it(folder: Path, pattern: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        find_files(["a.jsonl", pattern])
    assert str(error.value) == message


@pytest.mark.parametrize("name", ["events.zst", "events.jsonl.BZ2", "events.parquet"])
def test_files_that_hold_no_json_lines_are_refused_by_their_names(folder: Path, name: str) -> None:
    Path(name).write_bytes(b"x")
    with pytest.raises(InputError, match="only JSON lines are read, plain or gzip"):
        find_files([name])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_an_error_that_names_it(folder: Path) -> None:
    Path("a.jsonl").chmod(0)
    with pytest.raises(InputError, match=r"^cannot read a\.jsonl: Permission denied$"):
        find_files(["*.jsonl"])


def test_a_link_to_nowhere_is_an_error_that_names_it(folder: Path) -> None:
    Path("lost.jsonl").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"^cannot read lost\.jsonl: No such file or directory$"):
        find_files(["*.jsonl"])


def test_a_name_that_is_not_utf8_is_read_and_can_be_shown(folder: Path) -> None:
    name = os.fsdecode(b"\xff.jsonl")
    Path(name).write_bytes(b"{}\n")
    assert [record.raw for record in read_records(find_files([name])[0])] == [b"{}"]
    assert reading.shown(name) == r"\xff.jsonl"


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FILES_MAX", 2)
    with pytest.raises(InputError, match="5 files are more than the 2"):
        find_files(["**"])


def test_whoever_waits_is_told_how_many_bytes_of_the_file_are_read(folder: Path) -> None:
    told: list[int] = []
    content = gzip.compress(random.Random(0).randbytes(3 * BLOCK_BYTES))
    Path("big.gz").write_bytes(content)
    list(read_records("big.gz", told.append))
    assert sum(told) == len(content)
    assert len(told) > 3
