"""The streaming job on Flink by Beam's own runner: a worker and a task manager die, and what stands is `replay`'s.

Has been run nowhere yet: see `job_server`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.examples.running import ROOT, Ran
from tests.runners import boot
from tests.runners.flink import installing, job_server
from tests.runners.flink.cluster import Cluster, cluster
from tests.runners.jobs import processes
from tests.runners.shops import differing, of_contacts, shop

STEP: Final = "Evaluate"
WITHIN_S: Final = 120
DISORDER: Final = ("--disorder", "5m", "--late", "2d", "--allowed_lateness", "5d", "--pace", "30/s")
FLAGS: Final = ("--runner=PortableRunner", "--parallelism=2", "--checkpointing_interval=2000")


class Served(NamedTuple):
    flink: Cluster
    endpoint: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    if not (installing.kept().exists() and job_server.kept().exists()):
        pytest.skip("Beam's job server for Flink is not here: make runners gets it, where it can be had")
    folder = tmp_path_factory.mktemp("flink")
    with cluster(folder, workers=3) as flink, job_server.serving_for(flink, folder) as endpoint:
        yield Served(flink, endpoint)


def test_what_dies_goes_on_from_its_checkpoint(served: Served, tmp_path: Path, seed: int) -> None:
    """Files are written before checkpoints are complete, so rows may be doubled; what stands of an id is not."""
    case, rest = shop(tmp_path, seed, change=of_contacts), served.flink.rest
    places = ("--rules", case.rules, "--events", case.events, "--output", tmp_path / "out")
    engine = (*FLAGS, f"--job_endpoint={served.endpoint}", *processes(tmp_path))
    command = [
        sys.executable,
        "-m",
        "kittiwake.pipelines.stream",
        *places,
        *DISORDER,
        "--event_seed",
        str(seed),
        *engine,
    ]
    with subprocess.Popen(command, cwd=ROOT) as launched:
        job = began(served.flink)
        rest.wait_for_checkpoints(job, 3, WITHIN_S)
        served.flink.kill_python(job, STEP, boot.WORKER)
        rest.wait_until_restored(job, 1, WITHIN_S)
        rest.wait_for_checkpoints(job, 6, WITHIN_S)
        served.flink.kill_worker(job, STEP)
        rest.wait_until_restored(job, 2, WITHIN_S)
        assert launched.wait(10 * WITHIN_S) == 0
    assert not differing(case.replayed.rows("decisions"), Ran(tmp_path / "out", "").rows("decisions")), f"seed {seed}"


def began(flink: Cluster) -> str:
    """The id of the one job that runs."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        running = [job["id"] for job in flink.rest.get("/jobs")["jobs"] if job["status"] == "RUNNING"]
        if running:
            return str(running[0])
        time.sleep(1)
    raise AssertionError("no job has begun")
