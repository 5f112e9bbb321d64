"""Runs cases in turn over events and over next to none, and holds what they decided against `replay`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from benchmarks.cases import ROOT
from benchmarks.generate import END
from benchmarks.rulesets import TWELVE, write_rules
from benchmarks.runners.cases import BATCH, Case, command
from benchmarks.runners.deciding import difference, frozen, stream_difference
from benchmarks.runners.family import Cost, family
from kittiwake.time.instants import DAY_US, instant_of
from tests.examples.running import Ran, python
from tests.runners.shops import kittiwake

FEW: Final = 20
"""Events of a run that is nothing but its start and its end."""
SEED: Final = 0
SAID_CHARS_MAX: Final = 2_000


class History(NamedTuple):
    """Events, the rules for them, and what `replay` decides."""

    number: int
    rules: Path
    events: Path
    replayed: Ran


class Measured(NamedTuple):
    """What a case came to: medians."""

    case: Case
    events: int
    wrong: str | None
    """What is not as `replay`, or how it failed; then the figures are none."""
    wall_s: float
    cpu_s: float
    engine_s: float
    workers_s: float
    peak_mb: float
    start_wall_s: float
    start_cpu_s: float


class Plan(NamedTuple):
    """How much is run."""

    events: dict[str, int]
    """By job."""
    repeats: int
    cache: Path
    say: Callable[[str], None]


def history(job: str, number: int, folder: Path) -> History:
    """A day of a generated shop under twelve rules; those of the stream are frozen two days later, to have an end."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    events = folder / "events.jsonl"
    python("-m", "benchmarks.generate", f"--events={number}", f"--seed={SEED}", f"--output={events}")
    rules = write_rules(TWELVE, folder / "rules")
    if job != BATCH:
        return History(number, folder / "target", events, frozen(rules, events, instant_of(END) + 2 * DAY_US, folder))
    kittiwake("replay", "--rules", rules, "--input", events, "--output", folder / "replay", "--allow-empty")
    return History(number, rules, events, Ran(folder / "replay", ""))


def measure(plan: Plan, chosen: list[Case]) -> list[Measured]:
    """Run all; each repeat begins with another case, so that a machine that slows down slows all of them."""
    folder = plan.cache / "engines"
    jobs = sorted({case.job for case in chosen})
    many = {job: history(job, plan.events[job], folder / job) for job in jobs}
    few = {job: history(job, FEW, folder / f"few-{job}") for job in jobs}
    starts = _in_turn(plan, chosen, few)
    costs = _in_turn(plan, chosen, many)
    return [_measured(case, many[case.job], starts[case], costs[case]) for case in chosen]


class Once(NamedTuple):
    """A run."""

    cost: Cost
    wrong: str | None


def _in_turn(plan: Plan, chosen: list[Case], histories: dict[str, History]) -> dict[Case, list[Once]]:
    found: dict[Case, list[Once]] = {case: [] for case in chosen}
    for repeat in range(plan.repeats):
        turn = repeat % max(1, len(chosen))
        for case in [*chosen[turn:], *chosen[:turn]]:
            one = once(case, histories[case.job], plan.cache / "engines")
            found[case].append(one)
            said = one.wrong or f"{one.cost.wall_s:.1f} s, {one.cost.cpu_s:.1f} CPU s, {one.cost.peak_mb:.0f} MB"
            plan.say(f"{case.job}, {histories[case.job].number:,} events, {case.name}, {case.cores} cores: {said}")
    return found


def once(case: Case, of: History, folder: Path) -> Once:
    """One run, counted and compared."""
    output, log = folder / "out", folder / "job.log"
    shutil.rmtree(output, ignore_errors=True)
    with family(case.cores) as counted, case.engine(folder) as endpoint:
        counted.run(command(case, of.rules, of.events, output, endpoint, case.flags(folder)), ROOT, log)
    cost = counted.cost
    if cost.exit_code:
        return Once(cost, f"ended with {cost.exit_code}: {log.read_text(errors='replace')[-SAID_CHARS_MAX:]}")
    differs = difference if case.job == BATCH else stream_difference
    return Once(cost, differs(Ran(output, ""), of.replayed))


def _measured(case: Case, of: History, starts: list[Once], runs: list[Once]) -> Measured:
    wrong = next((one.wrong for one in (*starts, *runs) if one.wrong), None)

    def middle(runs: list[Once], name: str) -> float:
        return median(getattr(one.cost, name) for one in runs)

    names = ("wall_s", "cpu_s", "engine_s", "workers_s", "peak_mb")
    begun = (middle(starts, "wall_s"), middle(starts, "cpu_s"))
    return Measured(case, of.number, wrong, *(middle(runs, name) for name in names), *begun)
