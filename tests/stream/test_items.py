"""Catalogue rules in a stream decide as in replay, whatever the order of arrival, the duplicates and the shards."""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import pytest
from apache_beam.pvalue import TaggedOutput
from apache_beam.utils.timestamp import Timestamp
from msgspec.structs import replace

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.items.facts import ItemFact
from kittiwake.kernel.items.index import HeldInterest
from kittiwake.kernel.items.join import of_contact
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Decision, Event
from kittiwake.reasons import DeadLetterReason, Outcome
from kittiwake.rules.documents import load_document
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion, always
from kittiwake.scenarios.player import event_of
from kittiwake.stream.contact.sealing import UnreadableError
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.items import shard
from kittiwake.stream.items.dead_letters import ItemDeadLetters
from kittiwake.stream.items.records import ItemEvent, ItemSeed, ShownInterest, item_key, subject_of_item
from kittiwake.stream.items.routing import ItemRouters
from kittiwake.stream.items.shard import on_record
from kittiwake.stream.records import DeadLetterRecord, Stage, buffered_event_of, dead_letter_of, encode, key_of
from kittiwake.stream.records import event_of as event_of_buffered
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import DAY_US, END_OF_TIME_US, parse_instant
from kittiwake.transforms.stream.items import JoinDoFn
from kittiwake.values import canonical
from tests.oracle.oracle import decide
from tests.oracle.worlds import ACCOUNT, CONTACT, World
from tests.oracle.worlds_catalog import catalog_world, catalog_world_of_versions
from tests.oracle.worlds_versions import VersionedWorld
from tests.properties import versions
from tests.properties.comparison import difference_of, story
from tests.stream.fault_injecting_runner import Bundle, DiedError, FaultInjectingRunner
from tests.stream.generated_cases import emitted_by_key

WORLDS = int(os.environ.get("KITTIWAKE_ITEM_WORLDS", "30"))
FAR_US = END_OF_TIME_US // 2


class Shard:
    """A shard of an item in memory."""

    def __init__(self) -> None:
        self.item: bytes | None = None
        self.interests: list[bytes] = []
        self.timers: set[int] = set()
        self.passed_over: list[str] = []

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

    def pass_over(self, why: str) -> None:
        self.passed_over.append(why)


class Cell(NamedTuple):
    """As Beam's value state."""

    store: Shard

    def read(self) -> bytes | None:
        return self.store.item

    def write(self, data: bytes) -> None:
        self.store.item = data


class Bag(NamedTuple):
    """As Beam's bag state."""

    store: Shard

    def read(self) -> Iterable[bytes]:
        return list(self.store.interests)

    def clear(self) -> None:
        self.store.interests.clear()

    def add(self, element: bytes) -> None:
        self.store.interests.append(element)


class Timers:
    """As Beam's timers, which never fire."""

    def set(self, at: object, dynamic_timer_tag: str) -> None:
        pass


