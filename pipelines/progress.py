"""Progress of a backfill on standard error, for a person who waits.

Workers that are processes of this machine report through files of a folder, whose name they inherit by the environment.
Of workers elsewhere the runner is asked for its counters. Nothing depends on it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from apache_beam.metrics.metric import MetricsFilter
from apache_beam.runners.runner import PipelineResult

from kittiwake.batch.workers.progress import Progress
from kittiwake.terminal.ending import StopRequest
from kittiwake.terminal.printing import report_line
from kittiwake.terminal.progress import progress
from kittiwake.transforms.batch.progress import NAMESPACE, PROGRESS, ProgressCounters

POLL_S: Final = 0.5
"""Between two polls of what has been done: a bar moves, and it costs nothing."""

RUNNER_POLL_S: Final = 10.0
"""Between two requests to a runner, as between two lines of a log."""

FOLDER: Final = "KITTIWAKE_PROGRESS"
"""The variable that names the folder to workers."""

END: Final = "end.asked"
"""The file that asks workers to end. Beam waits for their current work before an interrupted run returns."""


def say(text: str) -> None:
    """One line on standard error, which is not the job's output."""
    report_line("backfill", text)


class Watched:
    """The run whose progress is shown, once it has been started."""

    def __init__(self) -> None:
        self.result: PipelineResult | None = None
        """Where the runner has started workers and not waited for them: it is asked for its counters."""
        self._counters = ProgressCounters()
        self._polled_at_s = 0.0

    def counters(self) -> ProgressCounters:
        """What the runner's workers have done, as far as it says; polled seldom, for it may be a service."""
        result = self.result
        if result is not None and time.monotonic() - self._polled_at_s >= RUNNER_POLL_S:
            self._polled_at_s = time.monotonic()
            with suppress(Exception):  # whatever a runner raises: nothing depends on it
                self._counters = counters_of(result)
        return self._counters


def counters_of(result: PipelineResult) -> ProgressCounters:
    """The counters of a run, as its runner reports them."""
    found = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]
    total = ProgressCounters()
    for counter in found:
        name = counter.key.metric.name
        setattr(total, name, getattr(total, name) + counter.result)
    return total


@contextmanager
def show_progress(
    bytes_total: int, buckets: int, stop: StopRequest, seconds: float = POLL_S, *, quiet: bool = False
) -> Iterator[Watched]:
    """Print how far this process and its workers have come, while the body runs; pass a stop request on to workers.

    With `quiet` nothing is printed: of workers that report nothing.
    """
    watched = Watched()
    PROGRESS.reset()
    with TemporaryDirectory() as name, progress(quiet=quiet, speaker="backfill") as report:
        folder = Path(name)

        def poll() -> None:
            if stop.signalled is not None:
                (folder / END).touch()
            report(_progress_of(_furthest(_all_counters(folder), watched.counters()), bytes_total, buckets))

        with _announced_to_workers(folder), _repeated(seconds, poll):
            yield watched


@contextmanager
def _repeated(seconds: float, call: Callable[[], None]) -> Iterator[None]:
    """Call `call` every `seconds` while the body runs."""
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(seconds):
            call()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _furthest(here: ProgressCounters, there: ProgressCounters) -> ProgressCounters:
    """The larger of two counts of the same work: some runners' workers are counted both ways."""
    return here if (here.bytes_read, here.buckets) >= (there.bytes_read, there.buckets) else there


def _progress_of(seen: ProgressCounters, bytes_total: int, buckets: int) -> Progress:
    """The number of contacts is estimated from those in the partitions that are done, which are alike."""
    contacts_total = seen.contacts * max(buckets, seen.buckets) // seen.buckets if seen.buckets else 0
    return Progress(seen.bytes_read, bytes_total, 0, seen.contacts, contacts_total)


# ---------------------------------------------------------------- workers that are processes


@contextmanager
def _announced_to_workers(folder: Path) -> Iterator[None]:
    os.environ[FOLDER] = str(folder)
    try:
        yield
    finally:
        del os.environ[FOLDER]


@contextmanager
def report_to_parent(seconds: float = POLL_S) -> Iterator[None]:
    """Report progress to the process that started this worker, if that shows any, while the body runs.

    When that process has been asked to end, the worker ends.
    """
    name = os.environ.get(FOLDER)
    if name is None:
        yield
        return
    with _repeated(seconds, lambda: _report(Path(name))):
        yield


def _report(folder: Path) -> None:
    if (folder / END).exists():
        os._exit(0)
    file = folder / str(os.getpid())
    with suppress(OSError):  # the parent has gone
        file.with_suffix(".new").write_text(f"{PROGRESS.bytes_read} {PROGRESS.contacts} {PROGRESS.buckets}")
        file.with_suffix(".new").replace(file)


def _all_counters(folder: Path) -> ProgressCounters:
    """What this process and its workers have done, added up."""
    reported = [ProgressCounters(*map(int, file.read_text().split())) for file in folder.iterdir() if not file.suffix]
    every = [PROGRESS, *reported]
    return ProgressCounters(
        sum(one.bytes_read for one in every), sum(one.contacts for one in every), sum(one.buckets for one in every)
    )
