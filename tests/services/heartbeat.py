"""Messages that keep Beam's local streaming runner going: while its pull waits for one, it does nothing else.

What they mean to the job is the test's to choose.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.services.topics import Topics

EVERY_S = 0.2


@contextmanager
def beating(
    topics: Topics, topic: str, data: bytes = b"heartbeat", attributes: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Publishes the message again and again, until the end."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(EVERY_S):
            topics.publish(topic, [(data, attributes or {})])

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
