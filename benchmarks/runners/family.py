"""Everything that is started within a `with`, and what it costs together: launcher, engine, workers, and theirs.

Linux. Processes whose parent ends become ours, what is left at the end is ended, and every one is waited for: so CPU is
what the kernel has counted of all of them, whenever they ended. Memory is looked at five times a second;
pages that processes share count in each.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.measuring import MB, SECONDS_A_LOOK, adopt_orphans

SECONDS_MAX: Final = 900.0
"""Of one command: far above the longest run of the plan."""
ENGINE: Final = "prism"
"""How the engine's process is named."""
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """A process that is alive."""

    pid: int
    name: str
    cpu_s: float
    """Its own, without that of its children."""


class Cost(NamedTuple):
    """What all of them took."""

    exit_code: int
    """Of the command."""
    wall_s: float
    """From the command's start to its end; the engine was there before, and after."""
    cpu_s: float
    launcher_s: float
    """CPU of the command and of the children that it waited for."""
    engine_s: float
    peak_mb: float
    """The largest sum that was seen."""

    @property
    def workers_s(self) -> float:
        """CPU of everything else: what the engine has started."""
        return max(0.0, self.cpu_s - self.launcher_s - self.engine_s)


class Family:
    """What has been started."""

    def __init__(self) -> None:
        self._before_s, self._others = _children_s(), {one.pid for one in descendants()}
        self._exit_code, self._wall_s, self._launcher_s, self._engine_s, self._peak_bytes = 0, 0.0, 0.0, 0.0, 0
        self.cpu_s = 0.0
        """Known when the `with` is over."""

    @property
    def cost(self) -> Cost:
        """Once the `with` is over."""
        peak_mb = self._peak_bytes / MB
        return Cost(self._exit_code, self._wall_s, self.cpu_s, self._launcher_s, self._engine_s, peak_mb)

    def members(self) -> list[Process]:
        """All that are alive, or have ended and not been waited for."""
        return [one for one in descendants() if one.pid not in self._others]

    def run(self, command: Sequence[str], folder: Path, log: Path) -> int:
        """Run a command in a folder to its end, its words into a file; the exit code."""
        with log.open("wb") as words:
            began_s = time.perf_counter()
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=words, stderr=words)
            self._look_on(process.pid)
            _, status, usage = os.wait4(process.pid, 0)
        self._wall_s = time.perf_counter() - began_s
        self._exit_code = process.returncode = os.waitstatus_to_exitcode(status)  # Popen need not wait any more
        self._launcher_s = usage.ru_utime + usage.ru_stime
        self._engine_s = sum(one.cpu_s for one in self.members() if one.name == ENGINE)
        return self._exit_code

    def _look_on(self, pid: int) -> None:
        until_s, ended, handle = time.perf_counter() + SECONDS_MAX, select.poll(), os.pidfd_open(pid)
        ended.register(handle, select.POLLIN)
        while not ended.poll(SECONDS_A_LOOK * 1_000):
            self._peak_bytes = max(self._peak_bytes, sum(resident_bytes(one.pid) for one in self.members()))
            if time.perf_counter() > until_s:
                os.kill(pid, signal.SIGKILL)
        os.close(handle)

    def finish(self) -> None:
        """End what is left, wait for all, and add up. Children of those who end are ours in the next round."""
        while left := self.members():
            for one in left:
                with suppress(ProcessLookupError):
                    os.kill(one.pid, signal.SIGKILL)
            for one in left:
                with suppress(ChildProcessError):
                    os.waitpid(one.pid, 0)
        self.cpu_s = _children_s() - self._before_s


@contextmanager
def family(cores: int | None = None) -> Iterator[Family]:
    """A family bound to so many cores, or to none; counted when the `with` is over."""
    allowed = os.sched_getaffinity(0)
    adopt_orphans(True)
    os.sched_setaffinity(0, sorted(allowed)[:cores])
    one = Family()
    try:
        yield one
    finally:
        one.finish()
        os.sched_setaffinity(0, allowed)
        adopt_orphans(False)


def cores_here() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


# ---------------------------------------------------------------- what the kernel says


def descendants() -> list[Process]:
    """All processes below this one that have not been waited for."""
    found, waiting = [], _children(os.getpid())
    while waiting:
        pid = waiting.pop()
        with suppress(OSError):
            found.append(
                _process(pid, (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8", errors="replace"))
            )
            waiting += _children(pid)
    return found


def resident_bytes(pid: int) -> int:
    """Memory of a process; nothing if it has ended."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    return 0


def command_of(pid: int) -> str:
    """The words of its command, run together; none if it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    return ""


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended meanwhile
            found += [int(one) for one in (task / "children").read_text(encoding="ascii").split()]
    return found


def _process(pid: int, stat: str) -> Process:
    name, _, rest = stat.partition("(")[2].rpartition(")")
    fields = rest.split()
    return Process(pid, name, (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
