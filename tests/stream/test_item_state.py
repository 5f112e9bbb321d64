"""What the streaming step keeps of items and of the interest in them: bounded, forgotten in time, and counted."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest
from apache_beam.utils.timestamp import Timestamp

from kittiwake.batch.counts import Counts
from kittiwake.batch.intake import Intake
from kittiwake.batch.items.gathering import ItemGathering
from kittiwake.batch.items.join import joined
from kittiwake.batch.items.rows import InterestRows, rows_of_items
from kittiwake.batch.settings import RunSettings
from kittiwake.input.events import parse_event
from kittiwake.kernel.items import index
from kittiwake.kernel.items.facts import ItemFact
from kittiwake.kernel.items.index import HeldInterest, ItemState, decode, with_item_event
from kittiwake.model import Event
from kittiwake.output.item_snapshots import ItemSnapshot, item_snapshot_of
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.documents import load_document
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import always
from kittiwake.stream.contact.sealing import unsealed
from kittiwake.stream.items import shard
from kittiwake.stream.items.records import ItemEvent, ShownInterest, encode, item_key, subject_of_item
from kittiwake.stream.items.routing import ItemRouters, seeds_of
from kittiwake.stream.items.shard import on_record, on_timer
from kittiwake.stream.records import buffered_event_of, key_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant
from kittiwake.transforms.stream.items import JoinDoFn
from kittiwake.values import parse_json
from tests.batch.items import BEGIN_US, RULES, lines
from tests.input.test_shape_table import block_of
from tests.oracle.worlds_catalog import catalog_world
from tests.stream.test_items import FAR_US, Bag, Cell, Shard, Stream

CUT_US = BEGIN_US + 12 * HOUR_US
END_US = BEGIN_US + 60 * HOUR_US
ITEM = ("a", "i")
KEY = item_key("a", "i", 0)


def fact(event_id: str, time_us: int, price: int) -> ItemFact:
    return ItemFact(time_us, event_id, "t", "", (("price", str(price)),))


def taken(store: Shard, record: ItemEvent | ShownInterest, horizon_us: int = HOUR_US) -> list[tuple[bytes, bytes]]:
    return list(on_record(store, ITEM, encode(record), horizon_us).changes)


def state_of(store: Shard) -> ItemState:
    assert store.item is not None
    return decode(bytes(unsealed(store.item)))


@pytest.mark.parametrize("seed", range(4))
def test_when_all_timers_have_fired_nothing_is_kept_but_the_last_values(seed: int) -> None:
    world, dice = catalog_world(seed), random.Random(seed)
    stream = Stream(world, dice.choice((1, 4)))
    for raw in dice.sample(world.events, len(world.events)):
        stream.elements(raw)
    known = [store.item for store in stream.shards.values() if store.item is not None]
    assert known, "items were drawn"
    for store in stream.shards.values():
        for at_us in sorted(store.timers):
            on_timer(store, at_us, FAR_US, stream.versions.horizon_us)
        assert store.interests == []
        if store.item is not None:
            state = state_of(store)
            assert (state.facts, state.size, state.last) == ((), 0, state.before)


def test_what_is_sown_is_forgotten_too() -> None:
    known = with_item_event(ItemState(), "i", fact("e", 1, 5), 0).state
    for state, interests in ((None, (HeldInterest("c", 0, 5),)), (known, ())):
        ((_, record),) = seeds_of(ItemSnapshot(*ITEM, 5, state, interests), 1)
        store = Shard()
        assert list(on_record(store, ITEM, record, 0).changes) == []
        for at_us in store.timers:
            on_timer(store, at_us, FAR_US, 0)
        assert store.interests == []
        assert store.item is None or not state_of(store).facts


def test_a_timer_that_is_ahead_of_the_clock_forgets_nothing() -> None:
    """A drain pushes the watermark to the end of time; a snapshot may still be taken of what is kept."""
    store = Shard()
    taken(store, ItemEvent(fact("e", 1, 5)))
    taken(store, ShownInterest(HeldInterest("c", 0, 9)))
    kept = store.item, list(store.interests)
    (at_us,) = store.timers
    assert on_timer(store, at_us, at_us - 1, HOUR_US) == ([], 0)
    assert (store.item, store.interests) == kept
    on_timer(store, at_us, at_us, HOUR_US)
    assert store.interests == []


def test_ids_that_are_remembered_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    few = 200
    monkeypatch.setattr(index, "FACTS_MAX", few)
    state = ItemState()
    for number in range(4 * few):
        state = with_item_event(state, "i", fact(f"e{number}", number, number), HOUR_US).state
    assert (len(state.facts), len(state.counted)) == (few, few)
    assert state.counted[-1][1] == f"e{3 * few - 1}"
    assert state.forgotten == 3 * few


def test_every_shard_starts_with_what_a_snapshot_knows_of_the_item() -> None:
    """Also one of whose contacts none has shown interest yet."""
    state = with_item_event(ItemState(), "i", fact("e1", 1, 9), HOUR_US).state
    held = HeldInterest("c", 0, DAY_US)
    seeds = list(seeds_of(ItemSnapshot(*ITEM, 5, state, (held,)), 8))
    assert [subject_of_item(key) for key, _ in seeds] == [(*ITEM, number) for number in range(8)]
    for _, record in seeds:
        store = Shard()
        list(on_record(store, ITEM, record, HOUR_US).changes)
        taken(store, ShownInterest(HeldInterest("d", 0, DAY_US)))
        changes = dict(taken(store, ItemEvent(fact("e2", 2, 5))))
        assert b'"before":{"price":[1,' in buffered_event_of(changes[key_of("a", "d")]).data


@pytest.mark.parametrize("shards", [3, 256])
def test_a_start_from_snapshots_with_another_number_of_shards_gives_contacts_the_same(seed: int, shards: int) -> None:
    dice = random.Random(f"shards {seed}")
    programs = Programs(load_files({"acme.yaml": RULES.format(account="acme").encode()}))
    written = [line for line in lines(dice, 250, ("acme",)) if isinstance(parse_event(line, "", END_US), Event)]
    before = [line for line in written if parse_instant(parse_json(line)["time"]) < CUT_US]
    kept: list[bytes] = []
    taken_in = Intake(RunSettings(END_US), programs, Counts()).take("here", block_of(before))
    with ItemGathering(1 << 20) as items:
        items.add(rows_of_items(taken_in.items))
        items.add(InterestRows(programs).of(taken_in.table))
        assert list(joined(programs, items.in_order(), CUT_US, Counts(), kept.append))
    later = [line for line in written if line not in set(before)]
    found = _given_after(programs, kept, later, shards)
    assert found == _given_after(programs, kept, later, 1)
    assert len(found) > 20


def _given_after(programs: Programs, kept: list[bytes], later: list[bytes], shards: int) -> list[tuple[bytes, bytes]]:
    """What contacts are given by a stream that starts from rows of snapshots."""
    plan, routers, stores = programs.plan("acme"), ItemRouters(shards), defaultdict[bytes, Shard](Shard)
    coming: list[tuple[bytes, bytes]] = []
    for line in kept:
        row = item_snapshot_of(parse_json(line))
        assert isinstance(row, ItemSnapshot)
        coming += seeds_of(row, shards)
    for line in later:
        event = parse_event(line, "", END_US)
        assert isinstance(event, Event)
        coming += routers.routed("acme", plan, event, None)
    given: list[tuple[bytes, bytes]] = []
    for key, record in coming:
        given += on_record(stores[key], subject_of_item(key)[:2], record, plan.versions.horizon_us).changes
    return sorted(given)


def test_items_of_one_id_in_two_accounts_never_meet() -> None:
    keys = {
        key for account_id in ("a", "b") for key, _ in seeds_of(ItemSnapshot(account_id, "i", 5, ItemState(), ()), 3)
    }
    assert len(keys) == 6
    assert Counter(subject_of_item(key)[0] for key in keys) == {"a": 3, "b": 3}


def test_a_change_goes_on_with_the_trace_of_the_event_that_made_it() -> None:
    store = Shard()
    taken(store, ShownInterest(HeldInterest("c", 0, DAY_US)))
    ((_, data),) = taken(store, ItemEvent(fact("e", 1, 5), "00-1-2-01"))
    assert buffered_event_of(data).attributes == {"traceparent": "00-1-2-01"}


# ---------------------------------------------------------------- in Beam


class Timers:
    """As Beam's: what is set under which tag."""

    def __init__(self) -> None:
        self.set_to: list[tuple[str, int]] = []

    def set(self, at: Timestamp, dynamic_timer_tag: str) -> None:
        self.set_to.append((dynamic_timer_tag, at.micros))


