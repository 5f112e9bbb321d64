"""A small cluster of Flink, each part a process: a job manager and task managers of one slot, which can be killed.

State is in RocksDB, checkpoints are files; what fails is started again from the last of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from shutil import copy
from typing import Final

import yaml

from benchmarks.runners.family import command_of, resident_bytes
from tests.examples.running import ROOT
from tests.runners.flink import installing
from tests.runners.flink.rest import Rest
from tests.runners.serving import serving
from tests.services.emulators.processes import SHORT_LIVED_JAVA, free_port

JOB: Final = ROOT / "tests/runners/flink/job.py"
START_S: Final = 300
SUBMIT_S: Final = 300
CHECKPOINT_MS: Final = 2_000
PYTHON_WORKER: Final = "pyflink.fn_execution"
"""What stands in the command of the processes that run our steps."""
LOST_MS: Final = 6_000
"""So long nothing is heard of a task manager, and it is given up."""


class Steps(IntEnum):
    """Elements and timers that Flink's Python takes together. It has two gaps, one of which is open in either way.

    Seen with 2.2.1, and in `AbstractPythonFunctionOperator`: a checkpoint ends the bundle under way, and is taken
    before the timers that this bundle has set are Flink's; and at the end of time the timers are forgotten that were
    set by a bundle which ended because it was full.
    """

    ONE = 1
    """A checkpoint finds no bundle under way: for what has to come back from one. Not for a drain."""
    MANY = 1_000_000
    """Bundles end by time alone: for a drain. A restart may lose a timer."""


@dataclass
class Cluster:
    """One that runs."""

    folder: Path
    rest: Rest
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self) -> subprocess.Popen[bytes]:
        """A task manager more, with a slot; it is there some seconds later."""
        number = len(self.workers)
        with (self.folder / f"worker-{number}.log").open("wb") as out:
            command = [*_script("taskmanager.sh"), "-D", f"taskmanager.resource-id={number}"]
            worker = subprocess.Popen(
                command, env=_environment(self.folder), stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.workers.append(worker)
        return worker

    def kill_worker(self, job: str, step: str) -> None:
        """The task manager that runs a step, with its Python."""
        os.killpg(self._worker_of(job, step).pid, signal.SIGKILL)

    def kill_python(self, job: str, step: str, module: str = PYTHON_WORKER) -> None:
        """The Python of a step, which runs this module; its task manager lives on."""
        group = self._worker_of(job, step).pid
        killed = [pid for pid in _processes(group) if module in command_of(pid)]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        assert killed, "no Python worker is there"

    def cpu_s(self) -> float:
        """CPU seconds of the task managers that live and their Python, from their beginning on."""
        ticks = sum(_ticks(pid) for worker in self.workers for pid in _processes(worker.pid))
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self) -> int:
        """What they hold in memory."""
        return sum(resident_bytes(pid) for worker in self.workers for pid in _processes(worker.pid))

    def _worker_of(self, job: str, step: str) -> subprocess.Popen[bytes]:
        return self.workers[int(self.rest.worker_of(job, step))]

    def submit(self, *arguments: str | Path, savepoint: str | None = None) -> str:
        """Submit the job, from a savepoint on if there is one; its id."""
        python = installing.python()
        from_there = () if savepoint is None else ("-s", savepoint)
        command = [installing.home() / "bin/flink", "run", "-d", "-m", self.rest.address, *from_there]
        command += ["-pyexec", python, "-pyclientexec", python, "-py", JOB, *arguments]
        ran = subprocess.run(
            command, env=_environment(self.folder), capture_output=True, text=True, timeout=SUBMIT_S, check=False
        )
        said = [line.split()[-1] for line in ran.stdout.splitlines() if "submitted with JobID" in line]
        assert said, f"nothing was submitted:\n{ran.stdout[-4_000:]}\n{ran.stderr[-4_000:]}"
        return said[0]


@contextmanager
def cluster(folder: Path, workers: int = 2, steps: Steps = Steps.MANY) -> Iterator[Cluster]:
    """A cluster in a folder, which ends with all its processes."""
    port = free_port()
    _configure(folder, port, steps)
    with ExitStack() as ends:
        command = _script("jobmanager.sh")
        address = ends.enter_context(
            serving(command, port, folder / "manager.log", START_S, environment=_environment(folder))
        )
        found = Cluster(folder, Rest(address))
        ends.callback(_kill, found.workers)
        for _ in range(workers):
            found.add_worker()
        found.rest.wait_for_slots(workers, START_S)
        yield found


def _kill(workers: list[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def _script(name: str) -> list[str]:
    return [str(installing.home() / "bin" / name), "start-foreground"]


def _processes(group: int) -> list[int]:
    """Those of a process group, as far as they are still there."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getpgid(int(place.name)) == group:
                found.append(int(place.name))
    return found


def _ticks(pid: int) -> int:
    """Of the process and of its children that have ended."""
    with suppress(OSError):
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return 0


def _environment(folder: Path) -> dict[str, str]:
    """The workers' Python finds the product's code as it stands in the checkout."""
    places = {"FLINK_CONF_DIR": str(folder / "conf"), "FLINK_LOG_DIR": str(folder / "log")}
    return {**os.environ, **places, "FLINK_HOME": str(installing.home()), "PYTHONPATH": str(ROOT)}


def _configure(folder: Path, port: int, steps: Steps) -> None:
    """What Flink comes with, for Java needs it, and what is ours."""
    conf = folder / "conf"
    conf.mkdir()
    came = installing.home() / "conf"
    for name in ("log4j-console.properties", "log4j-cli.properties", "log4j.properties"):
        copy(came / name, conf / name)
    java = yaml.safe_load((came / "config.yaml").read_text())["env"]["java"]["opts"]["all"]
    ours = {
        "env.java.opts.all": f"{java} {SHORT_LIVED_JAVA}",
        "jobmanager.rpc.address": "localhost",
        "jobmanager.rpc.port": free_port(),
        "jobmanager.memory.process.size": "900m",
        "rest.address": "localhost",
        "rest.bind-address": "localhost",
        "rest.port": port,
        "taskmanager.host": "localhost",
        "taskmanager.numberOfTaskSlots": 1,
        "taskmanager.memory.process.size": "1000m",
        "taskmanager.memory.managed.size": "128m",
        "state.backend.type": "rocksdb",
        "execution.checkpointing.interval": f"{CHECKPOINT_MS}ms",
        "execution.checkpointing.dir": (folder / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (folder / "savepoints").as_uri(),
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 20,
        "restart-strategy.fixed-delay.delay": "1s",
        "metrics.fetcher.update-interval": 1_000,
        "heartbeat.interval": "1000",
        "heartbeat.timeout": str(LOST_MS),
        # Flink expects its own names in Beam's metrics, and fails over others.
        "python.metric.enabled": "false",
        "python.fn-execution.bundle.size": int(steps),
        "python.fn-execution.bundle.time": 100,
    }
    (conf / "config.yaml").write_text(yaml.safe_dump(ours))
