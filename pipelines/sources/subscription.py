"""A Pub/Sub subscription as a source: `--subscription`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import apache_beam as beam
from apache_beam.io.gcp.pubsub import ReadFromPubSub

from kittiwake.errors import UnusableError
from kittiwake.pipelines.flags import FlagGroup, JobSettings, OptionReader, OptionRow, flag, name_option
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.pipelines.refusals import require_google
from kittiwake.pipelines.runner import is_dataflow

_SUBSCRIPTION: Final = re.compile(r"projects/(?P<project>[^/\s]+)/subscriptions/[^/\s]+")
STOP_MESSAGE: Final = "ended as you asked; what was waiting to be evaluated was in memory and is lost"


@dataclass(frozen=True)
class SubscriptionSource:
    """A subscription that this job alone pulls."""

    subscription: str
    """`projects/<project>/subscriptions/<subscription>`."""
    timestamp_attribute: str | None = None
    id_label: str | None = None

    def step(self, job: JobSettings) -> beam.PTransform:
        """Beam's own source.

        The local runner's watermark is the clock, so an attribute could do nothing there but fail to be parsed.
        """
        return ReadFromPubSub(
            subscription=self.subscription,
            id_label=self.id_label,
            with_attributes=True,
            timestamp_attribute=self.timestamp_attribute if is_dataflow(job.runner) else None,
        )

    def check(self, findings: Findings) -> None:
        """Ask about the subscription and its topic."""
        from kittiwake.pipelines.preflight.pubsub import check_subscription  # noqa: PLC0415 - Google's clients: an extra

        findings.input_topic = check_subscription(self.subscription, findings)

    def notes(self, job: JobSettings) -> Iterator[str]:
        """What holds in this process only."""
        if not is_dataflow(job.runner):
            yield "this runner's watermark is the clock, whatever the messages say; its state is lost when it ends"

    @property
    def watermark_clock(self) -> str:
        """By which time the watermark moves."""
        return "publish time" if self.timestamp_attribute is None else f"attribute {self.timestamp_attribute}"

    @property
    def stop_message(self) -> str:
        """State was in memory."""
        return STOP_MESSAGE


def _read(options: OptionReader) -> SubscriptionSource | None:
    typed = options.typed
    name, form = typed.subscription, "projects/PROJECT/subscriptions/NAME"
    if name is not None and not options.read(False, require_google, "--subscription"):
        return None
    if name is not None:
        name = options.read(None, name_option, "--subscription", name, _SUBSCRIPTION, form)
    timestamp_attribute, id_label = (
        options.read(None, _attribute, f"--{one}", getattr(typed, one)) for one in ("timestamp_attribute", "id_label")
    )
    return None if name is None else SubscriptionSource(name, timestamp_attribute, id_label)


def _attribute(flag_name: str, text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise UnusableError(f"{flag_name}: name an attribute of the messages")
    return text


def _runner_contradictions(typed: argparse.Namespace, runner: str) -> Iterator[str]:
    if typed.id_label and typed.id_label.strip() and not is_dataflow(runner):
        advice = "Leave it out: duplicates of an event_id count once"
        yield f"--id_label: only Dataflow drops duplicates by an attribute. {advice}"


_TIME_HELP: Final = "the attribute with an event's time, RFC 3339 or milliseconds; default: when it was published"
_LABEL_HELP: Final = "Dataflow only: the attribute by which it drops duplicates of a message"

SUBSCRIPTION: Final = OptionRow[SubscriptionSource](
    "subscription",
    (
        flag(
            FlagGroup.FROM_AND_TO,
            "--subscription",
            metavar="NAME",
            help="the events: projects/PROJECT/subscriptions/NAME",
        ),
        flag(FlagGroup.WAITS, "--timestamp_attribute", metavar="NAME", help=_TIME_HELP),
        flag(FlagGroup.WAITS, "--id_label", metavar="NAME", help=_LABEL_HELP),
    ),
    _read,
    runner_contradictions=_runner_contradictions,
)
