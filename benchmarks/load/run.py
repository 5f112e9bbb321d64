"""A run of the load: takes messages, keeps to their times where somebody receives them, and says what was achieved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import BinaryIO, Final, NamedTuple

from benchmarks.load.messages import LoadMessage
from benchmarks.load.pacing import Pacer
from benchmarks.load.publishing import Topic
from kittiwake.time.instants import SECOND_US

REPORT_EVERY_S: Final = 5.0


class Achieved(NamedTuple):
    """What a run came to."""

    messages: int
    events: int
    """Duplicates with them."""
    poison: int
    bytes: int
    """Of data: Pub/Sub adds some to each."""
    seconds: float
    """Until the last answer."""
    published: int
    """Messages that the topic acknowledged; none without a topic."""
    behind_s: float
    """The most that a message was sent after it was due."""
    due_s: float
    """When the last message was due."""

    def line(self) -> str:
        """For a program; a file has no rate."""
        rates: dict[str, float | None] = {"asked_per_s": None, "achieved_per_s": None}
        if self.published and self.due_s and self.seconds:
            rates["asked_per_s"] = round((self.messages - 1) / self.due_s, 1)
            rates["achieved_per_s"] = round(self.published / self.seconds, 1)
        whole = self._asdict() | {name: round(getattr(self, name), 3) for name in ("seconds", "behind_s", "due_s")}
        return json.dumps(whole | rates)


def run(
    load: Iterable[LoadMessage], topic: Topic | None, file: BinaryIO | None, pacer: Pacer, say: Callable[[str], None]
) -> Achieved:
    """Send a load, and write it; a topic gets it at its times. Ctrl-C ends it early, and it counts as far as it came.

    Raises:
        NotPublishedError: the topic does not take it.
        OSError: the file does not.
    """
    messages = events = size = due_us = 0
    report_s = REPORT_EVERY_S
    try:
        for message in load:
            if topic is not None:
                pacer.wait_until(message.due_us)
                topic.publish(message)
            if file is not None:
                file.write(message.data + b"\n")
            due_us = message.due_us
            messages += 1
            events += message.event_id is not None
            size += len(message.data)
            if topic is not None and pacer.passed_s >= report_s:
                report_s = pacer.passed_s + REPORT_EVERY_S
                say(f"{messages:,} sent in {pacer.passed_s:.0f} s, {topic.published:,} acknowledged")
    except KeyboardInterrupt:
        say("ended early")
    if topic is not None:
        topic.finish()
    published = 0 if topic is None else topic.published
    return Achieved(
        messages, events, messages - events, size, pacer.passed_s, published, pacer.behind_s, due_us / SECOND_US
    )
