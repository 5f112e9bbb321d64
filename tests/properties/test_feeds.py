"""With feeds, and with breakers, the kernel decides as the brute-force oracle does.

`KITTIWAKE_FEED_WORLDS` is how many random worlds (default 60).
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from kittiwake.testing import run
from tests.oracle.worlds import ACCOUNT, CONTACT, World
from tests.oracle.worlds_breaker import breaker_world
from tests.oracle.worlds_feeds import feeds_world
from tests.properties.comparison import difference_of, expected

WORLDS = int(os.environ.get("KITTIWAKE_FEED_WORLDS", "60"))
CHUNK = 20


def decided(world: World, slices: tuple[int, ...] = ()) -> list[dict[str, object]]:
    return run(
        world.document,
        world.events,
        world.until_us,
        account=ACCOUNT,
        contact=CONTACT,
        allowed_lateness_us=world.allowed_lateness_us,
        limits=world.limits,
        slices=slices,
    )


@pytest.mark.parametrize("worlds", [feeds_world, breaker_world])
@pytest.mark.parametrize("first", range(0, WORLDS, CHUNK))
def test_worlds_with_feeds_and_with_breakers(first: int, worlds: Callable[[int], World]) -> None:
    wrong = {}
    for seed in range(first, min(first + CHUNK, WORLDS)):
        world = worlds(seed)
        found = difference_of(expected(world), decided(world))
        if found:
            wrong[seed] = found
    assert not wrong, "\n".join(f"seed {seed}\n{found}" for seed, found in wrong.items())
