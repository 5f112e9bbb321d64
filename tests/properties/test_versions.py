"""Under several versions and with retention the kernel decides as the brute-force oracle does, in both memories.

`KITTIWAKE_ORACLE_WORLDS` is how many random worlds (default 150, nightly 1500), `KITTIWAKE_SEED` reruns the world of
one seed.
"""

import pytest

from tests.oracle.worlds_versions import retention_world, versioned_world
from tests.properties.comparison import difference as difference_of_one
from tests.properties.test_oracle import CHUNK, SEED, STARTS, WORLDS
from tests.properties.versions import at_once, difference, sliced, slices, story


def _seeds(first: int) -> list[int]:
    return [first] if SEED else list(range(first, min(first + CHUNK, WORLDS)))


@pytest.mark.parametrize("first", STARTS)
def test_worlds_whose_contact_is_forgotten(first: int) -> None:
    wrong = {seed: found for seed in _seeds(first) if (found := difference_of_one(retention_world(seed)))}
    assert not wrong, "\n".join(f"KITTIWAKE_SEED={seed}\n{found}" for seed, found in wrong.items())


@pytest.mark.parametrize("stream", [False, True], ids=["whole history", "stream"])
@pytest.mark.parametrize("first", STARTS)
def test_worlds_whose_rules_change(first: int, *, stream: bool) -> None:
    """Each world settled at once in one half of the seeds, in slices in the other."""
    wrong = {}
    for seed in _seeds(first):
        world = versioned_world(seed)
        decide = sliced(slices(world, seed)) if seed % 2 else at_once
        found = difference(world, decide, stream=stream)
        if found:
            wrong[seed] = f"{found}\n{story(world)}"
    assert not wrong, f"{len(wrong)} worlds differ: {sorted(wrong)}\nthe shortest:\n{min(wrong.values(), key=len)}"
