"""`python -m benchmarks.runners`: measures, and writes its tables to `out/bench/engines.md`.

It needs Prism, which `make runners` builds. Exit code 1 if a run decided otherwise than `replay`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks import machine
from benchmarks.cases import ROOT
from benchmarks.runners import tables
from benchmarks.runners.cases import BATCH, JOBS, OWN, STREAM, Case, cases
from benchmarks.runners.family import cores_here
from benchmarks.runners.kept import kept
from benchmarks.runners.paces import Paced, pace
from benchmarks.runners.runs import SEED, Measured, Plan, history, measure
from examples.shop import generate
from tests.runners import prism

PARTS: Final = ("costs", "paces", "kept")


class Size(NamedTuple):
    """How much a plan runs."""

    events: dict[str, int]
    paces: tuple[float, ...]
    pace_s: float
    shop_contacts: int
    kept_events: int
    both_cores: bool
    """Whether Prism runs on one core as well as on two."""


FULL: Final = Size({BATCH: 500_000, STREAM: 15_000}, (50, 100, 200, 300, 400), 30, 400, 100_000, both_cores=True)
QUICK: Final = Size({BATCH: 20_000, STREAM: 1_000}, (50, 400), 12, 40, 5_000, both_cores=False)
SHOP_SEED, SHOP_DAYS = 7, 180


class Found(NamedTuple):
    """What was measured."""

    costs: list[Measured]
    paces: list[Paced]
    text: str


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runners", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of everything: three minutes, and rough")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each case, of which the median counts (1)")
    parser.add_argument("--parts", default=";".join(PARTS), help="of it, with semicolons between: costs;paces;kept")
    parser.add_argument("--cache", type=Path, default=ROOT / "out" / "bench", help="where everything is written")
    asked = parser.parse_args(argv)
    size, before = QUICK if asked.quick else FULL, machine.facts(ROOT)
    plan = Plan(size.events, asked.repeats, asked.cache.absolute(), _say)
    found = carry_out(plan, size, asked.parts.split(";"))
    text = f"{_head(before, plan)}\n{found.text}"
    (plan.cache / "engines.md").write_text(text, encoding="utf-8")
    print(text)
    return 1 if any(one.wrong for one in (*found.costs, *found.paces)) else 0


def carry_out(plan: Plan, size: Size, parts: Sequence[str]) -> Found:
    """Run the parts of a plan."""
    prism.binary()
    costs, paced, texts = [], [], []
    if "costs" in parts:
        costs = measure(plan, [one for one in cases(cores_here()) if size.both_cores or _is_quick(one)])
        for job in JOBS:
            rows = tables.costs(one for one in costs if one.case.job == job)
            texts.append(f"{job.capitalize()}, {size.events[job]:,} events:\n\n{rows}")
    if "paces" in parts:
        paced = _paces(plan, size)
        texts.append(f"Stream on Prism, {OWN}, at a pace:\n\n{tables.paces(paced)}")
    if "kept" in parts:
        texts.append(f"What a stream keeps of a contact:\n\n{tables.kept(_kept(plan, size))}")
    return Found(costs, paced, "\n".join(texts))


def _is_quick(case: Case) -> bool:
    return not case.on_engine or case.cores == min(2, cores_here())


def _paces(plan: Plan, size: Size) -> list[Paced]:
    case = Case(STREAM, on_engine=True, workers=OWN, cores=min(2, cores_here()))
    found = []
    for per_second in size.paces:
        found.append(one := pace(case, per_second, size.pace_s, plan.cache / "engines" / "pace"))
        plan.say(f"{per_second:g} events a second: {one.wrong or f'{one.end_s:.1f} s behind at the end'}")
    return found


def _kept(plan: Plan, size: Size) -> list[tuple[str, Any]]:
    folder = plan.cache / "engines"
    shop = generate.write(folder / "shop", size.shop_contacts, SHOP_SEED, SHOP_DAYS)
    drawn = history(BATCH, size.kept_events, folder / "kept")
    return [
        (f"the shop, {SHOP_DAYS} days", kept(ROOT / "examples/shop/rules", shop)),
        ("generated, one day", kept(drawn.rules, drawn.events)),
    ]


def _head(facts: dict[str, Any], plan: Plan) -> str:
    return (
        f"{facts['date']}: {facts['cpu']}, {facts['cores']} cores, {facts['memory_gb']} GB, {facts['system']}, Python "
        f"{facts['python']}, Kittiwake at {facts['commit']}; apache-beam and Prism "
        f"{facts['packages'].get('apache-beam')}. Medians of {plan.repeats}, seed {SEED}, load of the machine before "
        f"{facts['load_before']}, after {machine.load()}.\n"
    )


def _say(text: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
