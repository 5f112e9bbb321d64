"""What the tests of the jobs share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.running import Job


@pytest.fixture
def job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Job:
    """The main job, on files below `tmp_path`."""
    return Job(tmp_path, capsys)
