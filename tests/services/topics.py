"""Topics of the Pub/Sub emulator as tests use them: make one with a subscription, publish to it, take what has come.

Made by the fixture `topics`, which lets every Pub/Sub client of the test find the emulator.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from google.api_core.exceptions import DeadlineExceeded
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient

PROJECT = "kittiwake-test"
# An empty pull of the emulator blocks until the client's deadline: so long a silence says that nothing is there.
QUIET_S = 1.0
BATCH = 1_000


class Pair(NamedTuple):
    """A topic with one subscription, by their full names."""

    topic: str
    subscription: str


class Pulled(NamedTuple):
    """A message as it came."""

    data: bytes
    attributes: dict[str, str]
    message_id: str


class Topics:
    """What tests do with the emulator that `PUBSUB_EMULATOR_HOST` names."""

    def __init__(self) -> None:
        self._publisher = PublisherClient()
        self._subscriber = SubscriberClient()

    def create(self, name: str = "topic", *, ack_deadline_s: int = 10) -> Pair:
        """A new topic and its subscription, whose names begin so and are nobody else's."""
        unique = f"{name}-{uuid.uuid4().hex[:8]}"
        pair = Pair(f"projects/{PROJECT}/topics/{unique}", f"projects/{PROJECT}/subscriptions/{unique}")
        self.recreate(pair, ack_deadline_s=ack_deadline_s)
        return pair

    def recreate(self, pair: Pair, *, ack_deadline_s: int = 10) -> None:
        """The same again, empty, in an emulator that has lost them: after its restart."""
        self._publisher.create_topic(name=pair.topic)
        self._subscriber.create_subscription(
            request={"name": pair.subscription, "topic": pair.topic, "ack_deadline_seconds": ack_deadline_s}
        )

    def publish(self, topic: str, messages: Iterable[tuple[bytes, Mapping[str, str]]]) -> list[str]:
        """Publishes data with attributes, in this order; returns the message ids."""
        wanted = [PubsubMessage(data=data, attributes=dict(attributes)) for data, attributes in messages]
        ids: list[str] = []
        for start in range(0, len(wanted), BATCH):
            ids += self._publisher.publish(topic=topic, messages=wanted[start : start + BATCH]).message_ids
        return ids

    def pull(self, subscription: str, count: int, *, within_s: float = 20.0) -> list[Pulled]:
        """Takes messages until `count` have come or the time is over, and acknowledges them; may be more or fewer."""
        return list(self._taken(subscription, count, time.monotonic() + within_s))

    def pull_all(self, subscription: str, *, quiet_s: float = QUIET_S) -> list[Pulled]:
        """Takes and acknowledges messages until none comes for `quiet_s`."""
        taken: list[Pulled] = []
        while more := list(self._taken(subscription, 1, time.monotonic() + quiet_s)):
            taken += more
        return taken

    def close(self) -> None:
        self._publisher.transport.close()
        self._subscriber.transport.close()

    def _taken(self, subscription: str, count: int, deadline: float) -> Iterator[Pulled]:
        while count > 0 and (left := deadline - time.monotonic()) > 0:
            try:
                answer = self._subscriber.pull(subscription=subscription, max_messages=BATCH, timeout=left, retry=None)
            except DeadlineExceeded:
                return
            if received := answer.received_messages:
                self._subscriber.acknowledge(subscription=subscription, ack_ids=[each.ack_id for each in received])
            count -= len(received)
            yield from (Pulled(m.data, dict(m.attributes), m.message_id) for m in (r.message for r in received))
