"""Events that the accelerator keeps and memory does not: they wait on disk in runs, and come out as if they fitted."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from kittiwake.batch import external_sort, oversized_contacts
from kittiwake.batch import replay as driver
from kittiwake.batch.native import gathering as kept
from kittiwake.batch.native import runs as on_disk
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.workers.progress import Progress
from kittiwake.errors import UnusableError
from kittiwake.input import reading, splits
from kittiwake.input.native import blocks as native
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import DAY_US
from tests.accelerator import needed
from tests.batch.known_worlds import known_world
from tests.batch.test_kept_events import (
    END_US,
    FIRST_US,
    PLAIN,
    START_US,
    count_lines,
    drawn_lines,
    drawn_programs,
    files_of,
    line,
    lines_of_histories,
)

PLAIN_PROGRAMS = Programs(load_files({"rules.yaml": PLAIN.encode()}, []))


class Case:
    """A run to be made in little memory, in enough, and without the accelerator."""

    def __init__(self, folder: Path, programs: Programs, lines: list[bytes], settings: RunSettings) -> None:
        self.folder, self.programs, self.settings = folder, programs, settings
        self.inputs = [_written(folder / f"{part}.jsonl", lines[part::3]) for part in range(3)]

    def written(self, name: str) -> dict[str, bytes]:
        """The files that a run writes."""
        replay(self.programs, self.inputs, self.folder / name, self.settings)
        return files_of(self.folder / name)

    def written_from_disk(self, dice: random.Random) -> dict[str, bytes]:
        """The same in little memory, by blocks and frames of few records."""
        with pytest.MonkeyPatch.context() as patched:
            _hold_little(patched, dice.choice((0, 3_000, 30_000)))
            patched.setattr(on_disk, "FRAME_BYTES", dice.choice((1, 400, 4_000, on_disk.FRAME_BYTES)))
            _decide_at_once(patched, dice.choice((2, 20, oversized_contacts.ROWS_AT_ONCE)))
            return self.written("disk")

    def written_by_python(self) -> dict[str, bytes]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(native, "installed", lambda: None)
            return self.written("python")


def _hold_little(patched: pytest.MonkeyPatch, held_bytes: int) -> None:
    """So many bytes in memory, and small blocks, so that they are counted often."""
    patched.setattr(driver, "HELD_BYTES", held_bytes)
    for module in (splits, reading):
        patched.setattr(module, "BLOCK_BYTES", 1_000)


def _decide_at_once(patched: pytest.MonkeyPatch, rows_max: int) -> None:
    for module in (kept, oversized_contacts):
        patched.setattr(module, "ROWS_AT_ONCE", rows_max)


def _written(path: Path, lines: list[bytes]) -> str:
    path.write_bytes(b"\n".join(lines))
    return str(path)


def _count_runs(monkeypatch: pytest.MonkeyPatch) -> list[on_disk.Runs]:
    """Those of a gathering, each time that one is written."""
    found: list[on_disk.Runs] = []
    write = on_disk.Runs.write

    def counted(self: on_disk.Runs, next_frame: Callable[[int], bytes]) -> None:
        found.append(self)
        write(self, next_frame)

    monkeypatch.setattr(on_disk.Runs, "write", counted)
    return found


@needed
@pytest.mark.parametrize("cases", [8, pytest.param(500, marks=pytest.mark.nightly)])
def test_a_run_that_goes_through_the_disk_writes_the_bytes_of_one_in_memory_and_of_one_without_it(
    cases: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    decided, runs = count_lines(monkeypatch), _count_runs(monkeypatch)
    for number in range(cases):
        until_us = dice.choice((None, FIRST_US + 2 * DAY_US, FIRST_US + 90 * DAY_US))
        lines = drawn_lines(dice, dice.choice((1, 30, 400)))
        case = _case(tmp_path / str(number), drawn_programs(dice), lines, RunSettings(START_US, until_us))
        found = case.written_from_disk(dice)
        assert found == case.written("memory")
        assert found == case.written_by_python()
    assert len(decided) > cases / 4
    assert len(runs) > cases, "hardly anything went to disk: all would be right, and of no use"


def _case(folder: Path, *of: Any) -> Case:
    folder.mkdir()
    return Case(folder, *of)


@needed
@pytest.mark.parametrize("cases", [6, pytest.param(1_000, marks=pytest.mark.nightly)])
def test_any_rules_that_it_knows_decide_the_same_through_the_disk(
    cases: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided, runs = count_lines(monkeypatch), _count_runs(monkeypatch)
    for number in range(cases):
        dice = random.Random(f"{seed} {number}")
        world = known_world(dice.randrange(1_000_000))
        lines = lines_of_histories(dice, [world.rows, *(known_world(dice.randrange(10**6)).rows for _ in range(3))])
        programs = Programs(load_files({"rules.json": json.dumps(world.document).encode()}, []))
        case = _case(tmp_path / str(number), programs, lines, RunSettings(END_US, world.until_us))
        assert case.written_from_disk(dice) == case.written("memory")
    assert sum(decided) > cases
    assert len(runs) > cases


@needed
@pytest.mark.parametrize("held_bytes", [3_000, 30_000], ids=["stream", "list"])
@pytest.mark.parametrize("is_read_by_python", [False, True])
def test_a_busy_contact_comes_from_many_frames_of_many_runs_whole(
    held_bytes: int, is_read_by_python: bool, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which Python may have read an event: its id is written with an escape."""
    dice = random.Random(seed)
    lines = [line(3 * number, dice.choice("aab"), minutes=number) for number in range(150)]
    lines += [line(number, minutes=number) for number in range(1_000, 1_050)]
    if is_read_by_python:
        lines.append(lines[9].replace(b'"e', b'"\\u0065'))
    dice.shuffle(lines)
    case = Case(tmp_path, PLAIN_PROGRAMS, lines, RunSettings(START_US))
    in_memory = case.written("memory")
    _hold_little(monkeypatch, held_bytes)
    monkeypatch.setattr(on_disk, "FRAME_BYTES", 1)
    _decide_at_once(monkeypatch, 2)
    assert case.written("disk") == in_memory


