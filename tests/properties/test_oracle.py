"""The kernel decides as the brute-force oracle does, on random worlds and on every small history.

`KITTIWAKE_ORACLE_WORLDS` is how many random worlds (default 150, nightly 1500), `KITTIWAKE_SEED` reruns the world of
one seed.
"""

import os
import random
from collections.abc import Sequence
from itertools import islice
from typing import Any

import pytest

from tests.oracle import clock
from tests.oracle.chosen_worlds import CHOSEN
from tests.oracle.small_worlds import small_worlds
from tests.oracle.worlds import World, with_few_ids, world
from tests.properties.comparison import difference, story

ASKED = os.environ.get("KITTIWAKE_ORACLE_WORLDS")
WORLDS = int(ASKED or 1_500)
SEED = os.environ.get("KITTIWAKE_SEED")
CHUNK = 50
CI_CHUNKS = 3
SMALL_CHUNKS = 20


def nightly_from(chunk: int, values: Sequence[int]) -> list[Any]:
    """The values, from this chunk on for the night only, unless somebody has asked for so many."""
    late = () if ASKED or SEED else (pytest.mark.nightly,)
    return [pytest.param(value, marks=late if at >= chunk else ()) for at, value in enumerate(values)]


STARTS = nightly_from(CI_CHUNKS, [int(SEED)] if SEED else range(0, WORLDS, CHUNK))


@pytest.mark.parametrize("first", STARTS)
def test_random_worlds(first: int) -> None:
    """Each world settled at once in one half of the seeds, in slices in the other."""
    seeds = [first] if SEED else range(first, min(first + CHUNK, WORLDS))
    wrong = {seed: found for seed in seeds if (found := difference(world(seed), _slices(seed)))}
    assert not wrong, _report(wrong)


@pytest.mark.parametrize("first", nightly_from(1, [int(SEED)] if SEED else range(0, WORLDS // 5, CHUNK)))
def test_random_worlds_of_which_few_ids_are_remembered(first: int) -> None:
    seeds = [first] if SEED else range(first, first + CHUNK)
    few = {seed: with_few_ids(world(seed), 1 + seed // 2 % 4) for seed in seeds}
    wrong = {seed: found for seed in seeds if (found := difference(few[seed], _slices(seed)))}
    assert not wrong, _report(wrong)


@pytest.mark.parametrize("part", nightly_from(CI_CHUNKS, range(SMALL_CHUNKS)))
@pytest.mark.skipif(SEED is not None, reason="one seed is asked for")
def test_every_small_history(part: int) -> None:
    for each in islice(small_worlds(), part, None, SMALL_CHUNKS):
        found = difference(each)
        assert not found, f"{found}\n{story(each)}"


@pytest.mark.parametrize("name", CHOSEN)
def test_chosen_worlds(name: str) -> None:
    assert not difference(CHOSEN[name]), story(CHOSEN[name])


def _slices(seed: int) -> list[int]:
    return slices_of(world(seed), seed)


def slices_of(of: World, seed: int) -> list[int]:
    """Instants to settle to on the way, most of them where something happens: they must change nothing."""
    dice = random.Random(seed)
    times = [clock.parse_instant(event["time"]) or 0 for event in of.events]
    chosen = [dice.choice(times) + dice.choice((0, 1, clock.HOUR)) for _ in range(dice.randint(1, 4))]
    return sorted({at for at in chosen if at < of.until_us}) if seed % 2 else []


def _report(wrong: dict[int, str]) -> str:
    """Every seed that differs, and the world of the smallest."""
    smallest = min(wrong, key=lambda seed: (len(_rules(world(seed))), len(world(seed).events)))
    lines = [f"KITTIWAKE_SEED={seed}\n{found}" for seed, found in wrong.items()]
    return "\n".join(
        [f"{len(wrong)} worlds differ", *lines, f"the smallest, KITTIWAKE_SEED={smallest}:", story(world(smallest))]
    )


def _rules(of: World) -> list[object]:
    return list(of.document["rules"])
