"""Files of lines: which are found, how they are cut, and what is said of those that cannot be read."""

from __future__ import annotations

import gzip
import io
import os
import random
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.input import files
from kittiwake.input.errors import InputError, shown
from kittiwake.input.events import RAW_BYTES_MAX
from kittiwake.input.files import find_files
from kittiwake.input.lines import Record
from kittiwake.input.reading import read_blocks, read_records, records_of
from kittiwake.input.splits import BLOCK_BYTES


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
    assert raws(b"\xff\x00\xfe\n\xef\xbb\xbf{}\n") == [b"\xff\x00\xfe", b"\xef\xbb\xbf{}"]


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


# ---------------------------------------------------------------- gzip, zstd

LINES = b"one\ntwo\nthree\n" * 1_000
WITH_CHECKSUM = zstandard.ZstdCompressor(write_checksum=True).compress(LINES)
SKIPPABLE = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
PACK = {"gz": gzip.compress, "zst": zstandard.compress}
NAMES = {"gz": "gzip", "zst": "zstd"}
packings = pytest.mark.parametrize("ending", PACK)


@packings
def test_a_packed_file_is_known_by_its_name_or_by_its_bytes(ending: str) -> None:
    packed = PACK[ending](LINES)
    assert raws(packed, f"events.jsonl.{ending}") == raws(packed, "events.jsonl") == raws(LINES)
    assert raws(packed, f"EVENTS.{ending.upper()}") == raws(LINES)


@packings
def test_packed_files_that_were_joined_are_read_to_the_end(ending: str) -> None:
    pack = PACK[ending]
    assert raws(pack(LINES) + pack(b"") + pack(b"four\n"))[-2:] == [b"three", b"four"]


@packings
def test_a_packed_file_of_nothing_has_no_records(ending: str) -> None:
    assert raws(PACK[ending](b""), f"events.{ending}") == []


@packings
def test_however_a_stream_gives_its_bytes_a_packed_file_is_unpacked(ending: str, seed: int) -> None:
    packed = PACK[ending](LINES) * 2
    assert [one.raw for one in records_of(Dripping(packed, seed), "events")] == raws(LINES * 2)


def test_what_a_zstd_file_says_to_skip_is_skipped() -> None:
    assert raws(SKIPPABLE + zstandard.compress(LINES) + SKIPPABLE, "events.zst") == raws(LINES)


@pytest.mark.parametrize("magic", range(0x50, 0x60))
def test_a_zstd_file_is_known_by_what_it_says_to_skip(magic: int) -> None:
    assert raws(bytes([magic]) + SKIPPABLE[1:] + zstandard.compress(LINES), "events") == raws(LINES)


def test_a_zstd_window_that_takes_too_much_memory_is_refused_with_what_to_do() -> None:
    packer = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=28)
    ).compressobj()
    content = packer.compress(LINES) + packer.flush()
    with pytest.raises(InputError) as error:
        cut(content, "events.zst")
    assert str(error.value) == (
        "cannot read events.zst: its zstd window is larger than 128 MiB: compress it again without --long"
    )


@packings
def test_a_long_line_is_the_same_packed_or_not(ending: str) -> None:
    long = b"x" * RAW_BYTES_MAX
    content = b"a\r\n" + long + b"x\r\n" + long + b"\r\nb\r\n" + long + b"xyz\r\n"
    assert cut(PACK[ending](content), f"events.{ending}") == cut(content)


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


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (WITH_CHECKSUM[:-1], "the zstd file is cut off before its end"),
        (zstandard.compress(LINES)[:9], "the zstd file is cut off before its end"),
        (zstandard.compress(LINES) + zstandard.compress(LINES)[:-1], "the zstd file is cut off before its end"),
        (SKIPPABLE[:-1], "the zstd file is cut off before its end"),
        (WITH_CHECKSUM[:-4] + b"\0" * 4, "it is no sound zstd file (zstd decompress"),
        (zstandard.compress(LINES) + b"garbage", "it is no sound zstd file (zstd decompress"),
        (b"not zstd", "it is no sound zstd file (zstd decompress"),
        (b"", "the zstd file is cut off before its end"),
    ],
    ids=["torn", "short", "torn second", "torn skippable", "checksum", "garbage after", "plain", "empty"],
)
def test_a_zstd_file_that_is_not_sound_is_an_error_that_names_it(content: bytes, why: str) -> None:
    with pytest.raises(InputError) as error:
        cut(content, "events.jsonl.zst")
    assert str(error.value).startswith(f"cannot read events.jsonl.zst: {why}")


