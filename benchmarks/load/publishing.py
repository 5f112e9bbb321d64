"""A topic of Pub/Sub that takes the load: Google's own publisher, with a bound on what is under way.

`publish` waits while the bound is reached, so that a slow topic slows the load down and fills no memory.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud.pubsub_v1 import PublisherClient
from google.cloud.pubsub_v1.types import BatchSettings, LimitExceededBehavior, PublisherOptions, PublishFlowControl

from benchmarks.load.messages import LoadMessage
from kittiwake.time.instants import format_instant

BATCH: Final = BatchSettings(max_messages=500, max_bytes=1_000_000, max_latency=0.02)
"""A request: half of the messages that Pub/Sub takes, a tenth of the bytes, and no message waits for long."""
UNDER_WAY: Final = PublishFlowControl(
    message_limit=10_000, byte_limit=20_000_000, limit_exceeded_behavior=LimitExceededBehavior.BLOCK
)
"""Messages and bytes without an answer yet: twenty requests."""
TRIED_S: Final = 30.0
"""So long the client tries to publish a request."""
AGAIN: Final = Retry(
    if_exception_type(
        exceptions.Aborted, exceptions.DeadlineExceeded, exceptions.InternalServerError, exceptions.ResourceExhausted,
        exceptions.ServiceUnavailable, exceptions.Unknown,
    ),
    timeout=TRIED_S,
)  # fmt: skip
"""Of Google's own settings, which would try for ten minutes, the errors that pass."""
LEFT_S: Final = TRIED_S + 5
"""So long what is under way may take in the end."""


class NotPublishedError(Exception):
    """A topic did not take a message."""


class Topic:
    """Where messages go."""

    def __init__(self, name: str, time_attribute: str | None, id_attribute: str | None) -> None:
        """The attributes are those that the job's options `--timestamp_attribute` and `--id_label` name."""
        self._name, self._time_attribute, self._id_attribute = name, time_attribute, id_attribute
        options = PublisherOptions(flow_control=UNDER_WAY, retry=AGAIN, timeout=TRIED_S)
        self._client = PublisherClient(BATCH, publisher_options=options)
        self._answered = threading.Condition()
        self._sent = 0
        self.published = 0
        """Messages that the topic has acknowledged."""
        self._failure: BaseException | None = None

    def publish(self, message: LoadMessage) -> None:
        """Hand a message over.

        Raises:
            NotPublishedError: an earlier one was not taken.
        """
        self._raise_failure()
        self._sent += 1
        self._client.publish(self._name, message.data, **self.attributes(message)).add_done_callback(self._note)

    def attributes(self, message: LoadMessage) -> dict[str, str]:
        """Of a message: none, unless a job asks for them. No ordering key, for the order is that of `time`."""
        found = {}
        if self._time_attribute and message.time_us is not None:
            found[self._time_attribute] = format_instant(message.time_us)
        if self._id_attribute and message.event_id is not None:
            found[self._id_attribute] = message.event_id
        return found

    def finish(self) -> None:
        """Wait for every answer.

        Raises:
            NotPublishedError: a message was not taken, or there was no answer.
        """
        self._client.stop()
        with self._answered:
            all_came = self._answered.wait_for(lambda: self._failure or self.published == self._sent, LEFT_S)
        self._raise_failure()
        if not all_came:
            raise NotPublishedError(f"{self._name}: {self._sent - self.published:,} messages have no answer")

    def _note(self, future: Any) -> None:
        """From a thread of the client's."""
        failure = future.exception()
        with self._answered:
            self.published += failure is None
            self._failure = self._failure or failure
            self._answered.notify_all()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise NotPublishedError(f"{self._name}: {self._failure}") from self._failure


def open_topic(name: str, time_attribute: str | None, id_attribute: str | None) -> Topic:
    """A topic by its full name.

    Raises:
        NotPublishedError: there are no credentials.
    """
    try:
        return Topic(name, time_attribute, id_attribute)
    except GoogleAuthError as error:
        raise NotPublishedError(f"{name}: {error}") from error
