"""Sink: triggers to a Pub/Sub topic, at least once, in any order. What no topic takes becomes a dead letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import apache_beam as beam
from apache_beam.io.gcp.pubsub import PubsubMessage, WriteToPubSub
from apache_beam.pvalue import PCollection, TaggedOutput

from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.logs import MESSAGES_REFUSED
from kittiwake.stream.metrics import DEAD_LETTERS, TRIGGERS_REFUSED
from kittiwake.stream.records import Stage, decision_of, encode
from kittiwake.stream.trigger_message import refusal_of, trigger_message, unsent
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.logs import log
from kittiwake.transforms.metrics import count

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


class _Messages(beam.DoFn):
    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__()
        self._clock = clock

    def start_bundle(self) -> None:
        self._refused = 0

    def process(self, element: bytes) -> Iterator[PubsubMessage | TaggedOutput]:
        decision = decision_of(element)
        if not decision.is_sent:
            return
        message = trigger_message(decision)
        reason = refusal_of(message)
        if reason is None:
            yield PubsubMessage(*message)
            return
        self._refused += 1
        yield TaggedOutput(_DEAD_LETTERS, encode(unsent(message, reason, self._clock())))

    def finish_bundle(self) -> None:
        """Count and log the messages that were refused, without their content."""
        count(TRIGGERS_REFUSED, self._refused)
        count(DEAD_LETTERS, self._refused)
        if self._refused:
            log(MESSAGES_REFUSED, stage=Stage.PUBLISH, reason=DeadLetterReason.MESSAGE_REFUSED, number=self._refused)