def step() -> JoinDoFn:
    found = JoinDoFn(StaticRules(always(load_document({"account": "a", "rules": []})), DAY_US), lambda: FAR_US)
    found.start_bundle()
    return found


def test_each_day_in_which_something_is_forgotten_has_a_timer_of_its_own_set_once_a_bundle() -> None:
    doing, store, timers = step(), Shard(), Timers()

    def show(to_us: int) -> None:
        record = encode(ShownInterest(HeldInterest("c", 0, to_us)))
        assert list(doing.process((KEY, record), Cell(store), Bag(store), timers)) == []

    for to_us in (5, 6, 3 * DAY_US):
        show(to_us)
    assert timers.set_to == [("2", 2 * DAY_US), ("5", 5 * DAY_US)]
    doing.start_bundle()
    show(7)
    assert timers.set_to[2:] == [("2", 2 * DAY_US)]


def test_all_that_a_bundle_does_to_items_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: Counter[str] = Counter()
    monkeypatch.setattr(
        "kittiwake.transforms.stream.items.count", lambda metric, number: counted.update({metric.name: number})
    )
    monkeypatch.setattr("kittiwake.transforms.stream.items.log", lambda *_, **__: None)
    monkeypatch.setattr(index, "FACTS_MAX", 2)
    monkeypatch.setattr(shard, "INTERESTS_MAX", 1)
    doing, store, damaged = step(), Shard(), Shard()
    damaged.item = b"damaged"
    events = [ItemEvent(fact(f"e{number}", DAY_US + number, number)) for number in range(3)]
    late = ItemEvent(fact("late", 1, 1))
    shown = [ShownInterest(HeldInterest(name, 0, 90 * DAY_US)) for name in ("c", "d")]
    for record in [*shown, *events, events[2], late]:
        list(doing.process((KEY, encode(record)), Cell(store), Bag(store), Timers()))
    for _ in range(2):
        list(doing.process((KEY, encode(late)), Cell(damaged), Bag(damaged), Timers()))
    for each in (store, damaged):
        doing.at_timer(KEY, Timestamp(micros=DAY_US), Cell(each), Bag(each), Timers())
    doing.finish_bundle()
    assert counted == {
        "item_events": 5,
        "item_events_too_late": 1,
        "item_changes": 6,
        "item_events_forgotten": 1,
        "item_interests_forgotten": 1,
        "items_failed": 3,
        "feed_notices": 0,
    }
