"""A stream that starts from the snapshots of a batch where the policy has feeds or breakers: as one run over all.

`KITTIWAKE_WARM_WORLDS` is how many random worlds of each kind (default 6; at night 120).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from kittiwake.kernel.items.index import HeldInterest
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.output.feed_snapshots import FeedSnapshot
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import always
from kittiwake.scenarios.player import event_of
from kittiwake.stream.contact.feeds import notice_of
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.feeds import shard as feeds
from kittiwake.stream.feeds.records import FeedShard, feed_key, feed_shard_of
from kittiwake.stream.items.records import FeedEvent, FeedSeed, ShownInterest
from kittiwake.stream.items.records import encode as encode_record
from kittiwake.stream.records import buffered_event_of, encode, key_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.stream.seeding import Seeded, routed_seeds, seed_of
from kittiwake.time.instants import DAY_US, END_OF_TIME_US, HOUR_US, MINUTE_US, format_instant
from kittiwake.transforms.snapshot_parts import encoded_part, rows_of_part
from kittiwake.transforms.stream.snapshot_sources import find_snapshots
from kittiwake.values import parse_json
from tests.batch.test_feed_snapshots import run
from tests.oracle.values import canonical, exact
from tests.oracle.worlds import ACCOUNT, CONTACT, World
from tests.oracle.worlds_breaker import breaker_world, flooded_world
from tests.oracle.worlds_feeds import feeds_world, leaning_world, pausing_world
from tests.properties.comparison import difference_of, expected, story
from tests.stream.fault_injecting_runner import Bundle, DiedError, FaultInjectingRunner
from tests.stream.generated_cases import standing
from tests.stream.test_feeds import Clock, Shard, Stream

WORLDS = int(os.environ.get("KITTIWAKE_WARM_WORLDS", "6"))
RESOLUTION_US = 1_000
Seed = Seeded | ItemSnapshot | FeedSnapshot


class Coming(NamedTuple):
    """An event as it comes: up to the allowed lateness after its time."""

    at_us: int
    raw: dict[str, Any]


class Warm(NamedTuple):
    """A stream that goes on where a batch has stopped."""

    stream: Stream
    runner: FaultInjectingRunner
    now: Clock
    dice: Random

    def run(self, elements: list[tuple[bytes, bytes]], *, timers: bool = True) -> None:
        """One bundle, which may die before it is there; then another process does it."""
        tasks = [one for one in self.runner.tasks() if self.dice.random() < 0.5] if timers else []
        bundle = Bundle(self.dice.sample(elements, len(elements)), tasks)
        if self.dice.random() < 0.2:
            steps = self.runner.steps_of(bundle)
            if steps:
                with pytest.raises(DiedError):
                    self.runner.run(bundle, dies_before=self.dice.randrange(steps))
            self.runner.restart()
        self.runner.run(bundle)

    def load(self, snapshots: Path, early: Sequence[Coming]) -> None:
        """Load every row, in any order and some twice, events among them; no timer fires before all are there."""
        parts = find_snapshots([f"{snapshots}/*"]).sources if _says_something(snapshots) else ()
        rows: list[Seed | Coming] = [seed_of(row) for part in parts for row in rows_of_part(encoded_part(part))]
        rows += [*self.dice.choices(rows, k=len(rows) // 3), *early]
        elements = [of for one in self.dice.sample(rows, len(rows)) for of in self._brought(one)]
        half = self.dice.randint(0, len(elements))
        for some in (elements[:half], elements[half:]):
            self.run(some, timers=False)

    def _brought(self, one: Seed | Coming) -> Iterator[tuple[bytes, bytes]]:
        if isinstance(one, Coming):
            yield from self.stream.elements(one.raw)
            return
        if isinstance(one, Seeded):
            yield one.key, encode(one.seed)
        for key, record in routed_seeds(self.stream.view, one, self.stream.routers.shards):
            yield from self.stream.take(key, record)

    def go_on(self, coming: list[Coming], until_us: int) -> None:
        """Bring what comes after, and whatever falls due."""
        while coming:
            taken = coming[: self.dice.randint(1, 6)]
            coming = coming[len(taken) :]
            at_us = min(taken[0].at_us, until_us) // RESOLUTION_US * RESOLUTION_US
            self.now.at_us = self.runner.watermark_us = max(self.now.at_us, at_us)
            elements = self.stream.pass_to(self.now.at_us)
            elements += [of for one in self.dice.sample(taken, len(taken)) for of in self.stream.elements(one.raw)]
            self.run(elements)
        self.now.at_us = self.runner.watermark_us = until_us
        self.runner.run(Bundle(self.stream.pass_to(until_us)))
        self.runner.rest()
        assert not self.runner.dead


def difference(seed: int, world: World, folder: Path) -> str:
    """What a batch up to some instant, and a stream from its snapshots, decide otherwise than the oracle.

    The batch has what had come by then. The stream is given the rest as it comes, some of it before the watermark
    is near, and some again that the batch knows.
    """
    dice, lateness_us = Random(seed), world.allowed_lateness_us
    coming = [Coming(_time_us(raw) + dice.randrange(lateness_us), raw) for raw in world.events]
    cut_us = _cut_us(world, dice)
    in_batch = [one for one in coming if one.at_us <= cut_us and _time_us(one.raw) < cut_us]
    lag_us = dice.choice((0, 1, 2)) * lateness_us
    rest = [one._replace(at_us=max(cut_us, one.at_us - lag_us)) for one in coming if one not in in_batch]
    known = [one for one in in_batch if _time_us(one.raw) >= cut_us - lateness_us]
    again = [one._replace(at_us=dice.randint(cut_us, _time_us(one.raw) + lateness_us)) for one in known]
    rest += dice.sample(again, len(again) // 2)
    found = difference_at(cut_us, world, [one.raw for one in in_batch], rest, folder, dice)
    return found and f"seed {seed}, cut at {cut_us}\n{found}\n{story(world)}"


def difference_at(
    cut_us: int, world: World, before: list[dict[str, Any]], after: list[Coming], folder: Path, dice: Random
) -> str:
    """The same, of a batch up to `cut_us` that has some events, and of a stream to which the others come."""
    until_us = world.until_us // RESOLUTION_US * RESOLUTION_US
    told, snapshots = batch(world, before, cut_us, folder)
    stream, now = Stream(world, dice.choice((1, 4))), Clock()
    now.at_us = cut_us // RESOLUTION_US * RESOLUTION_US
    warm = Warm(stream, FaultInjectingRunner(stream.rules, TimerSettings(0, RESOLUTION_US), now), now, dice)
    coming = sorted(after, key=lambda one: one.at_us)
    early = coming[: dice.choice((0, 0, 2, 5, 20))]
    warm.load(snapshots, early)
    warm.go_on(coming[len(early) :], until_us)
    rows = [*told, *(parse_json(one.row) for one in warm.runner.emitted)]
    own = standing(row for row in rows if row["contact_id"] == CONTACT)
    wanted = expected(replace(world, until_us=until_us))
    return difference_of([row for row in wanted if row["decision"] != "deferred"], own)


def _says_something(snapshots: Path) -> bool:
    return any(path.stat().st_size for path in snapshots.glob("*.jsonl"))


def _time_us(raw: dict[str, Any]) -> int:
    return event_of(ACCOUNT, CONTACT, raw).time_us


def _cut_us(world: World, dice: Random) -> int:
    times = sorted(map(_time_us, world.events))
    at_us = dice.choice(times) + dice.choice((0, 1, dice.randrange(2 * world.allowed_lateness_us)))
    return min(at_us, world.until_us - 10 * RESOLUTION_US)  # a late event of then is decided with the next timer


def batch(world: World, events: list[dict[str, Any]], cut_us: int, folder: Path) -> tuple[list[dict[str, Any]], Path]:
    """What a batch decides for good, and its snapshots."""
    programs = Programs(load_files({"w.yaml": canonical(exact(world.document)).encode()}), world.allowed_lateness_us)
    named = [one if "item_id" in one else {"contact_id": CONTACT, **one} for one in events]
    lines = [canonical(exact({"account_id": ACCOUNT, **one})).encode() for one in named]
    told = run(programs, lines, cut_us, world.allowed_lateness_us, folder / "batch", None)
    return [row for row in told if row["decision"] != "deferred"], folder / "batch" / "snapshots"


@pytest.mark.parametrize(
    "number", [*range(WORLDS), *(pytest.param(number, marks=pytest.mark.nightly) for number in range(WORLDS, 120))]
)
@pytest.mark.parametrize("worlds", [leaning_world, pausing_world, flooded_world])
def test_a_batch_and_a_stream_from_its_snapshots_decide_as_the_oracle_wherever_it_is_cut(
    tmp_path: Path, seed: int, number: int, worlds: Callable[[int], World]
) -> None:
    at = seed * 1_000 + number
    found = difference(at, worlds(at), tmp_path)
    assert not found, found


@pytest.mark.nightly
@pytest.mark.parametrize("worlds", [feeds_world, breaker_world])
def test_so_they_do_with_rules_of_every_kind(tmp_path: Path, seed: int, worlds: Callable[[int], World]) -> None:
    for number in range(WORLDS * 10):
        (folder := tmp_path / str(number)).mkdir()
        at = seed * 1_000 + number
        found = difference(at, replace(worlds(at), limits=None), folder)
        assert not found, found


def _raw(event_id: str, kind: str, minutes: int, contact_id: str = CONTACT) -> dict[str, Any]:
    told = {"event_id": event_id, "account_id": ACCOUNT, "contact_id": contact_id, "type": kind}
    return {**told, "time": format_instant(minutes * MINUTE_US), "properties": {}}


LEANING = {
    "account": ACCOUNT,
    "policy": {"feeds": {"pay": {"every": "6h", "mode": "hold"}}},
    "rules": [{"id": "cart", "when": "cart", "wait": "2h", "unless": ["pay", "order"]}],
}


def test_a_contact_of_which_nothing_is_pending_any_more_knows_the_silence_once_a_late_event_makes_it_so(
    tmp_path: Path,
) -> None:
    """The order that called the cart off is found to have come before the cart: it falls due after the cut, held."""
    before = [_raw("p", "pay", 0, "bob"), _raw("c", "cart", 8 * 60 + 30), _raw("o", "order", 9 * 60 + 50)]
    late = Coming(10 * HOUR_US + 5 * MINUTE_US, _raw("o", "order", 8 * 60))
    world = World(LEANING, [*before, late.raw], 12 * HOUR_US, 3 * HOUR_US)
    for number in range(4):
        (folder := tmp_path / str(number)).mkdir()
        found = difference_at(10 * HOUR_US, world, before, [late], folder, Random(number))
        assert not found, found
    assert [row["decision"] for row in expected(world)] == ["deferred"]


RHYTHM = Rhythm("pay", 6 * HOUR_US)
WAITS = encode_record(ShownInterest(HeldInterest("c", 0, 99 * HOUR_US)))


def test_an_event_and_a_contact_that_come_before_the_snapshot_of_their_feed_lose_nothing() -> None:
    """The timer that the event set finds nothing to do; the one that counts is set by the snapshot."""
    store, feed = Shard(), FeedShard(ACCOUNT, RHYTHM, 0)
    assert not [*feeds.on_record(store, feed, WAITS, HOUR_US)]
    assert not [*feeds.on_record(store, feed, encode_record(FeedEvent(2 * HOUR_US)), HOUR_US)]
    assert store.silence_us == 8 * HOUR_US
    seed = encode_record(FeedSeed(20 * HOUR_US, ((0, 7 * HOUR_US), (18 * HOUR_US, 24 * HOUR_US))))
    for news in (1, 0):
        assert len([*feeds.on_record(store, feed, seed, HOUR_US)]) == news, "loaded twice it says nothing more"
        assert store.silence_us == 24 * HOUR_US
    assert not [*feeds.on_timer(store, feed, 8 * HOUR_US, HOUR_US)]
    ((key, data),) = feeds.on_timer(store, feed, 24 * HOUR_US, HOUR_US)
    silences = notice_of(buffered_event_of(data).data).silences
    assert (key, silences) == (
        key_of(ACCOUNT, "c"),
        ((8 * HOUR_US, 18 * HOUR_US + 1), (24 * HOUR_US, END_OF_TIME_US)),
    )


def test_whoever_waits_since_long_is_notified_of_every_flood_that_the_snapshot_knows() -> None:
    store, feed = Shard(), FeedShard(ACCOUNT, Rhythm("cart", HOUR_US, 1), 0)
    floods = [(hour * HOUR_US + minute, mark) for hour in (1, 3) for minute, mark in ((1, 7), (2, 8))]
    assert not [*feeds.on_record(store, feed, encode_record(FeedSeed(9 * HOUR_US, tuple(floods))), HOUR_US)]
    ((_, data),) = feeds.on_record(store, feed, WAITS, HOUR_US)
    assert notice_of(buffered_event_of(data).data).silences == (
        (HOUR_US + 2, 2 * HOUR_US),
        (3 * HOUR_US + 2, 4 * HOUR_US),
    )


OF_ITEMS = """
account: acme
policy: {feeds: {pay: {every: 6h, mode: hold}}, breaker: {seen: {max: 2, per: 1h}}}
rules:
  - id: cheaper
    when: {item: {price: {drops_by: 10%}}}
    interest: {events: seen, item: item, within: 3d}
    wait: 1h
    unless: pay
    expires: 1d
"""


def test_whoever_showed_interest_in_an_item_waits_for_feeds_though_nothing_of_the_contact_says_so() -> None:
    """Neither of feeds that the rules have no more, nor of an account without feeds, anything is taken in."""
    view = StaticRules(always(load_files({"acme.yaml": OF_ITEMS.encode()})), HOUR_US).view(0)
    one = ItemSnapshot("acme", "p1", DAY_US, None, (HeldInterest("c", 5, 3 * DAY_US),))
    of_item, waits = routed_seeds(view, one, 1)
    assert feed_shard_of(of_item[0]) is None
    held = HeldInterest("c", 5, 7 * DAY_US + HOUR_US + 1)  # 3 days of interest, wait and expiry of what comes then
    assert waits == (feed_key("acme", RHYTHM, 0), encode_record(ShownInterest(held)))
    assert len([*routed_seeds(view, one._replace(account_id="other"), 1)]) == 1
    for rhythm, number in ((RHYTHM, 2), (Rhythm("pay", 7 * HOUR_US), 0)):
        assert len([*routed_seeds(view, FeedSnapshot("acme", rhythm, DAY_US, ((0, 1),)), 2)]) == number
