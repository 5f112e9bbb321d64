"""Runs that go on from snapshots where the policy has feeds or breakers: day by day is as one run over all.

`KITTIWAKE_FEED_STARTS` is how many random worlds of each kind (default 3).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.output.feed_snapshots import (
    ENTRIES_MAX,
    BadFeedSnapshot,
    FeedSnapshot,
    feed_snapshot_lines,
    feed_snapshot_of,
)
from kittiwake.output.snapshot_set import MANIFEST, manifest_bytes, manifest_of
from kittiwake.output.snapshots import digest_of
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant
from kittiwake.values import parse_json
from tests.input.inputs import rows, write_lines
from tests.oracle import clock
from tests.oracle.worlds import CONTACT, World
from tests.oracle.worlds_breaker import flooded_world
from tests.oracle.worlds_feeds import leaning_world, pausing_world
from tests.properties.comparison import difference_of, expected

WORLDS = int(os.environ.get("KITTIWAKE_FEED_STARTS", "3"))
START = parse_instant("2035-01-01T00:00:00Z")
SINCE = parse_instant("2026-11-01T00:00:00Z")
TYPES = ("order.completed", "cart.item_added")
RULES = """
account: acme
policy:
  feeds: {order.completed: {every: 6h, mode: hold}}
  breaker: {cart.item_added: {max: 1, per: 1h, mode: hold}}
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed, expires: 6d}
"""
PROGRAMS = Programs(load_files({"acme.yaml": RULES.encode()}))


def line(kind: str, at: str, day: str, event_id: str) -> bytes:
    found = {"event_id": event_id, "account_id": "acme", "contact_id": "c-1", "type": kind}
    return json.dumps({**found, "time": f"2026-11-{day}T{at}:00Z"}).encode()


def run(
    programs: Programs, lines: Sequence[bytes], until_us: int, lateness_us: int, output: Path, start_from: Path | None
) -> list[dict[str, Any]]:
    """The decisions of a run that leaves snapshots."""
    events = write_lines(output.with_suffix(".jsonl"), lines)
    settings = RunSettings(START, until_us, lateness_us, snapshots=True, allow_empty=True)
    replay(programs, [str(events)], output, settings, start_from=[f"{start_from}/*"] if start_from else [])
    return rows(output / "decisions")


def one_by_one(world: World, cuts: Sequence[int], folder: Path) -> list[dict[str, Any]]:
    """What runs say, each from one cut to the next; what an earlier one says is deferred a later one decides."""
    programs = Programs(load_files({"w.yaml": json.dumps(world.document).encode()}), world.allowed_lateness_us)
    told, start_from = list[dict[str, Any]](), None
    for from_us, to_us in pairwise(cuts):
        some = [json.dumps(one).encode() for one in world.events if from_us <= clock.parse_instant(one["time"]) < to_us]
        output = folder / f"{from_us}-{to_us}"
        said = run(programs, some, to_us, world.allowed_lateness_us, output, start_from)
        told += [one for one in said if one["decision"] != "deferred" or to_us == cuts[-1]]
        start_from = output / "snapshots"
        start_from = start_from if rows(start_from) else None  # from what says nothing no run starts
    return told


def forget_feeds(snapshots: Path) -> None:
    """Let snapshots be as those that know nothing of feeds."""
    for path in snapshots.glob("feeds*"):
        path.unlink()
        manifest = snapshots / MANIFEST
        kept = [file for name, file in manifest_of(manifest.read_bytes()).items() if name != path.name]
        manifest.write_bytes(manifest_bytes(kept))


def cut_somewhere(world: World, dice: Random) -> list[int]:
    times = sorted(clock.parse_instant(one["time"]) for one in world.events)
    inside = {dice.choice(times) + dice.choice((0, 1, dice.randrange(2 * HOUR_US))) for _ in range(dice.randint(1, 3))}
    return [0, *(one for one in sorted(inside) if times[0] < one < world.until_us), world.until_us]


def plain(told: list[dict[str, Any]]) -> list[str]:
    return sorted(map(str, told))


@pytest.mark.parametrize("worlds", [leaning_world, pausing_world, flooded_world])
def test_day_by_day_is_as_one_run_over_all_wherever_it_is_cut(
    tmp_path: Path, seed: int, worlds: Callable[[int], World]
) -> None:
    """And as the oracle, which looks at whole histories."""
    dice = Random(f"{seed}")
    for number in range(WORLDS):
        world = worlds(seed * 1_000 + number)
        cuts, folder = cut_somewhere(world, dice), tmp_path / str(number)
        folder.mkdir()
        whole = one_by_one(world, [0, world.until_us], folder)
        told = one_by_one(world, cuts, folder)
        assert plain(told) == plain(whole), (seed, number, cuts)
        own = [row for row in told if row["contact_id"] == CONTACT]
        assert not difference_of(expected(world), own), (seed, number, cuts)


KNOWN = line("cart.item_added", "08:30", "01", "k")
FLOOD = [line("cart.item_added", "09:50", "01", name) for name in ("c1", "c2")]


@pytest.mark.parametrize(
    ("first", "second", "cut"),
    [
        pytest.param([line("order.completed", "00:00", "01", "o"), KNOWN], FLOOD[:1], "09:00", id="a silence"),
        pytest.param(FLOOD, [], "10:00", id="a flood"),
    ],
)
def test_what_is_held_after_the_cut_for_what_was_before_it_fires_where_the_rows_of_feeds_are_missing(
    tmp_path: Path, first: list[bytes], second: list[bytes], cut: str
) -> None:
    """A feed that has been silent since 06:00, and a flood of 09:50 whose carts fall due at 10:50."""
    run(PROGRAMS, first, parse_instant(f"2026-11-01T{cut}:00Z"), HOUR_US, tmp_path / "one", None)
    snapshots, until_us = tmp_path / "one" / "snapshots", parse_instant("2026-11-01T12:00:00Z")
    held = run(PROGRAMS, second, until_us, HOUR_US, tmp_path / "two", snapshots)
    assert {one["decision"] for one in held} == {"deferred"}
    forget_feeds(snapshots)
    sent = run(PROGRAMS, second, until_us, HOUR_US, tmp_path / "three", snapshots)
    assert {one["decision"] for one in sent} == {"fired"}


def test_what_a_run_needs_no_more_is_not_left_to_the_next(tmp_path: Path) -> None:
    """Of a feed it leaves what says since when it was silent, and of a breaker floods that may hold something yet."""
    old = [line(kind, "00:00", f"{day:02}", f"{kind}{day}{n}") for kind in TYPES for day in range(1, 21) for n in "ab"]
    run(PROGRAMS, old, parse_instant("2026-11-21T00:00:00Z"), HOUR_US, tmp_path / "one", None)
    (left,) = (tmp_path / "one" / "snapshots").glob("feeds*")
    entries = {}
    for row in left.read_text().splitlines():
        found = feed_snapshot_of(parse_json(row.encode()))
        assert isinstance(found, FeedSnapshot)
        entries[found.rhythm] = [begins for begins, _ in found.entries]
    days = [parse_instant(f"2026-11-{day:02}T00:00:00Z") for day in range(1, 21)]
    assert entries == {
        Rhythm("order.completed", 6 * HOUR_US): days[-2:],
        Rhythm("cart.item_added", HOUR_US, 1): [day for day in days[-7:] for _ in range(2)],
    }


def test_a_summary_says_nothing_of_silences_and_floods_that_were_over_before(tmp_path: Path) -> None:
    first = [line(kind, at, "01", f"{kind}{at}") for kind in TYPES for at in ("00:00", "00:10", "12:00")]
    second = [line("order.completed", "15:00", "01", "o"), line("order.completed", "23:00", "01", "p")]
    noon = parse_instant("2026-11-01T12:30:00Z")
    run(PROGRAMS, first, noon, HOUR_US, tmp_path / "one", None)
    run(PROGRAMS, second, noon + DAY_US // 2, HOUR_US, tmp_path / "two", tmp_path / "one" / "snapshots")
    said = [json.loads((tmp_path / name / "summary.json").read_text()) for name in ("one", "two")]
    assert [(one["feeds"][0]["silences"], one["breakers"][0]["floods"]) for one in said] == [(1, 1), (1, 0)]


@pytest.mark.parametrize("entries", [1, ENTRIES_MAX, 2 * ENTRIES_MAX + 1])
def test_rows_of_a_feed_are_read_as_they_were_written(entries: int) -> None:
    rhythm, spans = Rhythm("o", HOUR_US, 3), [(at, at + 1) for at in range(0, 2 * entries, 2)]
    read = [feed_snapshot_of(parse_json(row)) for row in feed_snapshot_lines("acme", rhythm, DAY_US, spans)]
    assert [one[:3] for one in read] == [("acme", rhythm, DAY_US)] * -(-entries // ENTRIES_MAX)
    assert [span for one in read if isinstance(one, FeedSnapshot) for span in one.entries] == spans


def test_a_row_that_was_altered_or_is_garbage_is_none() -> None:
    (row,) = feed_snapshot_lines("acme", Rhythm("o", HOUR_US), DAY_US, [(0, 1)])
    altered = feed_snapshot_of(parse_json(row.replace(b"acme", b"acma")))
    assert altered == BadFeedSnapshot("the row is not as it was written: its digest is another")
    garbage: dict[str, Any] = {"feed": {"type": "o"}, "entries": [[1]]}
    assert feed_snapshot_of({**garbage, "digest": digest_of(garbage)}) == BadFeedSnapshot(
        "not a snapshot of a feed: KeyError"
    )


def test_of_feeds_that_the_rules_have_no_more_nothing_is_taken_in(tmp_path: Path) -> None:
    run(PROGRAMS, [line("order.completed", "00:00", "01", "o")], DAY_US + SINCE, HOUR_US, tmp_path / "one", None)
    other = Programs(load_files({"acme.yaml": RULES.replace("every: 6h", "every: 7h").encode()}))
    run(other, [], 2 * DAY_US + SINCE, HOUR_US, tmp_path / "two", tmp_path / "one" / "snapshots")
    assert json.loads((tmp_path / "two" / "summary.json").read_text())["feeds"] == []
