"""Runs that go on from one another, where events of a feed come late: each corrects what an earlier one has decided.

`KITTIWAKE_FEED_STARTS` is how many random worlds of each kind (default 3).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import HOUR_US, parse_instant
from tests.batch.test_feed_snapshots import RULES, WORLDS, line, run
from tests.input.inputs import rows
from tests.oracle import clock
from tests.oracle.values import canonical, exact
from tests.oracle.worlds import CONTACT, World
from tests.oracle.worlds_breaker import flooded_world
from tests.oracle.worlds_feeds import leaning_world, pausing_world
from tests.properties.comparison import difference_of, expected
from tests.stream.generated_cases import standing

LATENESS_US = 12 * HOUR_US
PROGRAMS = Programs(load_files({"acme.yaml": RULES.encode()}), LATENESS_US)
TEN = parse_instant("2026-11-01T10:00:00Z")


def other(kind: str, at: str) -> bytes:
    """An event of another contact."""
    return line(kind, at, "01", f"{kind}{at}").replace(b'"c-1"', b'"c-2"')


@pytest.mark.parametrize(
    ("first", "late", "at_first", "then"),
    [
        pytest.param([other("order.completed", "00:00")], "05:00", "deferred", ["fired"], id="a silence is filled"),
        pytest.param(
            [other("note.sent", "00:00")], "01:00", "fired", ["revoked", "deferred"], id="a feed becomes known"
        ),
    ],
)
def test_an_event_of_a_feed_that_comes_to_the_next_run_corrects_a_contact_that_it_is_not_of(
    tmp_path: Path, first: list[bytes], late: str, at_first: str, then: list[str]
) -> None:
    """A cart is due at 09:00, and a feed is silent six hours after an event of it."""
    cart = line("cart.item_added", "08:00", "01", "cart")
    before = run(PROGRAMS, [*first, cart], TEN, LATENESS_US, tmp_path / "one", None)
    after = run(
        PROGRAMS, [other("order.completed", late)], TEN + 60, LATENESS_US, tmp_path / "two", tmp_path / "one/snapshots"
    )
    assert [row["decision"] for row in before] == [at_first]
    assert [row["decision"] for row in after] == then


def in_turns(world: World, dice: Random, folder: Path) -> list[dict[str, Any]]:
    """What runs have decided of a contact in the end, to each of which comes what has come by then, some of it late."""
    programs = Programs(load_files({"w.yaml": canonical(exact(world.document)).encode()}), world.allowed_lateness_us)
    times_us = [clock.parse_instant(one["time"]) for one in world.events]
    comes_us = [at_us + dice.randrange(world.allowed_lateness_us) for at_us in times_us]
    cuts = {dice.choice(times_us) + dice.randrange(2 * world.allowed_lateness_us) for _ in range(4)}
    decided, start_from, left = list[dict[str, Any]](), None, list(range(len(times_us)))
    for cut_us in sorted({*(one for one in cuts if one < world.until_us), world.until_us}):
        is_last = cut_us == world.until_us
        now = [one for one in left if times_us[one] < cut_us and (is_last or comes_us[one] <= cut_us)]
        left = [one for one in left if one not in now]
        lines = [
            canonical(exact({"contact_id": CONTACT, **world.events[one], "account_id": "acme"})).encode() for one in now
        ]
        said = run(programs, lines, cut_us, world.allowed_lateness_us, folder / str(cut_us), start_from)
        decided += [row for row in said if row["decision"] != "deferred"]
        found = folder / str(cut_us) / "snapshots"
        start_from = found if rows(found) else start_from
    return standing(row for row in decided if row["contact_id"] == CONTACT)


@pytest.mark.parametrize(
    "number", [*range(WORLDS), *(pytest.param(number, marks=pytest.mark.nightly) for number in range(WORLDS, 120))]
)
@pytest.mark.parametrize("worlds", [leaning_world, pausing_world, flooded_world])
def test_runs_that_go_on_from_one_another_decide_as_one_look_at_everything_whenever_an_event_comes(
    tmp_path: Path, seed: int, number: int, worlds: Callable[[int], World]
) -> None:
    at = seed * 1_000 + number
    world = worlds(at)
    wanted = [row for row in expected(world) if row["decision"] != "deferred"]
    found = difference_of(wanted, in_turns(world, Random(at), tmp_path))
    assert not found, (at, found)
