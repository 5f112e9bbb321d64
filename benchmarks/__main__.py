"""`python -m benchmarks`: runs the benchmark and writes what it found. See `docs/explanation/benchmarks.md`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from benchmarks.cases import CASES, LARGE, MEDIUM, ROOT, SMALL, Case
from benchmarks.findings import Results, save, verdict
from benchmarks.machine import facts, load
from benchmarks.runner import Plan, carry_out

CACHE: Final = ROOT / "out" / "bench"
RESULTS: Final = Path(__file__).parent / "results"


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for; 1 if a tool failed or decided something else than the plain loop."""
    asked = _parser().parse_args(argv)
    sizes = asked.sizes or ([SMALL] if asked.quick else [SMALL, MEDIUM, LARGE])
    plan = Plan(_cases(asked.cases), tuple(sizes), asked.repeats, asked.seed, asked.cache, _say)
    results = carry_out(plan, facts(ROOT))
    results.machine["load_after"] = load()
    path = _path(asked)
    save(results, path)
    subprocess.run([sys.executable, "-m", "benchmarks.report", str(path)], cwd=ROOT, check=True)
    return 1 if _not_right(results) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help=f"{SMALL:,} events only: minutes")
    add("--sizes", type=_numbers, metavar="N,…", help=f"numbers of events; default: {SMALL},{MEDIUM},{LARGE}")
    add("--cases", metavar="TEXT;…", help="only the cases whose names these texts begin, besides the plain loop")
    add("--repeats", type=int, default=3, help="runs of each case, of which the median counts (3)")
    add("--seed", type=int, default=0, help="of the events (0)")
    add("--cache", type=Path, default=CACHE, help="where events are kept and outputs written (out/bench)")
    add("--output", type=Path, help="file of the results; default: benchmarks/results, or the cache for a part")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.replace("_", "").split(",")]


def _cases(text: str | None) -> tuple[Case, ...]:
    if text is None:
        return CASES
    wanted = tuple(part.strip() for part in text.split(";"))
    return tuple(case for case in CASES if case is CASES[0] or case.name.startswith(wanted))


def _path(asked: argparse.Namespace) -> Path:
    """Results of a part of the benchmark do not take the place of the whole."""
    if asked.output is not None:
        return Path(asked.output).absolute()
    if asked.sizes or asked.cases:
        return Path(asked.cache).absolute() / "part.json"
    return RESULTS / ("quick.json" if asked.quick else "full.json")


def _not_right(results: Results) -> list[str]:
    """What failed or is wrong, told."""
    found = {(run.case, run.events) for run in results.runs}
    bad = [f"{name}, {size:,} events: {said}" for name, size in sorted(found)
           if (said := verdict(results, name, size)) in {"wrong", "failed"}]  # fmt: skip
    for line in bad:
        _say(line)
    return bad


def _say(text: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
