"""`python -m benchmarks.streaming.case`: one DoFn under one load on one runner, in a process of its own.

With hardly a contact it is run before anything counts: once for what is imported and compiled, and some times more for
what a run costs that does nothing, which is taken off. The last line printed is the result.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from benchmarks.streaming.bare import Bare, Passing
from benchmarks.streaming.clocks import Clocked, Host, kernel_cost, words_of
from benchmarks.streaming.layouts import LAYOUTS
from benchmarks.streaming.lean import Counts, Lean
from benchmarks.streaming.naive import naive
from benchmarks.streaming.names import (
    BARE,
    CLOCKED,
    IN_PROCESS,
    LEAN,
    NAIVE,
    PASSING,
    SPARING,
    STEADY,
    WARM_BURSTS,
    Case,
    Result,
)
from benchmarks.streaming.steady import Steps, evaluated, flow, worker_process
from benchmarks.streaming.workload import BETWEEN_US, END_US, START_US, Workload, known_rules
from kittiwake.input.shapes.base import CANONICAL
from kittiwake.stream.contact.timer_grid import USUAL
from kittiwake.time.instants import MINUTE_US

WARM_CONTACTS: Final = 2
STARTS: Final = 3
"""Starts that are measured, of which the median is taken off."""


def end_us() -> int:
    """A clock that stands."""
    return END_US


def workload_of(case: Case, contacts: int) -> Workload:
    """What the case is given."""
    return Workload(case.rules, contacts, case.bursts, case.events, case.spread_us)


def _dofn(case: Case, clocked_to: Path) -> beam.DoFn:
    if case.dofn in LAYOUTS:
        return LAYOUTS[case.dofn]()
    if case.dofn == PASSING:
        return Passing()
    if case.dofn == BARE:
        return Bare(case.cell_bytes, case.own_wakes)
    if case.dofn in (NAIVE, SPARING):
        return naive(case.rules, is_sparing=case.dofn == SPARING, is_deaf=case.is_deaf)
    settings = (case.is_deaf, known_rules(case.rules), USUAL, CANONICAL, None, end_us)
    return Clocked(clocked_to, *settings) if case.dofn == CLOCKED else Host(*settings)


# ---------------------------------------------------------------- runners


def _on_lean(case: Case, dofn: beam.DoFn, contacts: int) -> tuple[float, Counts]:
    load = workload_of(case, contacts)
    bursts = [[*load.burst(number)] for number in range(load.bursts)]
    lean = Lean(dofn)
    dofn.setup()
    began_s = time.process_time()
    for number, burst in enumerate(bursts):
        lean.give(burst)
        lean.pass_to(START_US + (number + 1) * BETWEEN_US - MINUTE_US)
    lean.pass_to(END_US)
    return (time.process_time() - began_s) * 1e6, lean.counts


class _Bursts(beam.DoFn):
    """Makes the events where they are needed, so that none is shipped with the job."""

    def __init__(self, load: Workload) -> None:
        self._load = load

    def process(self, _: bytes) -> Iterator[tuple[bytes, bytes]]:
        for number in range(self._load.bursts):
            yield from self._load.burst(number)


def _on_beam(case: Case, dofn: beam.DoFn, contacts: int) -> float:
    before_us = _cpu_us()
    others = _children()
    runner = FnApiRunner() if case.runner == IN_PROCESS else FnApiRunner(default_environment=worker_process())
    with beam.Pipeline(runner=runner, options=PipelineOptions([])) as pipeline:
        bursts = beam.ParDo(_Bursts(workload_of(case, contacts))).with_output_types(tuple[bytes, bytes])
        evaluated(pipeline | beam.Impulse() | bursts, dofn)
    while _children() - others:
        time.sleep(0.02)
    return _cpu_us() - before_us


def _cpu_us() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used) * 1e6


def _children() -> set[str]:
    """They count when they have ended; a worker ends a little after its job."""
    tasks = Path("/proc/self/task")
    found = [(task / "children").read_text() for task in tasks.iterdir() if (task / "children").exists()]
    return {child for children in found for child in children.split()}


# ---------------------------------------------------------------- one case


def _steadily(case: Case, clocked_to: Path) -> Result:
    load = workload_of(case, case.contacts)._replace(bursts=WARM_BURSTS + case.bursts)
    found = flow(load, _dofn(case, clocked_to), case.cache_mb, clocked_to, Steps.of_bursts(case.bursts))
    return Result(found.cpu_us, found.kernel.kernel_us, found.kernel.wakes, dict(found.requests))


def carry_out(case: Case) -> Result:
    """Run it; what starting costs is taken off."""
    with TemporaryDirectory() as folder:
        clocked_to = Path(folder) / "kernel_ns"
        clocked_to.touch()
        if case.runner == STEADY:
            return _steadily(case, clocked_to)

        def once(contacts: int) -> tuple[float, Counts]:
            dofn = _dofn(case, clocked_to)
            return _on_lean(case, dofn, contacts) if case.runner == LEAN else (_on_beam(case, dofn, contacts), Counts())

        once(WARM_CONTACTS)
        start_us = 0.0 if case.runner == LEAN else median(once(WARM_CONTACTS)[0] for _ in range(STARTS))
        before = kernel_cost(words_of(clocked_to))
        cost_us, counts = once(case.contacts)
        after = kernel_cost(words_of(clocked_to))
        return Result(
            cost_us - start_us, after.kernel_us - before.kernel_us, after.wakes - before.wakes, asdict(counts)
        )


def main() -> None:
    """Run what the one argument says, in JSON."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.streaming.case", description=__doc__)
    asked.add_argument("case", help="a `Case`, as JSON")
    logging.disable(logging.WARNING)
    print(json.dumps(asdict(carry_out(Case(**json.loads(asked.parse_args().case))))))


if __name__ == "__main__":
    main()
