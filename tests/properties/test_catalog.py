"""Catalogue rules: the kernel decides as the brute-force oracle does, on random worlds of contacts and items.

`KITTIWAKE_ORACLE_WORLDS` is three times how many (default 150, nightly 1500), `KITTIWAKE_SEED` reruns the world of one
seed.
"""

import pytest

from tests.oracle.worlds_catalog import catalog_world, catalog_world_of_versions
from tests.properties import versions
from tests.properties.comparison import difference, story
from tests.properties.test_oracle import CHUNK, SEED, WORLDS, nightly_from, slices_of

STARTS = nightly_from(1, [int(SEED)] if SEED else range(0, WORLDS // 3, CHUNK))


def _seeds(first: int) -> list[int]:
    return [first] if SEED else list(range(first, first + CHUNK))


@pytest.mark.parametrize("first", STARTS)
def test_worlds_with_items(first: int) -> None:
    """Each world settled at once in one half of the seeds, in slices in the other."""
    wrong = {}
    for seed in _seeds(first):
        world = catalog_world(seed)
        if found := difference(world, slices_of(world, seed)):
            wrong[seed] = f"KITTIWAKE_SEED={seed}\n{found}\n{story(world)}"
    assert not wrong, f"{len(wrong)} worlds differ: {sorted(wrong)}\nthe shortest:\n{min(wrong.values(), key=len)}"


@pytest.mark.parametrize("stream", [False, True], ids=["whole history", "stream"])
@pytest.mark.parametrize("first", STARTS)
def test_worlds_with_items_whose_rules_change(first: int, *, stream: bool) -> None:
    wrong = {}
    for seed in _seeds(first):
        world = catalog_world_of_versions(seed)
        decide = versions.sliced(versions.slices(world, seed)) if seed % 2 else versions.at_once
        if found := versions.difference(world, decide, stream=stream):
            wrong[seed] = f"KITTIWAKE_SEED={seed}\n{found}\n{versions.story(world)}"
    assert not wrong, f"{len(wrong)} worlds differ: {sorted(wrong)}\nthe shortest:\n{min(wrong.values(), key=len)}"
