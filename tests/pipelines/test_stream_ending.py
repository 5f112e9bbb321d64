"""Who ends a stream that runs in this process ends it, whatever it is at: a step of ours too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("google.cloud.bigquery")

ENDED_IN_A_STEP = """
import signal, sys
import apache_beam as beam
from kittiwake.terminal.ending import StopRequest
from kittiwake.pipelines.lifecycle import run_in_process
from kittiwake.pipelines.runner import IN_PROCESS, new_pipeline
from kittiwake.pipelines.sources.recorded import STOP_MESSAGE

stop = StopRequest()
stop.listen()
pipeline = new_pipeline(IN_PROCESS, ())
_ = pipeline | beam.Create([1]) | beam.Map(lambda _: {step})
sys.exit(run_in_process(pipeline, stop, STOP_MESSAGE))
"""


def python(step: str, root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ENDED_IN_A_STEP.format(step=step)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_ends_it_within_a_step_is_no_failure_of_that_step(name: str, root: Path) -> None:
    ran = python(f"signal.raise_signal(signal.{name})", root)
    assert ran.stderr.splitlines()[-1] == "stream: ended as you asked; run again, it decides the same"
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr


def test_a_step_that_fails_still_fails(root: Path) -> None:
    ran = python("1 / 0", root)
    assert (ran.returncode, "ZeroDivisionError" in ran.stderr) == (1, True), ran.stderr
