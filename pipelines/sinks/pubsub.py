"""A Pub/Sub topic as a sink of triggers: `--trigger_topic`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from kittiwake.pipelines.flags import FlagGroup, OptionReader, OptionRow, flag, name_option
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.pipelines.refusals import require_google
from kittiwake.transforms.sinks.base import SinkKind
from kittiwake.transforms.sinks.pubsub import PublishTriggers

_TOPIC: Final = re.compile(r"projects/(?P<project>[^/\s]+)/topics/[^/\s]+")


@dataclass(frozen=True)
class TopicSink:
    """A topic that triggers are published to."""

    kind: ClassVar = SinkKind.DECISIONS
    label: ClassVar = "PublishTriggers"

    topic: str
    """`projects/<project>/topics/<topic>`."""

    def step(self) -> PublishTriggers:
        """The step that publishes."""
        return PublishTriggers(self.topic)

    def prepare(self, report: Callable[[str], None]) -> None:
        """Nothing: nobody but its owner creates a topic."""

    def check(self, findings: Findings) -> None:
        """Ask about the topic."""
        from kittiwake.pipelines.preflight.pubsub import check_trigger_topic  # noqa: PLC0415 - Google's clients: an extra

        check_trigger_topic(self.topic, findings)


def _read(options: OptionReader) -> TopicSink | None:
    typed = options.typed.trigger_topic
    if typed is None or not options.read(False, require_google, "--trigger_topic"):
        return None
    name = options.read(None, name_option, "--trigger_topic", typed, _TOPIC, "projects/PROJECT/topics/NAME")
    return None if name is None else TopicSink(name)


TRIGGER_TOPIC: Final = OptionRow[TopicSink](
    "trigger_topic",
    (
        flag(
            FlagGroup.FROM_AND_TO,
            "--trigger_topic",
            metavar="NAME",
            help="where triggers go: projects/PROJECT/topics/NAME",
        ),
    ),
    _read,
)
