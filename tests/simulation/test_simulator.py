"""Whatever befalls the host, what it has told in the end is the truth; and of every world what the checks ask.

`make sim SEED=…` tells one world, `make sim WORLDS=…` runs many.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.engine import run, told_world
from tests.simulation.simulator import TRUTHS, report
from tests.simulation.worlds import simulated_world

WORLDS = 200
CHUNK = 20
NIGHTLY = 10_000
NIGHTLY_CHUNK = 500
FOUND = (103720, 7157)
"""Seeds that found something once: two corrections that owe to one trigger; a match without a wait that disarmed."""


@pytest.mark.parametrize("first", range(0, WORLDS, CHUNK))
def test_what_is_told_is_the_truth(first: int) -> None:
    _all_hold(range(first, first + CHUNK))


@pytest.mark.parametrize("seed", FOUND)
def test_what_was_wrong_once_holds(seed: int) -> None:
    _all_hold(range(seed, seed + 1))


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(WORLDS, NIGHTLY, NIGHTLY_CHUNK))
def test_what_is_told_is_the_truth_in_thousands_of_worlds(first: int) -> None:
    _all_hold(range(first, first + NIGHTLY_CHUNK))


def _all_hold(seeds: range) -> None:
    wrong = [seed for seed in seeds if run(simulated_world(seed), TRUTHS).failure is not None]
    assert not wrong, f"{len(wrong)} worlds, of seeds {wrong}\n{report(wrong[0])}"


@pytest.mark.parametrize(
    ("worlds", "rare"), [(40, {"deleted", "holdout"}), pytest.param(400, set(), marks=pytest.mark.nightly)]
)
def test_worlds_reach_what_they_are_meant_to_reach(worlds: int, rare: set[str]) -> None:
    counts: Counter[str] = Counter()
    for seed in range(0, 4 * worlds, 4):
        counts += run(simulated_world(seed)).counts
    reached = "again corrected deleted duplicates fired forgotten freeze holdout late_event learn merged move nudge"
    names = {*reached.split(), "replaces", "stale", "late output"} - rare
    assert {name: number for name in names if (number := counts[name]) < 3} == {}


def test_a_seed_is_a_world_and_a_run() -> None:
    for seed in range(5):
        assert simulated_world(seed) == simulated_world(seed)
        assert told_world(simulated_world(seed)) == told_world(simulated_world(seed))
