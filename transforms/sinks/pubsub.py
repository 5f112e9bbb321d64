"""Sink: triggers to a Pub/Sub topic, at least once, in any order. What no topic takes becomes a dead letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import apache_beam as beam
from apache_beam.io.gcp.pubsub import PubsubMessage, WriteToPubSub
from apache_beam.pvalue import PCollection, TaggedOutput

from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.metrics import SEND_DELAY_MS, SEND_SLOW_US, TRIGGERS_REFUSED, TRIGGERS_SENT, TRIGGERS_SLOW
from kittiwake.stream.records import Stage, decision_of, encode
from kittiwake.stream.trigger_message import refusal_of, trigger_message, unsent
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.metrics import count, count_dead_letters, observe

_DEAD_LETTERS: Final = "dead_letters"


@dataclass(eq=False)
class PublishTriggers(beam.PTransform):
    """Publishes triggers that are not stale, and corrections of triggers that may have been sent."""

    topic: str
    """`projects/<project>/topics/<topic>`."""
    clock: Callable[[], int] = now_us

    def expand(self, decisions: PCollection[bytes]) -> PCollection[bytes]:
        """From encoded `DecisionRecord` to encoded `DeadLetterRecord` of the messages that no topic takes.

        A message that cannot be published for now fails its bundle, which the runner retries.
        """
        step = beam.ParDo(_Messages(self.clock)).with_output_types(PubsubMessage, **{_DEAD_LETTERS: bytes})
        messages = decisions | "Messages" >> step.with_outputs(_DEAD_LETTERS, main="messages")
        _ = messages["messages"] | "Publish" >> WriteToPubSub(self.topic, with_attributes=True)
        dead_letters: PCollection[bytes] = messages[_DEAD_LETTERS]
        return dead_letters


class SendCounts:
    """What a bundle has sent, with its delay, and refused."""

    def __init__(self) -> None:
        self.refused = self._sent = self._slow = 0

    def add_sent(self, due_us: int | None, clock_us: int) -> None:
        """One more, which fell due then; None: nothing is known of its delay."""
        self._sent += 1
        if due_us is not None:
            observe(SEND_DELAY_MS, max(0, clock_us - due_us) // 1_000)
            self._slow += clock_us - due_us > SEND_SLOW_US

    def report(self) -> None:
        """Count it, and log what was refused, without its content."""
        count(TRIGGERS_SENT, self._sent)
        count(TRIGGERS_SLOW, self._slow)
        count(TRIGGERS_REFUSED, self.refused)
        if self.refused:
            count_dead_letters(Stage.PUBLISH, {DeadLetterReason.MESSAGE_REFUSED: self.refused})


class _Messages(beam.DoFn):
    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__()
        self._clock = clock

    def start_bundle(self) -> None:
        self._counts = SendCounts()

    def process(self, element: bytes) -> Iterator[PubsubMessage | TaggedOutput]:
        decision = decision_of(element)
        if not decision.is_sent:
            return
        message = trigger_message(decision)
        reason = refusal_of(message)
        if reason is None:
            self._counts.add_sent(decision.due_us, self._clock())
            yield PubsubMessage(*message)
            return
        self._counts.refused += 1
        yield TaggedOutput(_DEAD_LETTERS, encode(unsent(message, reason, self._clock())))

    def finish_bundle(self) -> None:
        """A metric costs as much as a message."""
        self._counts.report()
