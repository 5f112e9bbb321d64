"""What holds of every profile: order and parts do not matter, and it says what plain Python counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiwake.model import Event
from kittiwake.profile.measure import contacts, ids, profile
from kittiwake.time.instants import DAY_US, HOUR_US
from kittiwake.values import canonical
from tests.profile.tables import START_US, event, profile_of, said_of

TEXTS = ["a", "b", "", "ann@example.org", "12", "2026-10-31", "2026-10-31T10:00:00+02:00", "2026-10-31 10:00", "long"]
SCALARS: list[Any] = [None, True, False, 0, 1, -2, Decimal("0.5"), 10**30, 1_500_000_000, *TEXTS]
KINDS = [*["order.completed"] * 6, "cart.added", "contact.updated", "t.1", "t.2"]


def value(chance: Random, depth: int = 0) -> Any:
    """Anything that a property may be."""
    drawn = chance.random()
    if depth < 3 and drawn < 0.15:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if depth < 3 and drawn < 0.35:
        return {key: value(chance, depth + 1) for key in chance.sample("abcdef", chance.randrange(4))}
    return chance.choice(SCALARS)


def drawn_events(chance: Random) -> list[Event]:
    """Some events, among them duplicates, equal ones, and ids that are shared."""
    keys = [*"aaaabbcdefg", "x.y", "received_at"]
    found = [
        Event(
            START_US + chance.choice([HOUR_US // 2 * chance.randint(-50, 5), DAY_US * chance.randint(-40, 1)]),
            f"e{chance.randrange(12)}",
            chance.choice(KINDS),
            {key: value(chance) for key in chance.choices(keys, k=chance.randrange(5))},
            chance.choice(["acme", "acme", "zeta", "mill"]),
            chance.choice(["ann", "bob", "cid", "dan", "eve"]),
        )
        for _ in range(chance.choice([0, 1, 3, 40, 120]))
    ]
    return [*found, *chance.choices(found, k=len(found) // 4)] if found else found


def parts_of(events: Sequence[Event], chance: Random) -> list[Sequence[Event]]:
    """Events in parts."""
    bounds = [0, *sorted(chance.randint(0, len(events)) for _ in range(chance.randrange(12))), len(events)]
    return [events[begin:end] for begin, end in pairwise(bounds)]


CHANCE = st.integers(0, 10**9).map(Random)
FEW = settings(max_examples=40)


@pytest.mark.usefixtures("bounds")
def test_the_same_events_in_another_order_and_other_blocks_give_the_same_plan() -> None:
    @FEW
    @given(CHANCE)
    def law(chance: Random) -> None:
        events = drawn_events(chance)
        mixed = chance.sample(events, len(events))
        assert said_of(profile_of(*parts_of(mixed, chance))) == said_of(profile_of(*parts_of(events, chance)))

    law()


@pytest.mark.usefixtures("bounds")
def test_profiles_of_parts_put_together_are_the_profile_of_all() -> None:
    @FEW
    @given(CHANCE)
    def law(chance: Random) -> None:
        events = drawn_events(chance)
        first, *others = [profile_of(*parts_of(part, chance)) for part in parts_of(events, chance)]
        for other in others:
            first.merge(other)
        first.close()
        assert said_of(first) == said_of(profile_of(events))

    law()


def occurrences(events: Sequence[Event], event_type: str, path: tuple[str, ...]) -> list[Any]:
    """The values at a path, null too, by walking each event."""
    found: list[Any] = [one.properties for one in events if one.type == event_type]
    for key in path:
        found = [value[key] for value in found if isinstance(value, dict) and key in value]
    return found


@FEW
@given(CHANCE)
def test_what_is_counted_of_a_property_is_what_plain_python_counts(chance: Random) -> None:
    events = drawn_events(chance)
    found_all = profile_of(events)
    assert {name: of_type.count for name, of_type in found_all.types.items()} == Counter(one.type for one in events)
    for name, of_type in found_all.types.items():
        stack = [((key,), stats) for key, stats in of_type.properties.children.items()]
        while stack:
            path, stats = stack.pop()
            stack += [((*path, key), child) for key, child in stats.children.items()]
            found = occurrences(events, name, path)
            plain = [one for one in found if not isinstance(one, (dict, list)) and one is not None]
            numbers = [one for one in plain if not isinstance(one, (bool, str))]
            assert stats.nulls == found.count(None)
            assert stats.present == len(found) - stats.nulls
            assert stats.distinct == len({canonical(one) for one in plain})
            counted = Counter(canonical(one) for one in plain if not isinstance(one, bool))
            kept = stats.counted.numbers or {}
            assert {canonical(one): number for one, number in kept.items()} == counted
            if numbers:
                assert stats.numbers is not None
                assert (stats.numbers.min, stats.numbers.max) == (min(numbers), max(numbers))


@FEW
@given(CHANCE)
def test_what_followed_is_what_a_walk_over_all_pairs_of_events_finds(chance: Random) -> None:
    events = drawn_events(chance)
    found_all = profile_of(events)
    followed = found_all.watched.followed(set(found_all.types))
    for name, found in followed.items():
        first = {(one.account_id, one.contact_id): one.time_us for one in events if one.type == name}
        first = {
            who: min(one.time_us for one in events if one.type == name and (one.account_id, one.contact_id) == who)
            for who in first
        }
        assert found.contacts == len(first)
        pairs = {
            (one.type, who)
            for who, at_us in first.items()
            for one in events
            if (one.account_id, one.contact_id) == who and one.type != name and one.time_us >= at_us
        }
        assert found.by == Counter(kind for kind, _ in pairs)


def test_many_different_things_are_estimated_within_some_percent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "IDS_MAX", 2_000)
    monkeypatch.setattr(contacts, "CONTACTS_MAX", 2_000)
    monkeypatch.setattr(profile, "IDS_SPARE", 500)
    monkeypatch.setattr(profile, "CONTACTS_SPARE", 500)
    events = [event(str(n), contact=f"c{n % 6_000}", sku=f"p{n}", price=n % 4_000) for n in range(12_000)]
    found = profile_of(events[:4_000], events[4_000:])
    children = found.types["order.completed"].properties.children
    assert children["sku"].distinct == pytest.approx(12_000, rel=0.1)
    assert children["price"].distinct == pytest.approx(4_000, rel=0.1)
    assert found.watched.sample.number == pytest.approx(6_000, rel=0.1)
    assert found.ids.by_id.number == pytest.approx(12_000, rel=0.1)
    assert len(found.ids.by_id.entries) == 2_000


def test_of_parts_with_the_same_paths_it_is_remembered_that_one_had_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "PATHS_OF_TYPE_MAX", 2)
    all_keys = profile_of([event(**dict.fromkeys("abcd", 1))])
    kept = all_keys.types["order.completed"].properties.children
    first = profile_of([event(**dict.fromkeys(kept, 1))])
    assert (len(kept), "'complete': False" in said_of(first)) == (2, False)
    first.merge(all_keys)
    assert "'complete': False" in said_of(first)


def test_that_all_of_many_values_differ_is_said_only_where_none_of_those_watched_came_twice() -> None:
    once = [event(str(n), sku=f"p{n}") for n in range(3_000)]
    again = [event(f"x{n}", sku=f"p{n}") for n in range(0, 3_000, 20)]
    assert profile_of(once).types["order.completed"].properties.children["sku"].distinct == 3_000
    both = profile_of(once, again).types["order.completed"].properties.children["sku"]
    assert (both.distinct < 3_150, both.distinct) == (True, pytest.approx(3_000, rel=0.1))
