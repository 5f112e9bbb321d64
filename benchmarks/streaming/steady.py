"""A stream over gRPC whose watermark moves from burst to burst, and what it costs while it flows.

Beam's runner hands over all elements of a source before it fires a timer. So the events come from timers: a DoFn of one
key sets one after another, which holds the watermark back, and gives a burst of every contact at each other one.
Contacts have a bundle for their events, one for the timers that these have set, and so on: what they keep comes back to
them in another bundle, through the cache of Beam's worker where it has one.

CPU is that of the launcher, which is the runner, and of its worker, from one of those timers to another: no start is in
it. A burst comes before anything counts.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.pvalue import PCollection
from apache_beam.runners.job.utils import dict_to_struct
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.fn_runner import ExtendedProvisionInfo
from apache_beam.runners.portability.fn_api_runner.worker_handlers import StateServicer
from apache_beam.transforms.environments import SubprocessSDKEnvironment
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from benchmarks.streaming.clocks import KernelCost, kernel_cost, words_of
from benchmarks.streaming.names import WARM_BURSTS
from benchmarks.streaming.workload import BETWEEN_US, START_US, Workload

STEPS_A_BURST: Final = 2
"""In one the events come, in the other their timers fire."""
_REQUESTS: Final = {"get_raw": "reads", "append_raw": "appends", "clear": "clears"}


class Steps(NamedTuple):
    """How the watermark moves, and from which step to which what it takes counts."""

    counted_from: int
    counted_to: int
    every_us: int = BETWEEN_US // STEPS_A_BURST

    @classmethod
    def of_bursts(cls, number: int) -> Steps:
        """Those of so many bursts, after those that do not count."""
        return cls(WARM_BURSTS * STEPS_A_BURST, (WARM_BURSTS + number) * STEPS_A_BURST)


class Flowed(NamedTuple):
    """What a stream came to."""

    cpu_us: float
    kernel: KernelCost
    """Of `Clocked` alone."""
    requests: Counter[str]
    """For state, by kind, of the whole run."""


class _Feeder(beam.DoFn):
    """Moves the watermark, gives the bursts, and writes at each step what CPU has been taken so far."""

    STEP: Final = TimerSpec("step", TimeDomain.WATERMARK)

    def __init__(self, load: Workload, steps: Steps, written_to: Path, launcher: int) -> None:
        """`launcher`: the process that started the worker."""
        self._load, self._steps, self._written_to, self._launcher = load, steps, written_to, launcher

    def process(self, _: tuple[bytes, bytes], step: Any = beam.DoFn.TimerParam(STEP)) -> None:
        step.set(Timestamp(micros=START_US))

    @on_timer(STEP)
    def at_step(
        self, at: Timestamp = beam.DoFn.TimestampParam, step: Any = beam.DoFn.TimerParam(STEP)
    ) -> Iterator[tuple[bytes, bytes]]:
        number = (at.micros - START_US) // self._steps.every_us
        with self._written_to.open("a", encoding="utf-8") as file:
            file.write(f"{_cpu_ns(os.getpid()) + _cpu_ns(self._launcher)}\n")
        if number < self._steps.counted_to:
            step.set(Timestamp(micros=at.micros + self._steps.every_us))
        burst, rest = divmod(number, STEPS_A_BURST)
        if not rest and burst < self._load.bursts:
            yield from self._load.burst(burst)


def _cpu_ns(process: int) -> int:
    """Of any process of this machine: Linux numbers their clocks so (`clock_getcpuclockid`)."""
    return time.clock_gettime_ns(~process << 3 | 2)


@contextmanager
def _requests_counted() -> Iterator[Counter[str]]:
    """Count what workers ask of the state that this process keeps for them."""
    found: Counter[str] = Counter()
    real = {name: getattr(StateServicer, name) for name in _REQUESTS}
    for name, kind in _REQUESTS.items():
        setattr(StateServicer, name, _counted(real[name], kind, found))
    try:
        yield found
    finally:
        for name, method in real.items():
            setattr(StateServicer, name, method)


def _counted(method: Callable[..., Any], kind: str, found: Counter[str]) -> Callable[..., Any]:
    def counted(*arguments: Any) -> Any:
        found[kind] += 1
        return method(*arguments)

    return counted


def worker_process() -> SubprocessSDKEnvironment:
    """A worker as the job's launcher starts them."""
    return SubprocessSDKEnvironment.from_command_string(f"{sys.executable} -m kittiwake.pipelines.worker")


def evaluated(events: PCollection[tuple[bytes, bytes]], dofn: beam.DoFn) -> None:
    """Give events to a DoFn, and drop whatever it puts out."""
    step = beam.ParDo(dofn).with_output_types(bytes, late_events=bytes, dead_letters=bytes)
    found = events | "Evaluate" >> step.with_outputs("late_events", "dead_letters", main="decisions")
    for tag in ("decisions", "late_events", "dead_letters"):
        _ = found[tag] | f"Drop {tag}" >> beam.Filter(_never)


def _never(_: bytes) -> bool:
    return False


def _runner(cache_mb: int) -> FnApiRunner:
    """With one worker, a process of its own, as `--max_cache_memory_usage_mb` has it on any runner."""
    options = dict_to_struct({"beam:option:max_cache_memory_usage_mb:v1": str(cache_mb)})
    provision = beam_provision_api_pb2.ProvisionInfo(retrieval_token="none", pipeline_options=options)
    return FnApiRunner(default_environment=worker_process(), provision_info=ExtendedProvisionInfo(provision))


def flow(load: Workload, dofn: beam.DoFn, cache_mb: int, written_to: Path, steps: Steps) -> Flowed:
    """Run a DoFn under a load. `written_to` is the file of `Clocked`, if the DoFn is that."""
    feeder = _Feeder(load, steps, written_to, os.getpid())
    with _requests_counted() as requests, beam.Pipeline(_runner(cache_mb), PipelineOptions([])) as pipeline:
        begin = pipeline | beam.Create([(b"feeder", b"")])
        evaluated(begin | beam.ParDo(feeder).with_output_types(tuple[bytes, bytes]), dofn)
    return _between(written_to, steps)._replace(requests=requests)


def _between(written_to: Path, counted: Steps) -> Flowed:
    """What counts: lines of one number are steps, of two what `Clocked` has written of a bundle."""
    lines = words_of(written_to)
    steps = [at for at, line in enumerate(lines) if len(line) == 1]
    begins, ends = steps[counted.counted_from], steps[counted.counted_to]
    kernel = kernel_cost(line for line in lines[begins:ends] if len(line) > 1)
    return Flowed((int(lines[ends][0]) - int(lines[begins][0])) / 1_000, kernel, Counter())
