"""Digests: the kernel decides as the brute-force oracle does, on random worlds with them, items and versions too.

And a stream in which events come late has said in the end what a batch says. `KITTIWAKE_ORACLE_WORLDS` is how many
worlds (default 1500), `KITTIWAKE_SEED` reruns those of one seed.
"""

from collections.abc import Callable
from random import Random

import pytest

from tests.laws.arrivals import ended, facts, late_schedule, streamed, whole
from tests.oracle.worlds import World
from tests.oracle.worlds_digest import digest_world, digest_world_of_items, digest_world_of_versions
from tests.properties import versions
from tests.properties.comparison import difference, story
from tests.properties.test_oracle import SEED, WORLDS, nightly_from, slices_of

CHUNK = 20
STARTS = nightly_from(1, [int(SEED)] if SEED else range(0, WORLDS // 5, CHUNK))


def _seeds(first: int) -> list[int]:
    return [first] if SEED else list(range(first, first + CHUNK))


@pytest.mark.parametrize("world_of", [digest_world, digest_world_of_items], ids=["contacts", "items"])
@pytest.mark.parametrize("first", STARTS)
def test_worlds_with_digests(first: int, world_of: Callable[[int], World]) -> None:
    """Each world settled at once in one half of the seeds, in slices in the other."""
    wrong = {}
    for seed in _seeds(first):
        world = world_of(seed)
        if found := difference(world, slices_of(world, seed)):
            wrong[seed] = f"KITTIWAKE_SEED={seed}\n{found}\n{story(world)}"
    assert not wrong, f"{len(wrong)} worlds differ: {sorted(wrong)}\nthe shortest:\n{min(wrong.values(), key=len)}"


@pytest.mark.parametrize("stream", [False, True], ids=["whole history", "stream"])
@pytest.mark.parametrize("first", STARTS)
def test_worlds_with_digests_whose_rules_change(first: int, *, stream: bool) -> None:
    wrong = {}
    for seed in _seeds(first):
        world = digest_world_of_versions(seed)
        decide = versions.sliced(versions.slices(world, seed)) if seed % 2 else versions.at_once
        if found := versions.difference(world, decide, stream=stream):
            wrong[seed] = f"KITTIWAKE_SEED={seed}\n{found}\n{versions.story(world)}"
    assert not wrong, f"{len(wrong)} worlds differ: {sorted(wrong)}\nthe shortest:\n{min(wrong.values(), key=len)}"


@pytest.mark.parametrize("first", STARTS)
def test_late_events_correct_digests_to_what_a_batch_decides(first: int) -> None:
    """Under rules that change too; what the oracle says of these worlds is compared above."""
    corrected = 0
    for seed in _seeds(first):
        world = digest_world_of_versions(seed)
        rules, events = versions.compiled(world, stream=seed % 4 > 1), versions.events_of(world)
        horizon_us = world.allowed_lateness_us
        found = streamed(rules, late_schedule(Random(seed), events, world.until_us, horizon_us))
        at_once = whole(rules, events, world.until_us + horizon_us)
        assert facts(ended(rules, found)) == facts(ended(rules, at_once)), f"KITTIWAKE_SEED={seed}"
        corrected += sum(row.digest is not None and row.late for row in found.told)
    assert corrected or first, "no digest was ever corrected in the worlds that are always played"
