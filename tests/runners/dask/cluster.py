"""A cluster of Dask whose workers are processes of this machine, and the backfill on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tests.examples.running import Ran, backfill
from tests.runners.places import MissingError

if TYPE_CHECKING:
    from distributed import LocalCluster

WORKERS = 3


def require() -> None:
    """Nothing, where Dask is installed; raises `MissingError`."""
    if find_spec("distributed") is None:
        raise MissingError("Dask is not installed: make venv, or pip install 'kittiwake[dask]'")


@contextmanager
def running(workers: int = WORKERS) -> Iterator[LocalCluster]:
    """A scheduler in this process, and workers of one thread each that are others; all of them ended at the end."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs="CRITICAL") as made:
        yield made


def on_dask(cluster: LocalCluster, rules: Path, events: Path, output: Path, *more: str) -> Ran:
    """The backfill on a cluster."""
    address = f"--dask_client_address={cluster.scheduler_address}"
    return backfill(rules, events, output, "--runner=DaskRunner", address, *more)
