"""An OpenTelemetry collector as a sink of spans of triggers: `--trace_endpoint`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from kittiwake.errors import UnusableError
from kittiwake.pipelines.flags import FlagGroup, OptionReader, OptionRow, flag
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.pipelines.refusals import require_otel
from kittiwake.transforms.sinks.base import SinkKind
from kittiwake.transforms.sinks.spans import SendSpans

if TYPE_CHECKING:
    import argparse


@dataclass(frozen=True)
class CollectorSink:
    """A collector that spans of triggers are sent to."""

    kind: ClassVar = SinkKind.DECISIONS
    label: ClassVar = "SendSpans"

    endpoint: str
    """Of traces, whole."""
    share: float = 1.0
    """Of triggers whose event's trace is sampled."""

    def step(self) -> SendSpans:
        """The step that sends."""
        return SendSpans(self.endpoint, self.share)

    def prepare(self, report: Callable[[str], None]) -> None:
        """Nothing."""

    def check(self, findings: Findings) -> None:
        """Nothing: workers send there, not this machine, and the job runs as well without."""


def _read(options: OptionReader) -> CollectorSink | None:
    typed = options.typed.trace_endpoint
    if typed is None or not options.read(False, require_otel):
        return None
    endpoint = options.read(None, _endpoint, typed)
    share = options.read(None, _share, options.typed.trace_share or "1")
    return None if endpoint is None or share is None else CollectorSink(endpoint, share)


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path in ("", "/"):
        raise UnusableError(f"--trace_endpoint {text}: write the whole address, such as http://HOST:4318/v1/traces")
    return text


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UnusableError(f"--trace_share {text}: write a number over 0, up to 1")
    return share


def _contradictions(typed: argparse.Namespace) -> Iterator[str]:
    if typed.trace_share is not None and typed.trace_endpoint is None:
        yield "--trace_share is about spans: name their --trace_endpoint as well, or leave it out"


TRACE_ENDPOINT: Final = OptionRow[CollectorSink](
    "trace_endpoint",
    (
        flag(
            FlagGroup.FROM_AND_TO,
            "--trace_endpoint",
            metavar="URL",
            help="where spans of triggers go: an OpenTelemetry collector, http://HOST:4318/v1/traces",
        ),
        flag(
            FlagGroup.FROM_AND_TO,
            "--trace_share",
            metavar="SHARE",
            help="of the triggers whose event's trace is sampled, those that get a span (1)",
        ),
    ),
    _read,
    _contradictions,
)
