"""A backfill on workers that are processes decides what `replay` does, also when one of them is killed on the way."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples.shop import generate
from tests.examples.running import ROOT
from tests.runners.dask.cluster import on_dask, running
from tests.runners.jobs import facts, replayed

if TYPE_CHECKING:
    from distributed import LocalCluster

RULES = ROOT / "examples/shop/rules"
PARTS = "--dask_npartitions=9"
FEW_S = 0.005

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate.write(tmp_path_factory.mktemp("shop"), 40, 7, 60)


@pytest.fixture(scope="module")
def expected(events: Path) -> dict[str, list[str]]:
    return facts(replayed(RULES, events, events.parent / "replay"))


@pytest.fixture
def cluster() -> Iterator[LocalCluster]:
    with running() as made:
        yield made


@pytest.mark.parametrize("decided", [1, 3])
def test_a_worker_killed_on_the_way_changes_no_row(
    cluster: LocalCluster, events: Path, expected: dict[str, list[str]], tmp_path: Path, decided: int
) -> None:
    killed = Killing(cluster, decided)
    with killed:
        ran = on_dask(cluster, RULES, events, tmp_path / "out", PARTS)
    assert killed.lost, "the worker held nothing that others wanted: nothing was lost"
    assert facts(ran) == expected
    assert not list((tmp_path / "out").glob("**/*temp*"))


class Killing:
    """Kills one worker when so many stages have run on it, while it holds results."""

    def __init__(self, cluster: LocalCluster, ran: int) -> None:
        self._cluster, self._ran = cluster, ran
        self.lost: list[str] = []
        """What it held."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.is_set():
            for worker in list(self._cluster.scheduler.workers.values()):
                held = [str(task.key) for task in list(worker.has_what) if "run_stage" in str(task.key)]
                if len(held) >= self._ran:
                    self.lost = held
                    os.kill(self._pid(worker.address), signal.SIGKILL)
                    return
            time.sleep(FEW_S)

    def _pid(self, address: str) -> int:
        nannies = self._cluster.workers.values()
        return next(one.process.pid for one in nannies if one.worker_address == address)
