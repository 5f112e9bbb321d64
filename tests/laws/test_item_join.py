"""The join of item events and interest: step by step, in whatever order things come, as in memory with all of them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kittiwake.event_types import own_type
from kittiwake.kernel.items import index
from kittiwake.kernel.items.facts import FactReader
from kittiwake.kernel.items.index import (
    HeldInterest,
    ItemState,
    Outcome,
    compacted,
    decode,
    encode,
    expired,
    with_item_event,
)
from kittiwake.kernel.items.interests import InterestReader, Interval, merged
from kittiwake.kernel.items.join import joined
from kittiwake.kernel.late.deduplication import in_order
from kittiwake.kernel.plan.catalog_plan import CatalogPlan, catalog_of
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.model import KNOWN, Event
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US
from tests.kernel.item_shards import Shard, counted
from tests.kernel.programs import program

HORIZON_US = HOUR_US
FEW = 500
T = 1_770_000_000_000_000

RULES = """
- id: drop
  when: {item: {price: {drops_by: 10%}}}
  interest: {events: [viewed, carted], item: product_id, within: 2h}
  include: {name: item.name, stock: item.stock.here}
- id: alert
  when: {item: {quantity: {rises_above: 0}}}
  interest: {events: {event: asked, where: {kind: stock}}, item: product.id, within: 30m}
"""


def _plan() -> tuple[Versions, CatalogPlan]:
    versions = as_versions(program(RULES))
    plan = catalog_of(versions)
    assert plan is not None
    return versions, plan


VERSIONS, PLAN = _plan()


def shard() -> Shard:
    """A shard that knows nothing."""
    return Shard("p", VERSIONS, PLAN, HORIZON_US)


def item_event(minute: int, event_id: str, properties: dict[str, Any], event_type: str = "price.changed") -> Event:
    return Event(T + minute * MINUTE_US, event_id, event_type, properties, "acme", None, "p")


def interest(minute: int, event_id: str, contact_id: str = "c", product: Any = "p") -> Event:
    return Event(T + minute * MINUTE_US, event_id, "viewed", {"product_id": product}, "acme", contact_id)


PRICES = st.sampled_from([1, -2, 0, Decimal("9.99"), "12", None, True, 10**20, [1, {"a": None}]])
MINUTES = st.integers(0, 150)
IDS = st.sampled_from(["e1", "e2", "e3", "e4", "e5", "é"])
PROPERTIES = st.fixed_dictionaries(
    {}, optional={"price": PRICES, "quantity": PRICES, "name": PRICES, "stock": st.just({"here": 3}), "other": PRICES}
)
ITEM_EVENTS = st.builds(item_event, MINUTES, IDS, PROPERTIES, st.sampled_from(["price.changed", "stock.changed"]))
INTERESTS = st.builds(interest, MINUTES, IDS, st.sampled_from(["c", "d"]), st.sampled_from(["p", "q", 7]))
ARRIVALS = st.lists(st.one_of(ITEM_EVENTS, INTERESTS), max_size=14).flatmap(
    lambda events: st.permutations([*events, *events[: len(events) // 2]])
)


def _joined(events: Iterable[Event], contact_id: str) -> list[tuple[int, str, str, str]]:
    events = list(events)
    own = [event for event in events if event.contact_id == contact_id]
    return counted(joined(VERSIONS, PLAN, [event for event in events if event.item_id], own, contact_id))


@settings(max_examples=250)
@given(ARRIVALS)
@example([item_event(5, "e", {"price": 2}), item_event(1, "e", {"price": 1}), interest(0, "i")])
def test_whatever_the_order_contacts_are_given_what_a_join_in_memory_gives_them(arrivals: list[Event]) -> None:
    host = shard()
    for event in arrivals:
        host.take(event)
    for contact_id in ("c", "d"):
        assert counted(host.given.get(contact_id, [])) == _joined(arrivals, contact_id)


def test_the_generated_arrivals_have_events_that_are_taken_back() -> None:
    """That the law above can fail: a copy that is known first is given, and taken back by the one that counts."""
    host = shard()
    for event in (interest(0, "i"), item_event(5, "e", {"price": 2}), item_event(1, "e", {"price": 1})):
        host.take(event)
    assert [(one.time_us - T, one.properties["now"]) for one in host.given["c"]] == [
        (5 * MINUTE_US, {"price": 2}),
        (1 * MINUTE_US, {"price": 1}),
        (5 * MINUTE_US, {}),
    ]


def test_an_event_between_two_others_is_seen_by_the_one_behind_it() -> None:
    host = shard()
    for event in (interest(0, "i"), item_event(1, "a", {"price": 9}), item_event(9, "b", {"price": 5})):
        host.take(event)
    host.take(item_event(5, "m", {"price": 7}))
    last = next(one for one in in_order(host.given["c"]) if one.event_id == "b")
    assert last.properties["before"] == {"price": [T + 5 * MINUTE_US, "m", "price.changed", 7]}
    assert last.properties[KNOWN] == 3


def test_of_copies_of_one_time_the_smallest_rest_counts_whichever_came_first() -> None:
    small, great = item_event(1, "e", {"a": 1, "price": 9}), item_event(1, "e", {"a": 2, "price": 5})
    for arrivals in ((small, great), (great, small)):
        host = shard()
        for event in (interest(0, "i"), *arrivals):
            host.take(event)
        assert [one.properties["now"] for one in in_order(host.given["c"])] == [{"price": 9}]


def test_an_item_event_that_says_nothing_of_what_rules_read_changes_nothing() -> None:
    host = shard()
    for event in (interest(0, "i"), item_event(1, "a", {"colour": "red"}), item_event(2, "b", {"price": None})):
        assert host.take(event) in (None, Outcome.TAKEN)
    assert host.given == {}


def test_interest_is_shown_in_items_whose_ids_are_numbers_and_only_where_it_is_asked_for() -> None:
    read = InterestReader(VERSIONS, PLAN)
    assert [one.item_id for one in read.interests(interest(0, "i", product=Decimal("7.5")))] == ["7.5"]
    assert [one.item_id for one in read.interests(interest(0, "i", product=7))] == ["7"]
    assert list(read.interests(interest(0, "i", product=True))) == []
    asked = Event(T, "a", "asked", {"kind": "stock", "product": {"id": "p"}})
    (found,) = read.interests(asked)
    assert found == ("p", T, T + 30 * MINUTE_US + 3 * DAY_US + 15 * DAY_US)
    assert list(read.interests(Event(T, "a", "asked", {"kind": "other", "product": {"id": "p"}}))) == []


PREPARED = """
account: acme
cast: [{event: [product.ordered, price.changed], number: [sku, price]}]
derive: [{event: product.ordered, from: {event: ordered, where: {contact: {tier: gold}}}, each: lines, keep: [shop]}]
rules:
- id: drop
  when: {item: {price: {drops_by: 1}}}
  interest: {events: {event: product.ordered, where: {shop: a}}, item: sku, within: 1h}
