"""Catalogue rules in a stream beside feeds and breakers, and in one that starts from the snapshots of a batch.

`KITTIWAKE_ITEM_STARTS` is how many random worlds of each kind (default 4; at night 120).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kittiwake.kernel.items.changes import in_order, item_changes, without_duplicates
from kittiwake.kernel.items.facts import ItemFact
from kittiwake.kernel.items.index import HeldInterest, state_after
from kittiwake.kernel.items.index import encode as encode_state
from kittiwake.stream.items.records import ItemEvent, ItemRecord, ItemSeed, ShownInterest, encode
from kittiwake.stream.items.shard import on_record
from kittiwake.stream.records import buffered_event_of, key_of
from kittiwake.time.instants import HOUR_US
from kittiwake.values import parse_json
from tests.oracle.worlds import World
from tests.oracle.worlds_breaker import flooded_world
from tests.oracle.worlds_catalog import catalog_world, with_items
from tests.oracle.worlds_feeds import leaning_world, pausing_world
from tests.stream import test_feed_starts as starts
from tests.stream import test_feeds as streams
from tests.stream.test_items import Shard

WORLDS = int(os.environ.get("KITTIWAKE_ITEM_STARTS", "4"))
ORDERS = int(os.environ.get("KITTIWAKE_ITEM_ORDERS", "100"))
NUMBERS = [*range(WORLDS), *(pytest.param(one, marks=pytest.mark.nightly) for one in range(WORLDS, 120))]


def catalogue(seed: int) -> World:
    return replace(catalog_world(seed), limits=None)


def leaning(seed: int) -> World:
    return with_items(seed, leaning_world(seed))


def pausing(seed: int) -> World:
    return with_items(seed, pausing_world(seed))


def flooded(seed: int) -> World:
    return with_items(seed, flooded_world(seed))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("worlds", [leaning, pausing, flooded])
def test_catalogue_rules_beside_feeds_and_breakers_decide_as_the_oracle(
    seed: int, number: int, worlds: Callable[[int], World]
) -> None:
    at = seed * 1_000 + number
    found = streams.difference(at, worlds(at))
    assert not found, found


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("worlds", [catalogue, leaning, flooded])
def test_a_batch_and_a_stream_from_its_snapshots_decide_as_the_oracle_wherever_it_is_cut(
    tmp_path: Path, seed: int, number: int, worlds: Callable[[int], World]
) -> None:
    at = seed * 1_000 + number
    found = starts.difference(at, worlds(at), tmp_path)
    assert not found, found


CUT_US, LATENESS_US = 6 * HOUR_US, 2 * HOUR_US
ITEM = ("a", "i")
Name = tuple[bytes, int, str, str]
"""A contact's key; time, id and type of an item change."""


@pytest.mark.parametrize("number", range(ORDERS))
def test_contacts_are_given_the_same_in_whatever_order_a_snapshot_an_interest_and_an_event_come(number: int) -> None:
    """Some of the events come again that the snapshot knows. Of what a contact is given for one the newest counts."""
    dice = Random(number)
    facts = in_order(_fact(dice) for _ in range(dice.randint(1, 9)))
    shown = [_interest(dice) for _ in range(dice.randint(1, 5))]
    given = _given(dice, _records(dice, facts, shown))
    changes = item_changes("i", without_duplicates(facts, LATENESS_US))
    wanted = {
        (key_of("a", who.contact_id), one.time_us, one.event_id, one.type): parse_json(one.properties)
        for one in changes
        for who in shown
        if max(who.from_us, CUT_US - LATENESS_US) <= one.time_us < who.to_us
    }
    assert given == {name: {**one, "known": 0} for name, one in wanted.items()}, number


def _fact(dice: Random) -> ItemFact:
    name = f"e{dice.randrange(5)}"
    return ItemFact(dice.randrange(10) * HOUR_US, name, "t", "", (("price", str(dice.randrange(9))),))


def _interest(dice: Random) -> HeldInterest:
    from_us = dice.randrange(9) * HOUR_US
    return HeldInterest(f"c{dice.randrange(3)}", from_us, from_us + dice.randint(1, 9) * HOUR_US)


def _records(dice: Random, facts: list[ItemFact], shown: list[HeldInterest]) -> list[ItemRecord]:
    """What comes: two rows of the snapshot, with some of the interest, the rest of it, and events; some twice."""
    state = state_after([one for one in facts if one.time_us < CUT_US], CUT_US - LATENESS_US, LATENESS_US)
    again_us = CUT_US - dice.choice((0, LATENESS_US))
    held, later = tuple(shown[::2]), shown[1::2]
    rows = ItemSeed(encode_state(state), held[:1]), ItemSeed(None, held[1:])
    found: list[ItemRecord] = [
        *rows,
        *(ItemEvent(one) for one in facts if one.time_us >= again_us),
        *map(ShownInterest, later),
    ]
    found += dice.choices(found, k=2)
    return dice.sample(found, len(found))


def _given(dice: Random, records: list[ItemRecord]) -> dict[Name, Any]:
    """What contacts hold of an item in the end; what they are given comes to them in any order."""
    store, elements = Shard(), list[tuple[bytes, bytes]]()
    for record in records:
        elements += on_record(store, ITEM, encode(record), LATENESS_US).changes
    found = dict[Name, Any]()
    for key, data in dice.sample(elements, len(elements)):
        change = buffered_event_of(data)
        name, properties = (key, change.time_us, change.event_id, change.type), parse_json(change.data)
        before = found.setdefault(name, properties)
        assert before["known"] != properties["known"] or before == properties, "one of them has to count"
        if before["known"] < properties["known"]:
            found[name] = properties
    return {name: {**one, "known": 0} for name, one in found.items() if one["now"]}
