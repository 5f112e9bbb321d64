"""What is run: the batch and the stream, each on the in-process runner and on Prism, with one core or two."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final, NamedTuple

from tests.runners import prism
from tests.runners.jobs import LOOPBACK, processes

BATCH: Final = "batch"
STREAM: Final = "stream"
JOBS: Final = (BATCH, STREAM)


class Case(NamedTuple):
    """A job on a runner."""

    job: str
    on_engine: bool
    """Prism; else the runner in this process."""
    workers: str
    """What they are, in words."""
    cores: int
    """To which launcher, engine and workers together are bound."""

    @property
    def name(self) -> str:
        """As a row's head."""
        return f"{'Prism' if self.on_engine else 'in process'}, {self.workers}"

    def flags(self, folder: Path) -> tuple[str, ...]:
        """Of the workers; what they need is put into `folder`."""
        if self.workers == OWN:
            return processes(folder)
        if self.workers == IN_LAUNCHER:
            return LOOPBACK
        return (f"--direct_num_workers={self.cores}",) if self.workers == TWO_PROCESSES else ()

    def engine(self, folder: Path) -> AbstractContextManager[str | None]:
        """Runs the engine, if there is one; the endpoint of its jobs."""
        return prism.running(folder) if self.on_engine else nullcontext()


IN_LAUNCHER: Final = "worker in the launcher (LOOPBACK)"
OWN: Final = "worker a process of its own (PROCESS)"
ONE_THREAD: Final = "one worker, in the launcher"
TWO_PROCESSES: Final = "two workers, processes of their own"


def cases(cores_most: int) -> Iterator[Case]:
    """All, as far as there are cores. In this process a stream has one worker: the job refuses a second one."""
    for job in JOBS:
        yield Case(job, False, ONE_THREAD, 1)
        if job == BATCH and cores_most > 1:
            yield Case(job, False, TWO_PROCESSES, 2)
        for workers in (IN_LAUNCHER, OWN):
            yield from (Case(job, True, workers, cores) for cores in range(1, min(cores_most, 2) + 1))


def command(
    case: Case, rules: Path, events: Path, output: Path, endpoint: str | None, flags: tuple[str, ...]
) -> list[str]:
    """The whole command of a run."""
    module, source = (
        ("kittiwake.pipelines.backfill", "--input") if case.job == BATCH else ("kittiwake.pipelines.stream", "--events")
    )
    places = ["--rules", str(rules), source, str(events), "--output", str(output)]
    engine = [] if endpoint is None else ["--runner=PortableRunner", f"--job_endpoint={endpoint}"]
    empty = ["--allow_empty"] if case.job == BATCH else []  # the smallest inputs arm not every rule
    return [sys.executable, "-m", module, *places, *empty, *engine, *flags]
