"""The Pub/Sub emulator, as far as other tests rely on it."""

from __future__ import annotations

import time

from tests.services.emulators.pubsub import PubsubService
from tests.services.topics import Topics


def test_a_message_comes_with_its_attributes_and_comes_once(topics: Topics) -> None:
    pair = topics.create("events")
    ids = topics.publish(pair.topic, [(b"one", {"account_id": "a", "traceparent": "00-1"}), (b"two", {})])
    pulled = topics.pull(pair.subscription, 2)
    assert {(each.message_id, each.data, tuple(sorted(each.attributes.items()))) for each in pulled} == {
        (ids[0], b"one", (("account_id", "a"), ("traceparent", "00-1"))),
        (ids[1], b"two", ()),
    }
    assert topics.pull_all(pair.subscription, quiet_s=0.3) == []


def test_more_than_one_answer_holds_is_pulled_whole(topics: Topics) -> None:
    pair = topics.create()
    topics.publish(pair.topic, [(b"%d" % index, {}) for index in range(2_500)])
    assert {int(each.data) for each in topics.pull(pair.subscription, 2_500)} == set(range(2_500))


def test_to_pull_what_does_not_come_ends(topics: Topics) -> None:
    pair = topics.create()
    began = time.monotonic()
    assert topics.pull(pair.subscription, 1, within_s=0.5) == []
    assert 0.4 < time.monotonic() - began < 5


def test_a_restart_keeps_the_address_and_nothing_else(pubsub_service: PubsubService, topics: Topics) -> None:
    pair = topics.create()
    topics.publish(pair.topic, [(b"lost", {})])
    pubsub_service.restart()
    topics.recreate(pair)
    topics.publish(pair.topic, [(b"kept", {})])
    assert [each.data for each in topics.pull(pair.subscription, 1)] == [b"kept"]