class Stream:
    """Intake and items of a streaming job; what reaches the contact is kept in its order of arrival."""

    def __init__(self, world: World | VersionedWorld, shards: int) -> None:
        self.view = StaticRules(_history(world), world.allowed_lateness_us).view(0)
        self.routers = ItemRouters(shards)
        self.shards: defaultdict[bytes, Shard] = defaultdict(Shard)

    @property
    def versions(self) -> Versions:
        return self.view.plan(ACCOUNT).versions

    def arrive(self, raw: dict[str, Any]) -> list[Event]:
        """The events of the contact that a message brings."""
        found = [event_of_buffered(buffered_event_of(data), IntakeSettings().shape) for _, data in self.elements(raw)]
        return [event for event in found if isinstance(event, Event)]

    def elements(self, raw: dict[str, Any]) -> list[tuple[bytes, bytes]]:
        """What a message brings to contacts, as their step is given it."""
        found = take(Message(_message(raw)), FAR_US, self.view, IntakeSettings(), self.routers)
        assert isinstance(found, Brought), found
        elements = [(key, encode(buffered)) for key, buffered in found.needed]
        for key, record in found.of_items:
            account_id, item_id, _ = subject_of_item(key)
            given = on_record(self.shards[key], (account_id, item_id), record, self.versions.horizon_us)
            elements += given.changes
        return elements

    def bundle(self, raws: Sequence[dict[str, Any]], clock_us: int, dice: random.Random) -> list[tuple[bytes, bytes]]:
        """What messages bring together. A bundle that dies has done nothing; timers fire late, again, or not yet."""
        if dice.random() < 0.3:
            kept = deepcopy(self.shards)
            for raw in raws[: dice.randint(1, len(raws))]:
                self.elements(raw)
            self.shards = kept
        for store in self.shards.values():
            for at_us in [one for one in sorted(store.timers) if one <= clock_us and dice.random() < 0.5]:
                shard.on_timer(store, at_us, clock_us, self.versions.horizon_us)
        return [element for raw in raws for element in self.elements(raw)]


def _history(world: World | VersionedWorld) -> RuleSetHistory:
    if isinstance(world, World):
        return always(load_document(world.document))
    return RuleSetHistory(tuple(RuleSetVersion(since, load_document(text)) for since, text in world.versions))


def _message(raw: dict[str, Any]) -> bytes:
    subject = {} if raw.get("item_id") else {"contact_id": CONTACT}
    return canonical({"account_id": ACCOUNT, **subject, **raw}).encode()


def _outcome(decisions: Iterable[Decision]) -> list[tuple[Any, ...]]:
    """What stands of decisions, the newest revision of each id."""
    newest: dict[str, Decision] = {}
    for one in decisions:
        if one.trigger_id not in newest or one.revision >= newest[one.trigger_id].revision:
            newest[one.trigger_id] = one
    left = [one for one in newest.values() if one.decision is not Outcome.REVOKED]
    return sorted(
        (one.trigger_id, one.rule_id, one.time_us, str(one.decision), str(one.reason), one.instance, one.include)
        for one in left
    )


def _in_batch(stream: Stream, world: World) -> list[tuple[Any, ...]]:
    events = [event_of(ACCOUNT, CONTACT, each) for each in world.events]
    whole = of_contact(stream.versions, events, CONTACT)
    return _outcome(decide_history(stream.versions, CONTACT, whole, world.until_us).decisions)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_any_order_of_arrival_and_any_number_of_shards_decide_as_one_history(seed: int) -> None:
    world = catalog_world(seed)
    stream, given = _arrived(world, seed)
    assert _outcome(decide_history(stream.versions, CONTACT, given, world.until_us).decisions) == _in_batch(
        stream, world
    )


@pytest.mark.parametrize("seed", range(0, WORLDS, 3))
def test_any_order_of_arrival_decides_as_the_oracle_under_rules_that_change(seed: int) -> None:
    world = catalog_world_of_versions(seed)
    _, given = _arrived(world, seed)
    found = versions.difference(world, lambda rules, _, until_us: versions.at_once(rules, given, until_us), stream=True)
    assert not found, f"{found}\n{versions.story(world)}"


