"""Step: triggers to a Pub/Sub topic; at least once, in any order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.io.gcp.pubsub import PubsubMessage, WriteToPubSub
from apache_beam.pvalue import PCollection

from kittiwake.stream.delivery import trigger_message
from kittiwake.stream.messages import told_of


@dataclass(eq=False)
class PublishTriggers(beam.PTransform):
    """Publishes what fired and is not stale, and what became of an id that may have been sent."""

    topic: str
    """`projects/<project>/topics/<topic>`."""

    def expand(self, told: PCollection[bytes]) -> PCollection[None]:
        """Nothing comes of it: a message that cannot be published fails its bundle, which the runner tries again."""
        return (
            told
            | "Messages" >> beam.FlatMap(_messages).with_output_types(PubsubMessage)
            | "Publish" >> WriteToPubSub(self.topic, with_attributes=True)
        )


def _messages(element: bytes) -> Iterator[PubsubMessage]:
    told = told_of(element)
    if told.is_sent:
        yield PubsubMessage(*trigger_message(told))