# ---------------------------------------------------------------- the temporary file


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Three hundred events of three contacts, memory for a few, and a folder for what is temporary."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    _hold_little(monkeypatch, 3_000)
    monkeypatch.setattr("kittiwake.batch.workers.progress.CONTACTS_PER_REPORT", 1)
    lines = [line(number, minutes=number) for number in range(300)]
    return Case(tmp_path, PLAIN_PROGRAMS, lines, RunSettings(START_US))


@needed
def test_what_waits_on_disk_has_no_name_and_is_gone_when_the_run_is_stopped(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[IO[bytes]] = []

    def noted(prefix: str) -> IO[bytes]:
        files.append(tempfile.TemporaryFile(prefix=prefix))  # noqa: SIM115 - closed by the run
        return files[-1]

    def stop(progress: Progress) -> None:
        if progress.contacts:
            assert list((tmp_path / "temporary").iterdir()) == []
            raise KeyboardInterrupt

    monkeypatch.setattr(on_disk, "TemporaryFile", noted)
    with pytest.raises(KeyboardInterrupt):
        replay(case.programs, case.inputs, tmp_path / "out", case.settings, stop)
    assert [file.closed for file in files] == [True]


@needed
def test_progress_counts_contacts_whose_number_nobody_knows_yet(case: Case, tmp_path: Path) -> None:
    reports: list[Progress] = []
    replay(case.programs, case.inputs, tmp_path / "out", case.settings, reports.append)
    assert all(one.contacts <= one.contacts_total for one in reports if one.contacts_total)
    assert (reports[-1].records, reports[-1].contacts, reports[-1].contacts_total) == (300, 3, 3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("is_native", [pytest.param(True, marks=needed), False], ids=["accelerator", "python"])
def test_a_full_disk_is_an_error_that_names_the_folder_and_leaves_the_output(
    is_native: bool, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_native:
        monkeypatch.setattr(native, "installed", lambda: None)
    before = case.written("out")
    module = on_disk if is_native else external_sort
    monkeypatch.setattr(module, "TemporaryFile", lambda prefix: open("/dev/full", "w+b"))  # noqa: ARG005, PTH123, SIM115
    wanted = "^cannot write temporary files into .*/temporary: No space left on device; set TMPDIR to a folder with"
    with pytest.raises(UnusableError, match=wanted):
        case.written("out")
    assert files_of(tmp_path / "out") == before


@needed
def test_a_folder_that_is_not_there_is_an_error_that_names_it(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(UnusableError, match=r"cannot write temporary files into .*/gone: No such file or directory"):
        case.written("out")
