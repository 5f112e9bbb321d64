"""Feeds and breakers in a stream: contacts decide as one look at everything does, whatever the order of arrival.

`KITTIWAKE_FEED_WORLDS` is how many random worlds (default 20).
"""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pytest
from apache_beam.utils.timestamp import Timestamp

from kittiwake.kernel.items.index import HeldInterest
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.kernel.state.state import State
from kittiwake.reasons import DeadLetterReason
from kittiwake.rules.documents import load_document
from kittiwake.rules.versions import always
from kittiwake.scenarios.player import event_of
from kittiwake.stream.contact.feeds import FeedNotice, learned, notice_of
from kittiwake.stream.contact.sealing import UnreadableError
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.feeds import shard as feeds
from kittiwake.stream.feeds.records import FeedShard, feed_key, feed_shard_of
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.items import shard as items
from kittiwake.stream.items.dead_letters import ItemDeadLetters
from kittiwake.stream.items.records import FeedEvent, ShownInterest, subject_of_item
from kittiwake.stream.items.records import encode as encode_record
from kittiwake.stream.items.routing import ItemRouters
from kittiwake.stream.records import buffered_event_of, encode, key_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import DAY_US, END_OF_TIME_US, HOUR_US, MINUTE_US, format_instant
from kittiwake.transforms.stream.items import JoinDoFn
from kittiwake.values import canonical
from tests.oracle.oracle import decide
from tests.oracle.worlds import ACCOUNT, CONTACT, World
from tests.oracle.worlds_breaker import flooded_world
from tests.oracle.worlds_feeds import leaning_world, pausing_world
from tests.properties.comparison import difference_of, story
from tests.stream.fault_injecting_runner import Bundle, FaultInjectingRunner
from tests.stream.generated_cases import emitted_by_key

WORLDS = int(os.environ.get("KITTIWAKE_FEED_WORLDS", "20"))
FAR_US = END_OF_TIME_US // 2


class Shard:
    """A shard of a feed, or of an item, in memory."""

    def __init__(self) -> None:
        self.item: bytes | None = None
        self.interests: list[bytes] = []
        self.timers: set[int] = set()
        self.silence_us: int | None = None

    def read_item(self) -> bytes | None:
        return self.item

    def write_item(self, data: bytes) -> None:
        self.item = data

    def read_interests(self) -> Iterable[bytes]:
        return list(self.interests)

    def add_interest(self, element: bytes) -> None:
        self.interests.append(element)

    def write_interests(self, elements: Sequence[bytes]) -> None:
        self.interests = list(elements)

    def set_timer(self, at_us: int) -> None:
        self.timers.add(at_us)

    def set_silence_timer(self, at_us: int) -> None:
        self.silence_us = at_us

    def pass_over(self, why: str) -> None:
        raise AssertionError(why)


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at_us = 0

    def __call__(self) -> int:
        return self.at_us


class Stream:
    """Intake, feeds and items of a streaming job."""

    def __init__(self, world: World, shards: int) -> None:
        rules = StaticRules(always(load_document(world.document)), world.allowed_lateness_us)
        self.rules, self.view = rules, rules.view(0)
        self.routers = ItemRouters(shards)
        self.shards: defaultdict[bytes, Shard] = defaultdict(Shard)

    @property
    def horizon_us(self) -> int:
        return self.view.plan(ACCOUNT).versions.horizon_us

    def elements(self, raw: dict[str, Any]) -> list[tuple[bytes, bytes]]:
        """What a message brings to contacts."""
        subject = {} if raw.get("item_id") else {"contact_id": CONTACT}
        message = Message(canonical({"account_id": ACCOUNT, **subject, **raw}).encode())
        found = take(message, FAR_US, self.view, IntakeSettings(), self.routers)
        assert isinstance(found, Brought), found
        elements = [(key, encode(buffered)) for key, buffered in found.needed]
        return [*elements, *(one for key, record in found.of_items for one in self.take(key, record))]

    def take(self, key: bytes, record: bytes) -> Iterable[tuple[bytes, bytes]]:
        """What a record of a feed or an item brings to contacts."""
        feed, store = feed_shard_of(key), self.shards[key]
        if feed is not None:
            return feeds.on_record(store, feed, record, self.horizon_us)
        account_id, item_id, _ = subject_of_item(key)
        return items.on_record(store, (account_id, item_id), record, self.horizon_us).changes

    def pass_to(self, watermark_us: int) -> list[tuple[bytes, bytes]]:
        """What timers of feeds tell contacts that the watermark has reached; others forget."""
        found: list[tuple[bytes, bytes]] = []
        for key, store in self.shards.items():
            feed = feed_shard_of(key)
            while feed is not None and store.silence_us is not None and store.silence_us <= watermark_us:
                at_us, store.silence_us = store.silence_us, None
                found += feeds.on_timer(store, feed, at_us, self.horizon_us)
            for at_us in sorted(one for one in store.timers if one <= watermark_us):
                store.timers.discard(at_us)
                items.on_timer(store, at_us, watermark_us, self.horizon_us, is_item=feed is None)
        return found


