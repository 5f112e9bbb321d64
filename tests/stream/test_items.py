"""Catalogue rules in a stream decide as in replay, whatever the order of arrival, the duplicates and the shards."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.items.join import of_contact
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome
from kittiwake.rules.documents import load_document
from kittiwake.rules.versions import always
from kittiwake.scenarios.player import event_of
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.items.records import subject_of_item
from kittiwake.stream.items.routing import ItemRouters
from kittiwake.stream.items.shard import on_record
from kittiwake.stream.records import buffered_event_of
from kittiwake.stream.records import event_of as event_of_buffered
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import END_OF_TIME_US
from kittiwake.values import canonical
from tests.oracle.worlds import ACCOUNT, CONTACT, World
from tests.oracle.worlds_catalog import catalog_world

WORLDS = int(os.environ.get("KITTIWAKE_ITEM_WORLDS", "30"))
FAR_US = END_OF_TIME_US // 2


class Shard:
    """A shard of an item in memory."""

    def __init__(self) -> None:
        self.item: bytes | None = None
        self.interests: list[bytes] = []
        self.timers: set[int] = set()

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


class Stream:
    """Intake and items of a streaming job; what reaches the contact is kept in its order of arrival."""

    def __init__(self, world: World, shards: int) -> None:
        history = always(load_document(world.document))
        self.view = StaticRules(history, world.allowed_lateness_us).view(0)
        self.routers = ItemRouters(shards)
        self.shards: defaultdict[bytes, Shard] = defaultdict(Shard)

    @property
    def versions(self) -> Versions:
        return self.view.plan(ACCOUNT).versions

    def arrive(self, raw: dict[str, Any]) -> list[Event]:
        """The events of the contact that a message brings."""
        found = take(Message(_message(raw)), FAR_US, self.view, IntakeSettings(), self.routers)
        assert isinstance(found, Brought), found
        buffered = [buffered for _, buffered in found.needed]
        for key, record in found.of_items:
            account_id, item_id, _ = subject_of_item(key)
            given = on_record(self.shards[key], (account_id, item_id), record, self.versions.horizon_us)
            buffered += [buffered_event_of(change) for _, change in given.changes]
        events = [event_of_buffered(each, IntakeSettings().shape) for each in buffered]
        return [event for event in events if isinstance(event, Event)]


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
    world, dice = catalog_world(seed), random.Random(seed)
    stream = Stream(world, dice.choice((1, 3, 8, 256)))
    arriving = [*world.events, *dice.sample(world.events, len(world.events) // 4)]
    dice.shuffle(arriving)
    given = [event for raw in arriving for event in stream.arrive(raw)]
    dice.shuffle(given)
    assert _outcome(decide_history(stream.versions, CONTACT, given, world.until_us).decisions) == _in_batch(
        stream, world
    )


@pytest.mark.parametrize("seed", range(WORLDS))
def test_what_comes_late_within_the_allowed_lateness_is_corrected_for(seed: int) -> None:
    """Each event comes up to the allowed lateness after its time, those of items and of the contact alike."""
    world, dice = catalog_world(seed), random.Random(seed)
    stream = Stream(world, dice.choice((1, 4)))
    late = [
        (event_of(ACCOUNT, CONTACT, raw).time_us + dice.randrange(world.allowed_lateness_us), raw)
        for raw in world.events
    ]
    state, decisions = new_state(CONTACT), list[Decision]()
    for at_us, raw in sorted(late, key=lambda each: each[0]):
        upto_us = min(max(at_us, state.evaluated_to_us or at_us), world.until_us)
        advanced = advance(stream.versions, state, stream.arrive(raw), upto_us)
        assert not advanced.late
        state, decisions = advanced.state, [*decisions, *advanced.decisions]
    advanced = advance(stream.versions, state, [], world.until_us)
    decisions += [*advanced.decisions, *unfinished(stream.versions, advanced.state)]
    assert _outcome(decisions) == _in_batch(stream, world)