def _arrived(world: World | VersionedWorld, seed: int) -> tuple[Stream, list[Event]]:
    """A stream after all events, some of which came twice, and what has reached the contact; both in any order."""
    dice = random.Random(seed)
    stream = Stream(world, dice.choice((1, 3, 8, 256)))
    arriving = [*world.events, *dice.sample(world.events, len(world.events) // 4)]
    dice.shuffle(arriving)
    given = [event for raw in arriving for event in stream.arrive(raw)]
    dice.shuffle(given)
    return stream, given


CATALOG_RULE = {
    "id": "drop",
    "when": {"item": {"price": {"drops_by": 1}}},
    "interest": {"events": "viewed", "item": "product", "within": "9d"},
}


def _item_raw(event_id: str, day: int, **properties: Any) -> dict[str, Any]:
    time = f"2026-03-{day:02}T08:00:00Z"
    return {"event_id": event_id, "item_id": "p", "type": "price.changed", "time": time, "properties": properties}


@pytest.mark.parametrize("sent_again", [False, True])
def test_a_stream_knows_values_of_items_from_when_rules_ask_for_them(sent_again: bool) -> None:
    """What was known before is sent once more after publishing: then the first change has something before it."""
    documents: list[dict[str, Any]] = [{"account": ACCOUNT, "rules": rules} for rules in ([], [CATALOG_RULE])]
    before, after = (StaticRules(always(load_document(one)), DAY_US).view(0) for one in documents)
    stream = Stream(catalog_world(0), 8)
    stream.view = before
    assert stream.arrive(_item_raw("e1", 1, price=9)) == []
    stream.view = after
    viewed = {"event_id": "v", "type": "viewed", "time": "2026-03-02T08:00:00Z", "properties": {"product": "p"}}
    assert [one.type for one in stream.arrive(viewed)] == ["viewed"]
    if sent_again:
        assert [one.properties["before"] for one in stream.arrive(_item_raw("e2", 3, price=9))] == [{}]
    (change,) = stream.arrive(_item_raw("e3", 4, price=5))
    assert (change.properties["now"], len(change.properties["before"])) == ({"price": 5}, int(sent_again))


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at_us = 0

    def __call__(self) -> int:
        return self.at_us


@pytest.mark.parametrize("seed", range(WORLDS))
def test_late_events_deaths_and_adversarial_timers_decide_as_the_oracle(seed: int) -> None:
    found = difference_by_faults(seed)
    assert not found, found


def difference_by_faults(seed: int) -> str:
    """What the fault-injecting runner decides otherwise than the oracle, in the world of a seed.

    Each event comes up to the allowed lateness after its time, or before the watermark is near it; some come twice.
    What a step gives to the next comes in any order, some of it again and much later; bundles die and are done again.
    It ends after the last event: a contact for whom much is buffered ahead may be decided with that (`PACE_FROM`).
    """
    world, dice = catalog_world(seed), random.Random(seed)
    lag_us = dice.choice((0, 1, 2)) * world.allowed_lateness_us
    stream, clock, resolution_us = Stream(world, dice.choice((1, 4))), Clock(), 1_000
    waits = TimerSettings(0, resolution_us)
    history = always(load_document(world.document))
    runner = FaultInjectingRunner(StaticRules(history, world.allowed_lateness_us), waits, clock)
    until_us = max(world.until_us, *map(time_us, world.events)) // resolution_us * resolution_us + DAY_US
    arriving = [(comes_us(raw, world, lag_us, dice), raw) for raw in [*world.events, *dice.sample(world.events, 3)]]
    arriving.sort(key=lambda each: each[0])
    under_way = UnderWay(dice, world.allowed_lateness_us)
    while arriving:
        taken = arriving[: dice.randint(1, 6)]
        arriving = arriving[len(taken) :]
        next_us = max(clock.at_us, min(taken[0][0], until_us) // resolution_us * resolution_us)
        runner.run(Bundle(under_way.due(next_us)))
        clock.at_us = runner.watermark_us = next_us
        under_way.add(stream.bundle([raw for _, raw in dice.sample(taken, len(taken))], clock.at_us, dice))
        bundle = Bundle(under_way.some(), [one for one in runner.tasks() if dice.random() < 0.5])
        if dice.random() < 0.3 and (steps := runner.steps_of(bundle)):
            with pytest.raises(DiedError):
                runner.run(bundle, dice.randrange(steps))
        runner.run(bundle)
    runner.run(Bundle(under_way.due(FAR_US)))
    clock.at_us = runner.watermark_us = until_us
    runner.rest()
    assert not runner.late
    found = difference_from_oracle(world, until_us, runner)
    return found and f"seed {seed}\n{found}\n{story(world)}"


class UnderWay:
    """What one step has given to the next, and what the next has not taken yet."""

    def __init__(self, dice: random.Random, lateness_us: int) -> None:
        self._dice, self._lateness_us = dice, lateness_us
        self._elements: list[tuple[bytes, bytes]] = []

    def add(self, elements: Iterable[tuple[bytes, bytes]]) -> None:
        """It is given."""
        self._elements += elements

    def some(self) -> list[tuple[bytes, bytes]]:
        """What is taken by chance, in any order; some of it comes once more."""
        self._dice.shuffle(self._elements)
        number = self._dice.choice((len(self._elements), self._dice.randint(0, len(self._elements))))
        taken, self._elements = self._elements[:number], self._elements[number:]
        self._elements += [one for one in taken if self._dice.random() < 0.1]
        return taken

    def due(self, watermark_us: int) -> list[tuple[bytes, bytes]]:
        """What has to be taken before the watermark is there: it would be too late."""
        since_us = watermark_us - self._lateness_us
        found = [one for one in self._elements if buffered_event_of(one[1]).time_us < since_us]
        self._elements = [one for one in self._elements if one not in found]
        return self._dice.sample(found, len(found))


def difference_from_oracle(world: World, until_us: int, runner: FaultInjectingRunner) -> str:
    """What stands otherwise of what a runner emitted than the oracle decides up to an instant."""
    rows = [row for of_key in emitted_by_key(runner.emitted).values() for row in of_key]
    wanted = decide(
        world.document,
        world.events,
        until_us,
        account=ACCOUNT,
        contact=CONTACT,
        allowed_lateness_us=world.allowed_lateness_us,
    )
    return difference_of([row for row in wanted if row["decision"] != "deferred"], rows)


def time_us(raw: dict[str, Any]) -> int:
    """When an event has happened."""
    return event_of(ACCOUNT, CONTACT, raw).time_us


def comes_us(raw: dict[str, Any], world: World, lag_us: int, dice: random.Random) -> int:
    """Where the watermark is when an event comes, by so much at most before it is there; the event is not too late."""
    return time_us(raw) + dice.randrange(-lag_us, world.allowed_lateness_us)


def test_interest_beyond_the_limit_makes_room_by_what_ends_first_and_says_whose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shard, "INTERESTS_MAX", 2)
    store, end_us = Shard(), 40 * DAY_US
    for number in range(5):
        record = ShownInterest(HeldInterest(f"c{number}", 0, end_us + number))
        assert not list(on_record(store, ("a", "i"), encode(record), 0).changes)
    gone = shard.on_timer(store, DAY_US, 2 * DAY_US, 0)
    letters = [json.loads(one.raw) for one in ItemDeadLetters("a", "i", 5, "v").forgotten(*gone)]
    assert [one["contact_id"] for one in letters] == ["c0", "c1", "c2"]
    assert letters[0] == {
        "account_id": "a",
        "item_id": "i",
        "contact_id": "c0",
        "interested_from": "1970-01-01T00:00:00Z",
        "interested_until": "1970-02-10T00:00:00Z",
    }
    event = ItemEvent(ItemFact(DAY_US, "e", "t", "", (("price", "1"),)))
    keys = [key for key, _ in on_record(store, ("a", "i"), encode(event), 0).changes]
    assert keys == [key_of("a", "c3"), key_of("a", "c4")]


TIME = "2026-03-02T08:00:00Z"
FACT = ItemFact(parse_instant(TIME), "e", "t", "", (("price", "1.5"), ("size.of", '"L"')))
RAW = {"event_id": "e", "account_id": "a", "item_id": "i", "type": "t", "time": TIME}
SENT = {**RAW, "properties": {"price": 1.5, "size": {"of": "L"}}}


def test_what_comes_to_an_item_that_cannot_be_read_leaves_a_row_and_an_event_can_be_sent_again() -> None:
    store, letters = Shard(), ItemDeadLetters("a", "i", 5, "v")
    record = encode(ItemEvent(FACT))
    assert not list(on_record(store, ("a", "i"), record, 0).changes)
    assert store.item is not None
    store.item = store.item[:-1]
    with pytest.raises(UnreadableError) as found:
        on_record(store, ("a", "i"), record, 0)
    (dead,) = letters.unread(record, str(found.value))
    assert (dead.reason, json.loads(dead.raw)) == (DeadLetterReason.STATE_UNREADABLE, SENT)
    interests = HeldInterest("c", 0, 1), HeldInterest("d", 0, 1)
    rows = [*letters.unread(encode(ShownInterest(interests[0])), "why")]
    rows += letters.unread(encode(ItemSeed(None, interests)), "why")
    assert [json.loads(one.raw)["contact_id"] for one in rows] == ["c", "c", "d"]


def test_an_event_of_an_item_later_than_is_allowed_leaves_a_row_and_its_duplicate_none() -> None:
    horizon_us, step = (
        DAY_US,
        JoinDoFn(StaticRules(always(load_document({"account": "a", "rules": []})), DAY_US), lambda: FAR_US),
    )
    store = Shard()

    def outcome_of(fact: ItemFact) -> list[DeadLetterRecord]:
        step.start_bundle()
        cells = Cell(store), Bag(store), Timers()
        found = step.process((item_key("a", "i", 0), encode(ItemEvent(fact))), *cells)
        return [dead_letter_of(one.value) for one in found if isinstance(one, TaggedOutput)]

    taken = replace(FACT, event_id="e1")
    assert not outcome_of(taken)
    shard.on_timer(store, FACT.time_us + 1 + horizon_us, FAR_US, horizon_us)
    (dead,) = outcome_of(FACT)
    assert (dead.stage, dead.reason) == (Stage.ITEMS, DeadLetterReason.ITEM_TOO_LATE)
    assert json.loads(dead.raw) == SENT
    assert not outcome_of(taken)


def test_a_day_that_is_over_is_said_to_have_failed_only_if_something_was_damaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr("kittiwake.transforms.stream.items.log", lambda _, **fields: logged.append(fields))
    rules = StaticRules(always(load_document({"account": "a", "rules": []})), DAY_US)
    step, store = JoinDoFn(rules, lambda: FAR_US), Shard()
    assert not list(on_record(store, ("a", "i"), encode(ShownInterest(HeldInterest("c", 0, FAR_US))), 0).changes)

    def day_is_over() -> None:
        step.start_bundle()
        step.at_timer(item_key("a", "i", 0), Timestamp(micros=DAY_US), Cell(store), Bag(store), Timers())
        step.finish_bundle()

    day_is_over()
    assert logged == []
    store.interests[0] = store.interests[0][:-1]
    day_is_over()
    assert logged == [{"failure": shard.DAMAGED_INTEREST, "number": 1}]


def test_one_damaged_interest_is_passed_over_and_said() -> None:
    store = Shard()
    for name in ("c1", "c2", "c3"):
        assert not list(on_record(store, ("a", "i"), encode(ShownInterest(HeldInterest(name, 0, DAY_US))), 0).changes)
    store.interests[1] = store.interests[1][:-1]
    event = ItemEvent(ItemFact(1, "e", "t", "", (("price", "1"),)))
    keys = [key for key, _ in on_record(store, ("a", "i"), encode(event), 0).changes]
    assert keys == [key_of("a", "c1"), key_of("a", "c3")]
    assert store.passed_over == ["the interest of a contact is damaged"]
    (dead,) = ItemDeadLetters("a", "i", 5, "v").forgotten(*shard.on_timer(store, 0, 0, 0))
    assert dead.reason is DeadLetterReason.STATE_UNREADABLE
    assert not list(ItemDeadLetters("a", "i", 5, "v").forgotten(*shard.on_timer(store, 0, 0, 0)))
