"""Who waits is told how far the job has come, in whichever process it is done."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.runners.runner import PipelineResult, PipelineState

from kittiwake.batch.settings import RunSettings
from kittiwake.pipelines.graphs.backfill import build_backfill
from kittiwake.pipelines.locations import open_location
from kittiwake.pipelines.progress import counters_of, show_progress
from kittiwake.pipelines.runner import new_pipeline, runner_named
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.terminal import progress as shown
from kittiwake.terminal.ending import StopRequest
from kittiwake.transforms.batch.progress import PROGRESS, ProgressCounters
from kittiwake.transforms.input_files import InputFile
from tests.input.inputs import START_US, record, write_lines, write_rules
from tests.pipelines.running import ROOT, Job


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lines at every look."""
    monkeypatch.setattr(shown, "SECONDS_A_LINE", 0)
    yield
    PROGRESS.reset()


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What was said, without times and rates, each thing once."""
    lines = (line.split(" s: ", 1)[1].rsplit(",", 1)[0] for line in capsys.readouterr().err.splitlines())
    return list(dict.fromkeys(lines))


def test_reading_is_told_before_deciding(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(2_000_000, 8, StopRequest(), seconds=0.02):
        time.sleep(0.1)
        PROGRESS.read(1_500_000)
        time.sleep(0.1)
        PROGRESS.contacts, PROGRESS.buckets = 1_234, 2
        time.sleep(0.1)
    assert said(capsys) == ["nothing is read yet", "reading 75 % of 2.0 MB", "deciding 25 %"]


WORKER = """
import time
from kittiwake.pipelines.progress import report_to_parent
from kittiwake.transforms.batch.progress import PROGRESS
with report_to_parent(0.02):
    PROGRESS.read(400_000)
    time.sleep(0.5)
"""


def test_what_workers_that_are_processes_have_done_is_added(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(2_000_000, 8, StopRequest(), seconds=0.02):
        PROGRESS.read(200_000)
        command = [sys.executable, "-c", WORKER]
        workers = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
        assert [worker.wait() for worker in workers] == [0, 0]
        time.sleep(0.1)
    assert said(capsys)[-1] == "reading 50 % of 2.0 MB"
    assert "KITTIWAKE_PROGRESS" not in os.environ


def test_a_worker_whom_nobody_asks_tells_nobody() -> None:
    ran = subprocess.run([sys.executable, "-c", WORKER], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_nothing_is_told_once_the_job_has_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="the job failed"), show_progress(1, 8, StopRequest(), seconds=0.5):
        raise RuntimeError("the job failed")
    time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_of_workers_elsewhere_the_runner_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = write_lines(tmp_path / "events.jsonl", [record(event_id=f"e{number}") for number in range(9)])
    size = events.stat().st_size
    pipeline = new_pipeline(runner_named(None), [])
    programs = Programs(load(write_rules(tmp_path / "rules.yaml")))
    location = open_location(str(tmp_path / "out"))
    build_backfill(pipeline, (InputFile(str(events), size),), programs, RunSettings(START_US), location)
    result = pipeline.run()
    location.discard()
    assert counters_of(result) == ProgressCounters(bytes_read=size, contacts=1, buckets=1)
    with show_progress(size * 4, 8, StopRequest(), seconds=0.02) as watched:
        watched.result = result  # as if it had run where this process sees nothing
        time.sleep(0.1)
    assert said(capsys)[-1] == "deciding 12 %"


def test_a_runner_that_cannot_say_is_not_asked_in_vain(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(9, 8, StopRequest(), seconds=0.02) as watched:
        watched.result = PipelineResult(PipelineState.RUNNING)
        time.sleep(0.1)
    assert said(capsys) == ["nothing is read yet"]


def test_a_job_has_read_and_decided_all_in_the_end(job: Job, seed: int) -> None:
    rng = random.Random(seed)
    lines = [record(event_id=f"e{number}", contact_id=f"c{rng.randrange(300)}") for number in range(900)]
    ran = job(write_lines(job.folder / "events.jsonl", lines))
    assert PROGRESS.bytes_read == (job.folder / "events.jsonl").stat().st_size
    assert PROGRESS.contacts == ran.summary.counts.contacts
    assert 50 < PROGRESS.buckets <= 64
