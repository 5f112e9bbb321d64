"""`python -m tests.simulation --seed 7` tells one world; `--worlds 5000` runs many. A failure is made smaller first."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulation.engine import run, told_world
from tests.simulation.simulator import TRUTHS, report
from tests.simulation.worlds import simulated_world


def main(arguments: list[str] | None = None) -> int:
    """0: everything holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="one world, told step by step")
    parser.add_argument("--worlds", type=int, default=200, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first")
    parser.add_argument("--stop", type=int, default=3, help="after so many failures")
    given = parser.parse_args(arguments)
    if given.seed is not None:
        return _one(given.seed)
    return _many(range(given.first, given.first + given.worlds), given.stop)


def _one(seed: int) -> int:
    found = report(seed)
    print(found or told_world(simulated_world(seed), TRUTHS))
    return int(bool(found))


def _many(seeds: range, stop: int) -> int:
    begun, counts, failed = time.monotonic(), Counter[str](), 0
    for seed in seeds:
        outcome = run(simulated_world(seed), TRUTHS)
        counts += outcome.counts
        if outcome.failure is not None:
            failed += 1
            print(report(seed), flush=True)
        if failed == stop:
            break
    print(f"{len(seeds)} worlds, {failed} failed, {time.monotonic() - begun:.1f} s")
    print(", ".join(f"{name} {number:,}" for name, number in sorted(counts.items())))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
