"""What the tests of the jobs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pipelines.running import Job
from tests.pipelines.streaming import StreamResources

if TYPE_CHECKING:
    from tests.services.tables import Tables
    from tests.services.topics import Topics


@pytest.fixture
def job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Job:
    """The main job, on files below `tmp_path`."""
    return Job(tmp_path, capsys)


@pytest.fixture
def resources(topics: Topics, tables: Tables) -> StreamResources:
    """What a streaming job reads from and writes to: topics, and a dataset without tables."""
    return StreamResources(topics, tables, topics.create("events"), topics.create("triggers"), tables.create_dataset())
