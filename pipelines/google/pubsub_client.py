"""Messages to a topic of Pub/Sub, many in a request, until a request is refused.

Called by `kittiwake.pipelines.reingest`, which sends all in any order, and `kittiwake.pipelines.activate`, a request at
a time.

Not by Google's client that batches by itself: it takes attributes as keywords beside its own, and so cannot send one
that is called `topic`, `data`, `retry` or `timeout`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol, Self, TypeVar

from google.api_core.exceptions import Cancelled, ClientError, GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import PublisherClient, PubsubMessage

from kittiwake.errors import UnusableError
from kittiwake.pipelines.google.error_text import LOG_IN, first_line

REQUEST_MESSAGES: Final = 500
"""Of one request; Pub/Sub takes 1,000."""

REQUEST_BYTES: Final = 4_000_000
"""Of one request, data and attributes; Pub/Sub takes 10 MB, and counts a little more than we do."""

REQUESTS: Final = 4
"""In flight at once, which bounds the memory: 16 MB."""


class Message(Protocol):
    """What is published."""

    @property
    def data(self) -> bytes: ...
    @property
    def attributes(self) -> dict[str, str]: ...


_Message = TypeVar("_Message", bound=Message)


class Published(NamedTuple):
    """The outcome of publishing."""

    number: int
    """Messages that Pub/Sub has confirmed."""
    problem: str | None = None
    """Why it did not take all; None: it did."""


def publish(topic: str, messages: Iterable[Message]) -> Published:
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


def _confirmed(client: Any, threads: ThreadPoolExecutor, topic: str, messages: Iterable[Message]) -> Iterator[int]:
    """The number of messages of each request that has been confirmed."""
    in_flight: deque[Future[Any]] = deque()
    for request in requests_of(messages):
        in_flight.append(threads.submit(client.publish, topic=topic, messages=[*map(_as_google_has_it, request)]))
        if len(in_flight) == REQUESTS:
            yield len(in_flight.popleft().result().message_ids)
    for answer in in_flight:
        yield len(answer.result().message_ids)


def requests_of(messages: Iterable[_Message]) -> Iterator[list[_Message]]:
    """The messages, in lists for one request each. A single message is smaller than a request may be."""
    request: list[_Message] = []
    size_bytes = 0
    for message in messages:
        own_bytes = _bytes(message)
        if request and (len(request) == REQUEST_MESSAGES or size_bytes + own_bytes > REQUEST_BYTES):
            yield request
            request, size_bytes = [], 0
        request.append(message)
        size_bytes += own_bytes
    if request:
        yield request


def _as_google_has_it(message: Message) -> PubsubMessage:
    return PubsubMessage(data=message.data, attributes=message.attributes)


def _bytes(message: Message) -> int:
    attributes = message.attributes.items()
    return len(message.data) + sum(len(name.encode()) + len(value.encode()) for name, value in attributes)


# ---------------------------------------------------------------- a request at a time


class Answer(NamedTuple):
    """What became of a request."""

    problem: str | None = None
    """None: all its messages are confirmed."""
    is_refused: bool = False
    """None of its messages has been taken; else nobody knows."""


class Publisher:
    """A topic that requests are published to one after the other."""

    def __init__(self, topic: str) -> None:
        """Connects when it is entered.

        Raises:
            UnusableError: Google's client finds no credentials.
        """
        self._topic = topic
        try:
            self._client = PublisherClient()
        except GoogleAuthError as error:
            advice = f"log in: {LOG_IN}"
            raise UnusableError(f"Pub/Sub: no credentials that Google takes: {first_line(error)}; {advice}") from error

    def __enter__(self) -> Self:
        self._client.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, traceback)

    def publish(self, request: Iterable[Message]) -> Answer:
        """Publish a list of `requests_of`. Google's client retries transient errors for a minute."""
        try:
            self._client.publish(topic=self._topic, messages=[*map(_as_google_has_it, request)])
        except NotFound:
            return Answer(f"there is no topic {self._topic}", is_refused=True)
        except Cancelled as error:
            return Answer(f"Pub/Sub gave up: {first_line(error)}")
        except (ClientError, GoogleAuthError) as error:
            return Answer(f"Pub/Sub refuses: {first_line(error)}", is_refused=True)
        except GoogleAPIError as error:
            return Answer(f"Pub/Sub does not confirm: {first_line(error)}")
        return Answer()
