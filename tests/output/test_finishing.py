"""The last step of a job: whoever calls it, and as often as a runner does, the output is one run's, and whole."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from kittiwake.output import finishing
from kittiwake.output.folder import FOLDERS, SUMMARY, OutputError, open_output
from tests.dying import listing

WHOLE = {"decisions/part.jsonl", "triggers/part.jsonl", "dead_letters/part.jsonl", "summary.json"}


def written(folder: Path, run: str) -> None:
    """What the workers of a run leave whose launcher has gone."""
    output = open_output(folder, run)
    for name in FOLDERS:
        (output.partial / name / "part.jsonl").write_text(run)
    (output.partial / SUMMARY).write_text(run)
    output.release()


def test_a_run_is_finished_once_however_often_its_runner_tries(tmp_path: Path) -> None:
    for run in ("one", "two"):
        written(tmp_path, run)
        assert not finishing.is_finished(tmp_path, run)
        for _ in range(2):
            finishing.finish(tmp_path, run)
        assert finishing.is_finished(tmp_path, run)
        assert listing(tmp_path) == dict.fromkeys(WHOLE, run)


def test_an_attempt_that_died_anywhere_is_finished_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt stands for the death: nothing of ours catches it."""
    real, calls, deaths = Path.rename, 0, 0

    def dying(path: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls > deaths:
            raise KeyboardInterrupt
        return real(path, target)

    written(tmp_path / "0", "one")
    finishing.finish(tmp_path / "0", "one")
    for folder in map(str, range(1, 12)):
        (tmp_path / str(int(folder) - 1)).rename(tmp_path / folder)
        written(tmp_path / folder, folder)
        calls, deaths = 0, int(folder) - 1
        with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
            patched.setattr(Path, "rename", dying)
            finishing.finish(tmp_path / folder, folder)
        finishing.finish(tmp_path / folder, folder)
        assert listing(tmp_path / folder) == dict.fromkeys(WHOLE, folder)
    assert calls <= deaths, "the last attempt died of no call: all of them have been tried"


def test_a_run_whose_folder_another_has_taken_over_puts_nothing_there(tmp_path: Path) -> None:
    written(tmp_path, "one")
    written(tmp_path, "two")
    with pytest.raises(OutputError, match="another run has taken over the output"):
        finishing.finish(tmp_path, "one")
    finishing.finish(tmp_path, "two")
    with pytest.raises(OutputError, match="another run has taken over the output"):
        finishing.finish(tmp_path, "one")
    assert listing(tmp_path) == dict.fromkeys(WHOLE, "two")
