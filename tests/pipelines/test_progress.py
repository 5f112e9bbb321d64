"""Who waits is told how far the job has come."""

from __future__ import annotations

import time

import pytest

from pipelines.progress import progress_shown
from transforms.progress import SEEN


def test_reading_is_told_before_deciding(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_shown(2_000_000, seconds=0.02):
        time.sleep(0.05)
        SEEN.read(1_500_000)
        time.sleep(0.05)
        SEEN.contacts = 1_234
        time.sleep(0.05)
    said = [line.split(" s: ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert list(dict.fromkeys(said)) == ["workers are running", "read 1.5 MB of 2.0 MB", "1,234 contacts decided"]


def test_nothing_is_told_once_the_job_has_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="the job failed"), progress_shown(1, seconds=0.02):
        raise RuntimeError("the job failed")
    time.sleep(0.05)
    assert capsys.readouterr().err == ""