"""


def test_interest_is_read_of_what_is_derived_and_cast_and_values_of_items_as_they_are_cast() -> None:
    versions = as_versions(compile_account(load_files({"rules.yaml": PREPARED.encode()}), "acme"))
    plan = catalog_of(versions)
    assert plan is not None
    read = InterestReader(versions, plan)
    lines = [{"sku": "8.0"}, {"sku": 8}, {"sku": "x"}, {"sku": True}, "y"]
    found = read.interests(Event(T, "o", "ordered", {"shop": "a", "lines": lines}))
    assert [one.item_id for one in found] == ["8", "x"]
    assert list(read.interests(Event(T, "o", "ordered", {"shop": "b", "lines": lines}))) == []
    assert read.may_show(T, "ordered")
    assert not read.may_show(T, "viewed")
    fact = FactReader(versions, plan).fact(item_event(0, "e", {"price": "9.50"}))
    assert fact.now == (("price", "9.5"),)


def test_interest_and_values_are_read_by_the_version_in_force_at_their_time() -> None:
    """The first version neither casts nor derives; the second does from an hour on."""
    kept = "".join(line for line in PREPARED.splitlines(True) if not line.startswith(("cast", "derive")))
    plain, prepared = (load_files({"rules.yaml": text.encode()}) for text in (kept, PREPARED))
    since_us = T + HOUR_US
    versions = compile_versions([(None, plain), (since_us, prepared)], "acme")
    plan = catalog_of(versions)
    assert plan is not None
    interests, facts = InterestReader(versions, plan), FactReader(versions, plan)
    for time_us, items, price in ((since_us - 1, [], '"9.50"'), (since_us, ["8"], "9.5")):
        ordered = Event(time_us, "o", "ordered", {"shop": "a", "lines": [{"sku": "8.0"}]})
        assert [one.item_id for one in interests.interests(ordered)] == items
        priced = Event(time_us, "e", "price.changed", {"price": "9.50"}, "acme", None, "p")
        assert facts.fact(priced).now == (("price", price),)


# ---------------------------------------------------------------- what is forgotten


@settings(max_examples=120)
@given(ARRIVALS, st.integers(0, 100))
def test_what_is_forgotten_is_missed_by_nothing_that_comes_in_time(arrivals: list[Event], minute: int) -> None:
    """What lies before the instant comes first; the rest comes after the index has forgotten what it may."""
    upto_us = T + minute * MINUTE_US
    before = [event for event in arrivals if event.time_us < upto_us + HORIZON_US]
    after = [event for event in arrivals if event.time_us >= upto_us + HORIZON_US]
    host = shard()
    for event in before:
        host.take(event)
    host.state = encode(expired(decode(host.state), upto_us, HORIZON_US))
    host.interests = compacted(host.interests, upto_us)
    for event in after:
        assert host.take(event) is not Outcome.LATE
    for contact_id in ("c", "d"):
        assert counted(host.given.get(contact_id, [])) == _joined(arrivals, contact_id)


def test_what_comes_before_what_was_forgotten_changes_nothing() -> None:
    host = shard()
    for event in (interest(0, "i"), item_event(5, "a", {"price": 9})):
        host.take(event)
    host.state = encode(expired(decode(host.state), T + 6 * MINUTE_US, HORIZON_US))
    assert decode(host.state).facts == ()
    assert host.take(item_event(4, "b", {"price": 1})) is Outcome.LATE
    host.take(item_event(8, "c", {"price": 4}))
    assert host.given["c"][-1].properties["before"]["price"][3] == 9


def test_ids_are_remembered_for_one_horizon_more() -> None:
    state = ItemState()
    fact = FactReader(VERSIONS, PLAN).fact(item_event(0, "e", {"price": 1}))
    state = with_item_event(state, "p", fact, HORIZON_US).state
    state = expired(state, T + 30 * MINUTE_US, HORIZON_US)
    again = FactReader(VERSIONS, PLAN).fact(item_event(50, "e", {"price": 2}))
    assert with_item_event(state, "p", again, HORIZON_US).changes == []
    state = expired(state, T + 61 * MINUTE_US, HORIZON_US)
    assert state.counted == ()
    assert decode(encode(state)) == state


def test_a_state_is_bounded_and_says_what_it_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "FACTS_MAX", FEW)
    state, read = ItemState(), FactReader(VERSIONS, PLAN)
    for number in range(FEW + 10):
        fact = read.fact(Event(T + number, f"e{number}", "price.changed", {"price": number}, item_id="p"))
        state = with_item_event(state, "p", fact, HORIZON_US).state
    assert len(state.facts) == FEW
    assert state.forgotten == 10
    assert state.before["price"][3] == "9"
    assert state.last["price"][3] == str(FEW + 9)
    assert len(encode(state)) < 100 * FEW


def test_long_values_bound_a_state_too() -> None:
    state, read = ItemState(), FactReader(VERSIONS, PLAN)
    for number in range(600):
        properties = {"price": number, "name": "n" * 4_090}
        fact = read.fact(Event(T + number, f"e{number}", "price.changed", properties, item_id="p"))
        state = with_item_event(state, "p", fact, HORIZON_US).state
    assert len(encode(state)) < 2_500_000
    assert state.forgotten > 0
    assert state.forgotten + len(state.facts) == 600


def test_a_value_that_is_too_long_counts_as_missing() -> None:
    fact = FactReader(VERSIONS, PLAN).fact(item_event(0, "e", {"price": 1, "name": "n" * 5_000}))
    assert fact.now == (("price", "1"),)


def test_interests_are_kept_once_for_each_contact_and_dropped_at_their_end() -> None:
    found = [HeldInterest("c", 0, 10), HeldInterest("c", 5, 20), HeldInterest("c", 30, 40), HeldInterest("d", 0, 10)]
    assert compacted([*found, *found], 10) == [HeldInterest("c", 0, 20), HeldInterest("c", 30, 40)]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=8))
def test_merged_intervals_cover_the_same_times_and_never_touch(drawn: list[tuple[int, int]]) -> None:
    intervals = [Interval(at, at + length) for at, length in drawn]
    found = merged(intervals)
    assert {at for one in found for at in range(one.from_us, one.to_us)} == {
        at for one in intervals for at in range(one.from_us, one.to_us)
    }
    assert all(one.to_us < other.from_us for one, other in pairwise(found))


def test_types_of_item_changes_begin_with_the_mark() -> None:
    host = shard()
    for event in (interest(0, "i"), item_event(1, "a", {"price": 1})):
        host.take(event)
    assert {own_type(one.type) for one in host.given["c"]} == {"price.changed"}


def test_bytes_of_another_version_are_refused() -> None:
    for data in (b"", b"\x09\x90", b"\x01\xc1"):
        try:
            decode(data)
        except ValueError:
            continue
        raise AssertionError(data)
