"""A folder of snapshots is the whole of what a run wrote, or it is refused with what is wrong and what to do."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from kittiwake.errors import UnusableError
from kittiwake.model import Event
from kittiwake.output.rows import line
from kittiwake.output.snapshot_set import MANIFEST, RowSum, SnapshotSetError, manifest_bytes, manifest_of
from kittiwake.time.instants import parse_instant
from kittiwake.transforms.stream.snapshot_sources import find_snapshots
from tests.kernel.programs import START, at
from tests.output.test_snapshots import row_of

ROWS = [line(row_of(Event(at(START), f"e{number}", "a", {"p": number}))) for number in range(4)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two parts of two rows, and their manifest."""
    parts = {f"part-0000{number}-of-00002.jsonl": ROWS[2 * number : 2 * number + 2] for number in range(2)}
    for name, rows in parts.items():
        (tmp_path / name).write_bytes(b"".join(row + b"\n" for row in rows))
    (tmp_path / MANIFEST).write_bytes(manifest_bytes(RowSum.of(rows).file(name) for name, rows in parts.items()))
    return tmp_path


def refused(*patterns: Path | str) -> str:
    with pytest.raises(UnusableError) as caught:
        find_snapshots([str(pattern) for pattern in patterns])
    return str(caught.value)


def test_a_folder_is_found_whole_however_it_is_named(folder: Path) -> None:
    for pattern in ("*", "*.jsonl", "part-*"):
        found = find_snapshots([str(folder / pattern)])
        assert [Path(one.path).name for one in found.sources] == sorted(path.name for path in folder.glob("part*"))
        assert [one.expected.rows for one in found.sources] == [2, 2]
        assert found.evaluated_to_us == parse_instant("2026-11-02T00:01:00Z")


def test_one_part_of_two_is_refused(folder: Path) -> None:
    said = refused(folder / "part-00001*")
    assert "part-00000-of-00002.jsonl of manifest.json is not among the files: name all files of the folder" in said


def test_a_part_of_another_run_is_refused(folder: Path) -> None:
    (folder / "part-00000-of-00001.jsonl").write_bytes(ROWS[0] + b"\n")
    assert "part-00000-of-00001.jsonl is not in manifest.json" in refused(folder / "*")


def test_files_that_had_a_manifest_are_refused_without_it(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    assert f"manifest.json is missing, which was written beside {folder}/part-0000" in refused(folder / "*")


def test_files_of_a_release_without_manifests_are_taken(tmp_path: Path) -> None:
    row = {name: value for name, value in json.loads(ROWS[0]).items() if name != "digest"}
    (tmp_path / "part-00000-of-00001.jsonl").write_bytes(line({**row, "state_version": 2}) + b"\n")
    (found,) = find_snapshots([str(tmp_path / "*")]).sources
    assert found.expected.rows == 1


def test_a_manifest_with_one_bit_flipped_is_refused(folder: Path) -> None:
    data = (folder / MANIFEST).read_bytes()
    for index, bit in product(range(len(data)), range(8)):
        with pytest.raises(SnapshotSetError, match=r"manifest\.json (cannot be read|is of format|is not as it was)"):
            manifest_of(data[:index] + bytes([data[index] ^ 1 << bit]) + data[index + 1 :])
    (folder / MANIFEST).write_bytes(data[:-10])
    assert f"{folder}: manifest.json cannot be read" in refused(folder / "*")


def test_folders_below_one_another_are_sets_of_their_own(folder: Path, tmp_path: Path) -> None:
    below = folder / "older"
    below.mkdir()
    for path in list(folder.glob("*.json*")):
        (below / path.name).write_bytes(path.read_bytes())
    assert len(find_snapshots([str(folder / "**" / "*.jsonl")]).sources) == 4


def test_a_file_that_lacks_rows_has_more_or_those_of_another_run_is_refused(folder: Path) -> None:
    file = folder / "part-00000-of-00002.jsonl"
    for rows, why in (
        (ROWS[:1], "it has 1 rows, and manifest.json says 2"),
        ([*ROWS[:2], ROWS[1]], "it has 3 rows, and manifest.json says 2"),
        ([ROWS[0], ROWS[3]], "their SHA-256 is another"),
    ):
        file.write_bytes(b"".join(row + b"\n" for row in rows))
        assert why in refused(folder / "*")
