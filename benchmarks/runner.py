"""Runs cases at sizes, again and again in turn: A B C, B C A, …, so that a machine that slows down slows all of them.

Small on purpose, and without the libraries it measures: see `benchmarks.measuring`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks import measuring
from benchmarks.cases import BASE, FOR_RULES, ROOT, Case, command, missing
from benchmarks.findings import Fired, Results, Run
from benchmarks.rulesets import write_rules

WARM_EVENTS: Final = 2_000
"""Run once by every case before anything counts: compiled files, page cache, and whether it works at all."""


class Plan(NamedTuple):
    """What to run."""

    cases: tuple[Case, ...]
    sizes: tuple[int, ...]
    repeats: int
    seed: int
    cache: Path
    say: Callable[[str], None]


def carry_out(plan: Plan, machine: dict[str, Any]) -> Results:
    """Run everything; what cannot run here is skipped with its reason."""
    skipped = {case.name: why for case in plan.cases if (why := missing(case))}
    for name, why in skipped.items():
        plan.say(f"skipped {name}: {why}")
    cases = [case for case in plan.cases if case.name not in skipped]
    rules_events = min(FOR_RULES, *plan.sizes)
    results = Results(machine, plan.seed, {}, skipped, sorted(plan.sizes), rules_events)
    if plan.repeats > 1:
        for case in cases:
            _once(plan, case, WARM_EVENTS, 0)
    for size in plan.sizes:
        _measure_size(plan, results, [case for case in cases if size <= case.events_max and not case.grows], size)
    if any(case.grows for case in cases):
        growing = [case for case in cases if case.name == BASE or case.tool == "replay"]
        _measure_size(plan, results, growing, rules_events)
    return results


def _measure_size(plan: Plan, results: Results, cases: list[Case], size: int) -> None:
    source = data(plan, size)
    results.data[str(size)] = {"bytes": source.stat().st_size, "sha256": _sha256(source)}
    for repeat in range(plan.repeats):
        turn = repeat % max(1, len(cases))
        for case in [*cases[turn:], *cases[:turn]]:
            run = _once(plan, case, size, repeat)
            results.runs.append(run)
            told = "FAILED" if run.fired is None else f"{run.fired.triggers:,} triggers"
            plan.say(f"{size:>9,} {repeat} {case.name}: {run.cpu_s:.2f} CPU s, {run.peak_mb:.0f} MB, {told}")


def data(plan: Plan, size: int) -> Path:
    """The events of a size, drawn when they are first asked for."""
    source = plan.cache / "events" / f"{size}-{plan.seed}-{_sha256(ROOT / 'benchmarks' / 'generate.py')[:8]}.jsonl"
    if not source.exists():
        plan.say(f"drawing {size:,} events")
        flags = [f"--events={size}", f"--seed={plan.seed}", f"--output={source.absolute()}"]
        _python(["-m", "benchmarks.generate", *flags])
    return source.absolute()


def _once(plan: Plan, case: Case, size: int, repeat: int) -> Run:
    source = data(plan, size)
    rules = write_rules(case.rules, plan.cache.absolute() / "rules")
    output = plan.cache.absolute() / "output"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    log = plan.cache / "last.log"
    cost = measuring.run(command(case, source, rules, output), ROOT, log, several=case.has_processes)
    fired = None
    if cost.exit_code:
        plan.say(f"{case.name} ended with {cost.exit_code}: {log.read_text(errors='replace')[-2_000:]}")
    else:
        fired = Fired(**json.loads(_python(["-m", "benchmarks.agreement", str(output)])))
    shutil.rmtree(output, ignore_errors=True)
    return Run(
        case.name, size, repeat, cost.exit_code, round(cost.wall_s, 3), round(cost.cpu_s, 3),
        round(cost.peak_mb, 1), round(cost.peak_sum_mb, 1), cost.processes, fired,
    )  # fmt: skip


def _python(arguments: Sequence[str]) -> str:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
