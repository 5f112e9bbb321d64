"""Runs a command to its end and tells what it cost: wall, CPU of it and all its children, memory.

Linux. CPU is what `wait4` tells: user and system time of the process and of every child it waited for; children it left
behind are adopted and counted too. `peak_mb` is the largest resident size of any one of its processes. `peak_sum_mb`
adds up the processes alive at one time, looked at five times a second, shared pages counted in each; where there is but
one process the two are one. A child's peak counts from that of the process that starts it: keep the caller small.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

SECONDS_MAX: Final = 3_600.0
SECONDS_A_LOOK: Final = 0.2
MB: Final = 1_000_000
_SET_CHILD_SUBREAPER: Final = 36


class Cost(NamedTuple):
    """What one run took."""

    exit_code: int
    wall_s: float
    user_s: float
    system_s: float
    peak_mb: float
    peak_sum_mb: float
    processes: int
    """The most seen at one time."""

    @property
    def cpu_s(self) -> float:
        """User and system time."""
        return self.user_s + self.system_s


def run(
    command: Sequence[str], folder: Path, log: Path, several: bool = False, seconds_max: float = SECONDS_MAX
) -> Cost:
    """Run a command in a folder, its words into a file; `several` if it has processes of its own to be added up.

    It is killed after `seconds_max` by the clock.
    """
    adopt_orphans(True)
    with log.open("wb") as words:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True
        )
        watch = _Watch(process.pid) if several else None
        timer = threading.Timer(seconds_max, _end, [process.pid])
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for: Popen need not
    usages = [usage, *_orphans(process.pid)]
    adopt_orphans(False)
    peak_mb = max(one.ru_maxrss for one in usages) * 1_024 / MB
    sum_mb, processes = (peak_mb, 1) if watch is None else watch.stop()
    user_s, system_s = sum(one.ru_utime for one in usages), sum(one.ru_stime for one in usages)
    return Cost(process.returncode, wall_s, user_s, system_s, peak_mb, max(sum_mb, peak_mb), processes)


def adopt_orphans(yes: bool) -> None:
    """Whether children whose parent has ended become ours, so that we may wait for them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def _end(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _orphans(group: int) -> list[Any]:
    """What the children cost that the command left behind; they are ended."""
    _end(group)
    usages = []
    while True:
        try:
            usages.append(os.wait4(-group, 0)[2])
        except ChildProcessError:
            return usages


class _Watch:
    """Looks at a process and its children now and then, from a thread."""

    def __init__(self, pid: int) -> None:
        import psutil  # noqa: PLC0415 (bench extra)

        self._process = psutil.Process(pid)
        self._gone = psutil.Error
        self._peak, self._processes = 0, 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def stop(self) -> tuple[float, int]:
        """The largest sum in MB, and the largest number of processes."""
        self._done.set()
        self._thread.join()
        return self._peak / MB, self._processes

    def _look_on(self) -> None:
        while not self._done.wait(SECONDS_A_LOOK):
            try:
                family = [self._process, *self._process.children(recursive=True)]
                sizes = [one.memory_info().rss for one in family]
            except self._gone:
                continue
            self._peak = max(self._peak, sum(sizes))
            self._processes = max(self._processes, len(sizes))
