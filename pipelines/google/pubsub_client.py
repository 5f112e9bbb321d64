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
"""In flight at once, which bounds the memory: 16 MB."""


class Published(NamedTuple):
    """The outcome of publishing."""

    number: int
    """Messages that Pub/Sub has confirmed."""
    problem: str | None = None
    """Why it did not take all; None: it did."""


def publish(topic: str, messages: Iterable[Redelivery]) -> Published:
    """Publishes all messages, in any order; after the first request that is refused, no further one is made.

    Google's client retries transient errors for a minute.

    Raises:
        UnusableError: there is no such topic, or Google's client finds no credentials.
    """
    confirmed = 0
    try:
        with PublisherClient() as client, ThreadPoolExecutor(REQUESTS) as threads:
            for number in _confirmed(client, threads, topic, messages):
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


def _confirmed(client: Any, threads: ThreadPoolExecutor, topic: str, messages: Iterable[Redelivery]) -> Iterator[int]:
    """The number of messages of each request that has been confirmed."""
    in_flight: deque[Future[Any]] = deque()
    for request in _requests(messages):
        in_flight.append(threads.submit(client.publish, topic=topic, messages=request))
        if len(in_flight) == REQUESTS:
            yield len(in_flight.popleft().result().message_ids)
    for answer in in_flight:
        yield len(answer.result().message_ids)


def _requests(messages: Iterable[Redelivery]) -> Iterator[list[Any]]:
    """The messages, in lists for one request each. A single message is smaller than a request may be."""
    request: list[Any] = []
    size_bytes = 0
    for message in messages:
        own_bytes = _bytes(message)
        if request and (len(request) == REQUEST_MESSAGES or size_bytes + own_bytes > REQUEST_BYTES):
            yield request
            request, size_bytes = [], 0
        request.append(PubsubMessage(data=message.data, attributes=message.attributes))
        size_bytes += own_bytes
    if request:
        yield request


def _bytes(message: Redelivery) -> int:
    attributes = message.attributes.items()
    return len(message.data) + sum(len(name.encode()) + len(value.encode()) for name, value in attributes)