@packings
@given(data=st.data())
def test_wherever_a_packed_file_is_cut_off_it_is_an_error(ending: str, data: st.DataObject) -> None:
    packed = PACK[ending](LINES)
    at = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(InputError, match=f"the {NAMES[ending]} file is cut off before its end|no sound"):
        cut(packed[:at], f"events.{ending}")


@packings
def test_what_is_tightly_packed_is_unpacked_bit_by_bit(ending: str) -> None:
    content = b"x" * RAW_BYTES_MAX * 4
    (record,) = cut(PACK[ending](content), f"events.{ending}")
    assert (len(record.raw), record.size) == (RAW_BYTES_MAX, len(content))


# ---------------------------------------------------------------- finding


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files, and itself where commands are typed."""
    for name in ("b.jsonl", "a.jsonl", "c.txt", "deep/er/d.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"{}\n")
    (tmp_path / "daily.parquet").mkdir()
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
        ("bq://p1.d.t", "bq://p1.d.t is no file: tables are read by python -m kittiwake.pipelines.backfill"),
        (
            "gs://b/x",
            "gs://b/x is in a bucket: copy it here, with gcloud storage cp, or run the backfill, which reads it",
        ),
        ("s3://b/x", "s3://b/x is an address and no file: copy what it names here, and name the copy"),
        ("deep", "cannot read deep: it is no file but a folder: write deep/*.jsonl"),
        ("dee*", "no file matches dee*, only folders do: write dee*/*.jsonl"),
        ("dail*.parquet", "no file matches dail*.parquet, only folders do: write dail*.parquet/*.parquet"),
        ("daily.parquet/", "cannot read daily.parquet/: it is no file but a folder: write daily.parquet/*.parquet"),
        ("/dev/null", "cannot read /dev/null: it is no file but a device"),
        ("b.jsonl/x", "cannot read b.jsonl/x: Not a directory"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_it(folder: Path, pattern: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        find_files(["a.jsonl", pattern])
    assert str(error.value) == message


@pytest.mark.parametrize(
    "name", ["events.zip", "events.jsonl.BZ2", "events.avro", "events.TAR", "a.tar.gz", "a.tgz", "a.tar.zst"]
)
def test_files_that_hold_nothing_that_is_read_are_refused_by_their_names(folder: Path, name: str) -> None:
    Path(name).write_bytes(b"x")
    with pytest.raises(
        InputError, match="only JSON lines are read, plain, gzip or zstd, in UTF-8 or UTF-16, and Parquet"
    ):
        find_files([name])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_an_error_that_names_it(folder: Path) -> None:
    Path("a.jsonl").chmod(0)
    with pytest.raises(InputError, match=r"^cannot read a\.jsonl: Permission denied$"):
        find_files(["*.jsonl"])


def test_a_link_to_nowhere_is_an_error_that_names_it(folder: Path) -> None:
    Path("lost.jsonl").symlink_to("nowhere")
    with pytest.raises(
        InputError, match=r"^cannot read lost\.jsonl: it is a symbolic link to nowhere, which is not there$"
    ):
        find_files(["*.jsonl"])


def test_a_name_that_is_not_utf8_is_read_and_can_be_shown(folder: Path) -> None:
    name = os.fsdecode(b"\xff.jsonl")
    Path(name).write_bytes(b"{}\n")
    assert [record.raw for record in read_records(find_files([name])[0])] == [b"{}"]
    assert shown(name) == r"\xff.jsonl"


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILES_MAX", 2)
    with pytest.raises(InputError, match="5 files are more than the 2"):
        find_files(["**"])


def test_whoever_waits_is_told_how_many_bytes_of_the_file_are_read(folder: Path) -> None:
    told: list[int] = []
    content = gzip.compress(random.Random(0).randbytes(3 * BLOCK_BYTES))
    Path("big.gz").write_bytes(content)
    list(read_records("big.gz", told.append))
    assert sum(told) == len(content)
    assert len(told) > 3


# ---------------------------------------------------------------- files that change


def test_a_file_that_is_emptied_while_it_is_read_stops_the_run(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * 99 + b"\n" + b"y\n" * BLOCK_BYTES)
    blocks = read_blocks(str(path))
    next(blocks)
    os.truncate(path, 0)
    with pytest.raises(InputError, match=r"events\.jsonl shrank from 524,388 to 0 bytes while it was read: give"):
        list(blocks)


def test_a_file_that_grows_while_it_is_read_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"y\n" * BLOCK_BYTES)
    blocks = read_blocks(str(path))
    next(blocks)
    with path.open("ab") as more:
        more.write(b"z\n")
    assert list(blocks)
