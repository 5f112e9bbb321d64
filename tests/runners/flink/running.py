"""One run of the streaming job on a cluster of Flink: fed piece by piece, hurt on the way, drained in the end."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from kittiwake.stream.recorded_schedule import Disorder
from kittiwake.time.instants import DAY_US, SECOND_US
from tests.runners.flink.cluster import Cluster
from tests.runners.flink.recorded_queue import Queue
from tests.runners.shops import Case

DISORDER_S: Final = 300
LATE_US: Final = 2 * DAY_US
LATENESS_H: Final = 120
"""More than comes late."""
WITHIN_S: Final = 300
"""For what takes Flink a few seconds when nothing else runs; in CI half of a machine may be all that it has."""
BEATS: Final = 3_000
"""Behind the last event: more than come before the job is stopped."""
BEATS_HEARD: Final = 200
"""So many, and what one timer after the other has set is settled: each needs a watermark that goes on."""
SETTLE: Final = "settle"
Fault = Callable[["Run"], None]


class Told(NamedTuple):
    """Rows by table."""

    committed: Mapping[str, list[dict[str, Any]]]
    """What checkpoints have made visible."""
    sent: Mapping[str, list[dict[str, Any]]]
    """What was put out, by attempts too that came to nothing."""


class Run:
    """The job over the events of a case, in a folder of its own."""

    def __init__(self, flink: Cluster, case: Case, folder: Path, seed: int, per_second: int) -> None:
        self.flink, self.case, self.folder, self.per_second = flink, case, folder, per_second
        self.queue = Queue.of(case.events, Disorder(DISORDER_S * SECOND_US, LATE_US, seed))
        folder.mkdir()
        self.queue.write(folder / "queue", BEATS)
        self.job = ""
        self.restarts = 0
        """How often the job has to have gone on from a checkpoint or a savepoint."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """A job that goes on, because its test does not, gives its slots back."""
        if self.job:
            self.flink.rest.cancel(self.job)

    def begin(self, parallelism: int = 2, savepoint: str | None = None) -> None:
        """Submit the job, which goes on from a savepoint or begins with nothing."""
        places = ("--events", self.folder / "queue", "--rules", self.case.rules, "--output", self.folder / "out")
        waits = ("--disorder_s", str(DISORDER_S), "--allowed_lateness_h", str(LATENESS_H))
        more = ("--per_second", str(self.per_second), "--parallelism", str(parallelism))
        self.job = self.flink.submit(*places, *waits, *more, savepoint=savepoint)
        self.flink.rest.wait_until_running(self.job, WITHIN_S)

    def reach(self, share: float, beats: int = 0) -> None:
        """Until so much has been read, and so many beats."""
        within_s = WITHIN_S + len(self.queue.lines) / self.per_second
        at_ms = self.queue.watermark_ms(share) + beats * 1_000
        self.flink.rest.wait_for_watermark(self.job, SETTLE, at_ms, within_s)

    def come_round(self) -> None:
        """Wait until the job has got over what was done to it."""
        self.flink.rest.wait_until_restored(self.job, self.restarts, WITHIN_S)

    def stop(self, *, drain: bool) -> str:
        """Where the savepoint lies that it ends with."""
        return self.flink.rest.stop(self.job, drain=drain, within_s=WITHIN_S)

    def told(self) -> Told:
        """What it has told so far."""
        out = self.folder / "out"
        return Told(_rows((out / "committed").rglob("part-*")), _rows((out / "sent").iterdir()))


def _rows(files: Iterable[Path]) -> Mapping[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in sorted(files):
        for line in file.read_text(encoding="utf-8").splitlines():
            table, row = line.split("\t", 1)
            found[table].append(json.loads(row))
    return found


def kill_python(run: Run) -> None:
    """The process that runs the steps of a task, which Flink notices when it has the next events for it."""
    run.come_round()
    run.flink.rest.wait_for_checkpoints(run.job, 1, WITHIN_S)
    run.flink.kill_python(run.job, SETTLE)
    run.restarts += 1


def kill_worker(run: Run) -> None:
    """The task manager with everything that it holds; another takes its place."""
    run.come_round()
    run.flink.rest.wait_for_checkpoints(run.job, 1, WITHIN_S)
    run.flink.kill_worker(run.job, SETTLE)
    run.flink.add_worker()
    run.restarts += 1


def go_on_with_one_task(run: Run) -> None:
    """Stopped with a savepoint, and begun again from it with one task for all contacts."""
    run.come_round()
    run.begin(1, run.stop(drain=False))
    run.restarts = 1


DEATH: Final[Mapping[float, Fault]] = {0.45: kill_worker}
FAULTS: Final[Mapping[float, Fault]] = {0.2: kill_python, **DEATH, 0.7: go_on_with_one_task}
"""What happens when so much has been read."""


SLOW: Final = 20
"""Events a second: a checkpoint or more are done between one fault and the next."""


def suffer(run: Run, faults: Mapping[float, Fault]) -> None:
    """All of the events, and on the way something happens."""
    for share, fault in faults.items():
        run.reach(share)
        fault(run)
    run.come_round()
    run.reach(1, BEATS_HEARD)
