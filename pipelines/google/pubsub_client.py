"""Messages to a topic of Pub/Sub, many in a request, until a request is refused. Called by `pipelines.reingest`.

Not by Google's client that batches by itself: it takes attributes as keywords beside its own, and so cannot send one
that is called `topic`, `data`, `retry` or `timeout`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from google.api_core.exceptions import GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import PublisherClient, PubsubMessage

from kittiwake.errors import UnusableError
from kittiwake.stream.redelivery import Redelivery
from pipelines.google.error_text import LOG_IN, first_line

REQUEST_MESSAGES: Final = 500
"""Of one request; Pub/Sub takes 1,000."""

REQUEST_BYTES: Final = 4_000_000
"""Of one request, data and attributes; Pub/Sub takes 10 MB, and counts a little more than we do."""

REQUESTS: Final = 4
"""On their way at once, which bounds what is in memory: 16 MB."""


class Published(NamedTuple):
    """What came of publishing."""

    number: int
    """Messages that Pub/Sub has confirmed."""
    problem: str | None = None
    """Why it did not take all, in a sentence; None: it did."""


def publish(topic: str, feeds: Iterable[Redelivery]) -> Published:
    """Publishes all messages, in any order; after the first request that is refused, no further one is made.

    Google's client repeats what is transient for a minute.

    Raises:
        UnusableError: there is no such topic, or Google's client finds no credentials.
    """
    confirmed = 0
    try:
        with PublisherClient() as client, ThreadPoolExecutor(REQUESTS) as threads:
            for number in _confirmed(client, threads, topic, feeds):
                confirmed += number
    except GoogleAuthError as error:
        advice = f"log in: {LOG_IN}"
        raise UnusableError(f"Pub/Sub: no credentials that Google takes: {first_line(error)}; {advice}") from error
    except NotFound as error:
        if not confirmed:
            raise UnusableError(f"there is no topic {topic}") from error
        return Published(confirmed, f"there is no topic {topic} any more")
    except GoogleAPIError as error:
        return Published(confirmed, f"Pub/Sub refuses: {first_line(error)}")
    return Published(confirmed)


def _confirmed(client: Any, threads: ThreadPoolExecutor, topic: str, feeds: Iterable[Redelivery]) -> Iterator[int]:
    """How many messages each request brought."""
    on_their_way: deque[Future[Any]] = deque()
    for messages in _requests(feeds):
        on_their_way.append(threads.submit(client.publish, topic=topic, messages=messages))
        if len(on_their_way) == REQUESTS:
            yield len(on_their_way.popleft().result().message_ids)
    for answer in on_their_way:
        yield len(answer.result().message_ids)


def _requests(feeds: Iterable[Redelivery]) -> Iterator[list[Any]]:
    """The messages, in heaps for one request each. A single one is smaller than a request may be."""
    messages: list[Any] = []
    size_bytes = 0
    for feed in feeds:
        own_bytes = _bytes(feed)
        if messages and (len(messages) == REQUEST_MESSAGES or size_bytes + own_bytes > REQUEST_BYTES):
            yield messages
            messages, size_bytes = [], 0
        messages.append(PubsubMessage(data=feed.data, attributes=feed.attributes))
        size_bytes += own_bytes
    if messages:
        yield messages


def _bytes(feed: Redelivery) -> int:
    return len(feed.data) + sum(len(name.encode()) + len(value.encode()) for name, value in feed.attributes.items())
