"""Step: triggers to a Pub/Sub topic; at least once, in any order. What no topic takes becomes a dead letter."""

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
from transforms.clock import now_us
from transforms.logs import log
from transforms.stream.metrics import count

_DEAD: Final = "dead_letters"


@dataclass(eq=False)
class PublishTriggers(beam.PTransform):
    """Publishes what fired and is not stale, and what became of an id that may have been sent."""

    topic: str
    """`projects/<project>/topics/<topic>`."""
    clock: Callable[[], int] = now_us

    def expand(self, told: PCollection[bytes]) -> PCollection[bytes]:
        """`messages.Dead`, as bytes, of what no topic takes.

        A message that cannot be published for now fails its bundle, which the runner tries again.
        """
        step = beam.ParDo(_Messages(self.clock)).with_output_types(PubsubMessage, **{_DEAD: bytes})
        messages = told | "Messages" >> step.with_outputs(_DEAD, main="messages")
        _ = messages["messages"] | "Publish" >> WriteToPubSub(self.topic, with_attributes=True)
        dead: PCollection[bytes] = messages[_DEAD]
        return dead


class _Messages(beam.DoFn):
    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__()
        self._clock = clock

    def start_bundle(self) -> None:
        self._refused = 0

    def process(self, element: bytes) -> Iterator[PubsubMessage | TaggedOutput]:
        told = decision_of(element)
        if not told.is_sent:
            return
        message = trigger_message(told)
        why = refusal_of(message)
        if why is None:
            yield PubsubMessage(*message)
            return
        self._refused += 1
        yield TaggedOutput(_DEAD, encode(unsent(message, why, self._clock())))

    def finish_bundle(self) -> None:
        """Tell how many were refused, without a word of whom they concern."""
        count(TRIGGERS_REFUSED, self._refused)
        count(DEAD_LETTERS, self._refused)
        if self._refused:
            log(MESSAGES_REFUSED, stage=Stage.PUBLISH, reason=DeadLetterReason.MESSAGE_REFUSED, number=self._refused)
