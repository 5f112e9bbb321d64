"""What the job tells whoever waits, on standard error: lines, and how far it has come.

Workers that are processes of this machine tell through files of a folder that they inherit by the
environment; of workers elsewhere the runner is asked for its counters. Nothing depends on it.
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

from kittiwake.batch.replay import Progress
from kittiwake.terminal.ending import asked
from kittiwake.terminal.printing import remark
from kittiwake.terminal.progress import progress
from transforms.batch.progress import NAMESPACE, PROGRESS, ProgressCounters

SECONDS_A_LOOK: Final = 0.5
"""Between two looks at what has been done: a bar moves, and nobody pays for it."""

SECONDS_A_QUESTION: Final = 10.0
"""Between two questions to a runner, as between two lines of a log."""

FOLDER: Final = "KITTIWAKE_PROGRESS"
"""The variable that names the folder to workers."""

END: Final = "end.asked"
"""The file by which workers are asked to end. Beam waits for what they are at before it lets an interrupted run go."""


def say(text: str) -> None:
    """One line on standard error, which is not the job's output."""
    remark("backfill", text)


class Watched:
    """The run whose progress is shown."""

    def __init__(self) -> None:
        """Of no run yet."""
        self.result: PipelineResult | None = None
        """Where the runner has started workers and not waited for them: whom to ask."""
        self._known = ProgressCounters()
        self._asked_at = 0.0

    def seen(self) -> ProgressCounters:
        """What the runner's workers have done, as far as it says; asked now and then, for it may be a service."""
        result = self.result
        if result is not None and time.monotonic() - self._asked_at >= SECONDS_A_QUESTION:
            self._asked_at = time.monotonic()
            with suppress(Exception):  # whatever a runner raises: nothing depends on it
                self._known = counted(result)
        return self._known


def counted(result: PipelineResult) -> ProgressCounters:
    """What the counters of a run say."""
    found = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]
    seen = ProgressCounters()
    for counter in found:
        name = counter.key.metric.name
        setattr(seen, name, getattr(seen, name) + counter.result)
    return seen


@contextmanager
def progress_shown(bytes_total: int, buckets: int, seconds: float = SECONDS_A_LOOK) -> Iterator[Watched]:
    """Tells how far this process and its workers have come, while the body runs."""
    watched = Watched()
    PROGRESS.reset()
    with TemporaryDirectory() as name, progress(quiet=False, speaker="backfill") as tell:
        folder = Path(name)

        def look() -> None:
            if asked() is not None:
                (folder / END).touch()
            tell(_so_far(_furthest(_all_seen(folder), watched.seen()), bytes_total, buckets))

        with _named_to_workers(folder), _repeated(seconds, look):
            yield watched


@contextmanager
def _repeated(seconds: float, look: Callable[[], None]) -> Iterator[None]:
    """Calls `look` every few seconds while the body runs."""
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(seconds):
            look()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _furthest(here: ProgressCounters, there: ProgressCounters) -> ProgressCounters:
    """Some runners' workers are seen both ways."""
    return here if (here.bytes_read, here.buckets) >= (there.bytes_read, there.buckets) else there


def _so_far(seen: ProgressCounters, bytes_total: int, buckets: int) -> Progress:
    """How many contacts there are is estimated from those in the buckets that are decided, which are alike."""
    contacts_total = seen.contacts * max(buckets, seen.buckets) // seen.buckets if seen.buckets else 0
    return Progress(seen.bytes_read, bytes_total, 0, seen.contacts, contacts_total)


# ---------------------------------------------------------------- workers that are processes


@contextmanager
def _named_to_workers(folder: Path) -> Iterator[None]:
    os.environ[FOLDER] = str(folder)
    try:
        yield
    finally:
        del os.environ[FOLDER]


@contextmanager
def told_to_parent(seconds: float = SECONDS_A_LOOK) -> Iterator[None]:
    """Tells the process that started this worker how far it has come, if that wants to know, while the body runs.

    Where that has been asked to end, the worker ends.
    """
    name = os.environ.get(FOLDER)
    if name is None:
        yield
        return
    with _repeated(seconds, lambda: _tell(Path(name))):
        yield


def _tell(folder: Path) -> None:
    if (folder / END).exists():
        os._exit(0)
    file = folder / str(os.getpid())
    with suppress(OSError):  # the parent has gone
        file.with_suffix(".new").write_text(f"{PROGRESS.bytes_read} {PROGRESS.contacts} {PROGRESS.buckets}")
        file.with_suffix(".new").replace(file)


def _all_seen(folder: Path) -> ProgressCounters:
    """What this process and its workers have done."""
    told = [ProgressCounters(*map(int, file.read_text().split())) for file in folder.iterdir() if not file.suffix]
    every = [PROGRESS, *told]
    return ProgressCounters(
        sum(one.bytes_read for one in every), sum(one.contacts for one in every), sum(one.buckets for one in every)
    )