def difference(seed: int, world: World) -> str:
    """What the streaming steps decide otherwise than the oracle, in a world.

    Each event comes up to the allowed lateness after its time, or before the watermark is near it; some come twice;
    timers fire late, again and in any order.
    """
    dice = random.Random(seed)
    lag_us = dice.choice((0, 1, 2)) * world.allowed_lateness_us
    stream, now, resolution_us = Stream(world, dice.choice((1, 4))), Clock(), 1_000
    runner = FaultInjectingRunner(stream.rules, TimerSettings(0, resolution_us), now)
    until_us = world.until_us // resolution_us * resolution_us
    arriving = [(_comes_us(raw, world, lag_us, dice), raw) for raw in [*world.events, *dice.choices(world.events, k=3)]]
    arriving.sort(key=lambda each: each[0])
    while arriving:
        taken = arriving[: dice.randint(1, 6)]
        arriving = arriving[len(taken) :]
        now.at_us = max(now.at_us, min(taken[0][0], until_us) // resolution_us * resolution_us)
        runner.watermark_us = now.at_us
        elements = stream.pass_to(now.at_us)
        elements += [element for _, raw in dice.sample(taken, len(taken)) for element in stream.elements(raw)]
        tasks = [one for one in runner.tasks() if dice.random() < 0.5]
        runner.run(Bundle(dice.sample(elements, len(elements)), tasks))
    now.at_us = runner.watermark_us = until_us
    runner.run(Bundle(stream.pass_to(until_us)))
    runner.rest()
    assert not runner.dead
    rows = [row for of_key in emitted_by_key(runner.emitted).values() for row in of_key if row["contact_id"] == CONTACT]
    wanted = decide(
        world.document,
        world.events,
        until_us,
        account=ACCOUNT,
        contact=CONTACT,
        allowed_lateness_us=world.allowed_lateness_us,
    )
    found = difference_of([row for row in wanted if row["decision"] != "deferred"], rows)
    return found and f"seed {seed}\n{found}\n{story(world)}"


def _comes_us(raw: dict[str, Any], world: World, lag_us: int, dice: random.Random) -> int:
    """Where the watermark is when an event comes, which lags behind the events by so much at most."""
    return event_of(ACCOUNT, CONTACT, raw).time_us + dice.randrange(-lag_us, world.allowed_lateness_us)


@pytest.mark.parametrize("seed", range(WORLDS))
@pytest.mark.parametrize("worlds", [leaning_world, pausing_world, flooded_world])
def test_late_events_and_adversarial_timers_decide_as_the_oracle(seed: int, worlds: Callable[[int], World]) -> None:
    found = difference(seed, worlds(seed))
    assert not found, found


RULES = {
    "account": ACCOUNT,
    "policy": {"feeds": {"order": {"every": "6h", "mode": "hold"}}},
    "rules": [{"id": "cart", "when": "a", "wait": "1h", "unless": "order"}],
}


def test_a_contact_that_cannot_be_told_for_want_of_its_feed_leaves_a_row_and_a_damaged_feed_is_said() -> None:
    store, feed = Shard(), FeedShard(ACCOUNT, Rhythm("order", 6 * HOUR_US), 0)
    assert not list(feeds.on_record(store, feed, encode_record(FeedEvent(0)), 0))
    assert store.item is not None
    assert store.silence_us == 6 * HOUR_US
    store.item = store.item[:-1]
    with pytest.raises(UnreadableError):
        feeds.on_record(store, feed, encode_record(FeedEvent(1)), 0)
    waits = ShownInterest(HeldInterest("c", 0, HOUR_US))
    (dead,) = ItemDeadLetters(ACCOUNT, "order", 5, "v", "feed").unread(encode_record(waits), "why")
    assert (dead.reason, json.loads(dead.raw)["feed"]) == (DeadLetterReason.STATE_UNREADABLE, "order")


def test_a_silence_is_known_for_as_long_as_a_correction_may_begin_before_its_end() -> None:
    plan = StaticRules(always(load_document(RULES)), HOUR_US).view(0).plan(ACCOUNT)
    notice = FeedNotice(6 * HOUR_US, 1, 0, 99 * HOUR_US, ((6 * HOUR_US, 9 * HOUR_US),))
    for from_us, is_known in ((8 * HOUR_US, True), (19 * HOUR_US, False)):
        state = State("c", evaluated_to_us=20 * HOUR_US, from_us=from_us)
        silences = learned(plan, {"order": (notice,)}, (), state).plan.versions.silences
        assert silences.is_silent(Rhythm("order", 6 * HOUR_US), 8 * HOUR_US) is is_known


def test_events_while_a_feed_is_alive_tell_nobody_and_set_one_timer() -> None:
    store, feed = Shard(), FeedShard(ACCOUNT, Rhythm("order", 6 * HOUR_US), 0)
    waits = ShownInterest(HeldInterest("c", 0, 100 * HOUR_US))
    told = [*feeds.on_record(store, feed, encode_record(waits), HOUR_US)]
    for hour in range(0, 40, 5):
        told += feeds.on_record(store, feed, encode_record(FeedEvent(hour * HOUR_US)), HOUR_US)
    assert (told, store.silence_us) == ([], 6 * HOUR_US)
    assert not list(feeds.on_timer(store, feed, 6 * HOUR_US, HOUR_US))
    assert store.silence_us == 41 * HOUR_US
    ((key, _),) = feeds.on_timer(store, feed, 41 * HOUR_US, HOUR_US)
    assert key == key_of(ACCOUNT, "c")
    assert len(list(feeds.on_record(store, feed, encode_record(FeedEvent(50 * HOUR_US)), HOUR_US))) == 1


def test_a_silence_that_reaches_into_what_may_be_corrected_is_kept_however_long_ago_it_began() -> None:
    store, feed = Shard(), FeedShard(ACCOUNT, Rhythm("order", 6 * HOUR_US), 0)
    for hour in (0, 300, 304):
        assert not list(feeds.on_record(store, feed, encode_record(FeedEvent(hour * HOUR_US)), HOUR_US))
        assert not list(feeds.on_timer(store, feed, hour * HOUR_US, HOUR_US))
    late = ShownInterest(HeldInterest("c", 299 * HOUR_US, 320 * HOUR_US))
    ((_, data),) = feeds.on_record(store, feed, encode_record(late), HOUR_US)
    assert notice_of(buffered_event_of(data).data).silences == ((6 * HOUR_US, 300 * HOUR_US + 1),)
    list(feeds.on_timer(store, feed, 400 * HOUR_US, HOUR_US))
    assert not list(feeds.on_record(store, feed, encode_record(ShownInterest(HeldInterest("d", 0, 300 * HOUR_US))), 0))


def test_a_flood_is_told_to_those_alone_whose_events_are_in_it_and_an_event_counts_once() -> None:
    store, feed = Shard(), FeedShard(ACCOUNT, Rhythm("cart", HOUR_US, 2), 0)
    told = list[tuple[bytes, bytes]]()
    for at_us in (10, 20, 30):
        waits = ShownInterest(HeldInterest(f"c{at_us}", at_us, at_us + 1))
        for record in (waits, FeedEvent(at_us, at_us), FeedEvent(at_us, at_us)):
            told += feeds.on_record(store, feed, encode_record(record), HOUR_US)
    assert [key for key, _ in told] == [key_of(ACCOUNT, "c30")]
    kept = store.item
    assert not list(feeds.on_record(store, feed, encode_record(FeedEvent(40, 40)), HOUR_US))
    assert store.item == kept, "what is too many already is not kept"
    assert len(list(feeds.on_record(store, feed, encode_record(FeedEvent(15, 15)), HOUR_US))) == 1
    assert store.silence_us == HOUR_US
    assert not list(feeds.on_timer(store, feed, 5 * HOUR_US, HOUR_US))
    assert not list(feeds.on_record(store, feed, encode_record(FeedEvent(16, 16)), HOUR_US)), "it is forgotten"


def test_an_old_silence_beyond_the_horizon_does_not_hide_a_recent_one() -> None:
    hours = [0, *range(24, 61, 5)]  # silent from hour 6 to 24, and from 65 on
    orders = [{**_raw(f"o{hour}", "order", hour * HOUR_US), "contact_id": "another"} for hour in hours]
    minutes = [64 * 60 + 30, *(66 * 60 + at / 50 for at in range(300))]  # due at 65:30, and an hour after the last
    arms = [_raw(f"a{at}", "a", int(at * MINUTE_US)) for at in minutes]
    stream, now = Stream(World(RULES, [*orders, *arms], 70 * HOUR_US, DAY_US), 1), Clock()
    runner = FaultInjectingRunner(stream.rules, TimerSettings(0, 1_000), now)
    for raw in orders:
        stream.elements(raw)
    assert not stream.pass_to(60 * HOUR_US), "nobody waits"
    late = stream.elements(_raw("late", "a", 64 * HOUR_US))[:1]  # its correction leaves marks, where the next may begin
    brought = [stream.elements(raw) for raw in arms]
    for elements in ([of[0] for of in brought], late):
        now.at_us = runner.watermark_us = 68 * HOUR_US
        runner.run(Bundle(elements))
        runner.rest()
    assert [row["decision"] for row in _decided(runner)] == ["fired"] * 2, "it was not notified yet"
    runner.run(Bundle([*(notice for _, *notices in brought for notice in notices), *stream.pass_to(68 * HOUR_US)]))
    runner.rest()
    assert not _decided(runner), "both were due while the feed was silent"


def test_a_flood_that_is_known_late_holds_what_falls_due_long_after_it() -> None:
    rules = {
        "account": ACCOUNT,
        "policy": {"breaker": {"a": {"max": 2, "per": "1h", "mode": "hold"}}},
        "rules": [{"id": "cart", "when": "a", "wait": "3h"}, {"id": "other", "when": "b", "wait": "1h"}],
    }
    crowd = [{**_raw(f"x{at}", "a", 64 * HOUR_US + at), "contact_id": "another"} for at in range(3)]
    arms = _raw("a", "a", 64 * HOUR_US + 30 * MINUTE_US)  # in the flood, due at 67:30
    between = [_raw(f"b{at}", "b", int((65 * 60 + at / 50) * MINUTE_US)) for at in range(300)]
    stream, now = Stream(World(rules, [*crowd, arms, *between], 70 * HOUR_US, DAY_US), 1), Clock()
    runner = FaultInjectingRunner(stream.rules, TimerSettings(0, 1_000), now)
    to_the_contact, *notices = stream.elements(arms)
    late = stream.elements(
        _raw("late", "b", 64 * HOUR_US + 45 * MINUTE_US)
    )  # its correction leaves marks, where the next may end
    for elements in ([to_the_contact, *(one for raw in between for one in stream.elements(raw))], late):
        now.at_us = runner.watermark_us = 69 * HOUR_US
        runner.run(Bundle(elements))
        runner.rest()
    assert sorted(row["rule_id"] for row in _decided(runner)) == ["cart", "other"]
    found = [one for raw in crowd for one in stream.elements(raw) if one[0] == to_the_contact[0]]
    assert found, "it is notified with the third"
    runner.run(Bundle([*notices, *found]))
    runner.rest()
    assert [row["rule_id"] for row in _decided(runner)] == ["other"]


def _raw(event_id: str, event_type: str, time_us: int) -> dict[str, Any]:
    return {"event_id": event_id, "type": event_type, "time": format_instant(time_us), "properties": {}}


def _decided(runner: FaultInjectingRunner) -> list[dict[str, Any]]:
    return [row for rows in emitted_by_key(runner.emitted).values() for row in rows]


def test_the_step_that_joins_items_keeps_feeds_beside_them() -> None:
    rules = StaticRules(always(load_document(RULES)), HOUR_US)
    step, kept, timers = JoinDoFn(rules, lambda: FAR_US), Shard(), list[tuple[str, int]]()
    cells = _Value(kept), _Bag(kept), _Timers(timers)
    key = feed_key(ACCOUNT, Rhythm("order", 6 * HOUR_US), 0)
    step.start_bundle()
    assert not list(step.process((key, encode_record(ShownInterest(HeldInterest("c", 0, 9 * HOUR_US)))), *cells))
    assert not list(step.process((key, encode_record(FeedEvent(0))), *cells))
    assert timers == [("1", DAY_US), ("silence", 6 * HOUR_US)]
    ((to, news),) = step.at_timer(key, Timestamp(micros=6 * HOUR_US), *cells)
    assert (to, buffered_event_of(news).type) == (key_of(ACCOUNT, "c"), "**order")
    assert not list(step.at_timer(key, Timestamp(micros=DAY_US), *cells))
    assert kept.interests == [], "a day later nobody waits"
    step.finish_bundle()


class _Value(NamedTuple):
    store: Shard

    def read(self) -> bytes | None:
        return self.store.item

    def write(self, data: bytes) -> None:
        self.store.item = data


class _Bag(NamedTuple):
    store: Shard

    def read(self) -> Iterable[bytes]:
        return list(self.store.interests)

    def clear(self) -> None:
        self.store.interests.clear()

    def add(self, element: bytes) -> None:
        self.store.interests.append(element)


class _Timers(NamedTuple):
    were_set: list[tuple[str, int]]

    def set(self, at: Timestamp, dynamic_timer_tag: str) -> None:
        self.were_set.append((dynamic_timer_tag, at.micros))
