"""Sink: spans of triggers to an OpenTelemetry collector, by OTLP over HTTP. A trace never costs a trigger.

Spans of a bundle leave in one request. What the collector does not take is counted and gone: nothing is tried in a
later bundle, and no bundle fails or waits longer than `TIMEOUT_S` for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import apache_beam as beam
from apache_beam.pvalue import PCollection

from kittiwake import __version__
from kittiwake.stream.metrics import SPANS_LOST, SPANS_SENT
from kittiwake.stream.records import decision_of
from kittiwake.stream.spans import TriggerSpan, span_of
from kittiwake.time.instants import SECOND_US
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.metrics import count

if TYPE_CHECKING:
    from collections.abc import Iterator

SPANS_MAX: Final = 512
"""Of a bundle: a request of 200 KB, and what OpenTelemetry's own processors give at once."""
TIMEOUT_S: Final = 2
"""Of a request with its retries: a collector stands beside the job, or the bundle is not to wait for it."""
QUIET_US: Final = 30 * SECOND_US
"""After a request that failed no other is made: a collector that is down costs a bundle in this time, not each one."""


@dataclass(eq=False)
class SendSpans(beam.PTransform):
    """Sends a span for each trigger that is sent, of traces that are sampled."""

    endpoint: str
    """Of traces, whole: `http://collector:4318/v1/traces`."""
    share: float
    """Of triggers, from 0 to 1."""
    clock: Callable[[], int] = now_us

    def expand(self, decisions: PCollection[bytes]) -> PCollection[bytes]:
        """From encoded `DecisionRecord` to nothing: a span that is lost is no dead letter."""
        step = beam.ParDo(SpansDoFn(self.endpoint, self.share, self.clock))
        return decisions | "Spans" >> step.with_output_types(bytes)


class SpansDoFn(beam.DoFn):
    """Holds the spans of a bundle, and sends them at its end."""

    def __init__(self, endpoint: str, share: float, clock: Callable[[], int]) -> None:
        super().__init__()
        self._endpoint, self._share, self._clock = endpoint, share, clock

    def setup(self) -> None:
        self._collector = Collector(self._endpoint)
        self._quiet_until_us = 0

    def start_bundle(self) -> None:
        self._spans: list[TriggerSpan] = []
        self._lost = 0

    def process(self, element: bytes) -> Iterator[bytes]:
        span = span_of(decision_of(element), self._share, self._clock())
        if span is not None and len(self._spans) < SPANS_MAX:
            self._spans.append(span)
        else:
            self._lost += span is not None
        yield from ()

    def finish_bundle(self) -> None:
        """Send what is held, once."""
        number = len(self._spans)
        is_sent = bool(number) and self._clock() >= self._quiet_until_us and self._send()
        count(SPANS_SENT, number * is_sent)
        count(SPANS_LOST, number * (not is_sent) + self._lost)
        self._spans.clear()

    def _send(self) -> bool:
        is_taken = self._collector.take(self._spans)
        if not is_taken:
            self._quiet_until_us = self._clock() + QUIET_US
        return is_taken

    def teardown(self) -> None:
        self._collector.close()


class Collector:
    """OpenTelemetry's own spans and exporter; its libraries are an extra, and are imported when there is one."""

    def __init__(self, endpoint: str) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - of an extra
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415

        self._trace, self._ids = trace, _Ids()
        resource = Resource.create({"service.name": "kittiwake", "service.version": __version__})
        provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False, id_generator=self._ids)
        self._tracer = provider.get_tracer("kittiwake", __version__)
        self._exporter: Any = OTLPSpanExporter(endpoint, timeout=TIMEOUT_S)

    def take(self, spans: list[TriggerSpan]) -> bool:
        """Whether the collector has taken them."""
        from opentelemetry.sdk.trace.export import SpanExportResult  # noqa: PLC0415

        try:
            found: bool = self._exporter.export([self._made(span) for span in spans]) is SpanExportResult.SUCCESS
        except Exception:  # noqa: BLE001 - whatever a library of others raises: a span is not worth a bundle
            return False
        return found

    def close(self) -> None:
        """Let its connections go."""
        self._exporter.shutdown()

    def _made(self, span: TriggerSpan) -> Any:
        trace = self._trace
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        event = trace.SpanContext(span.trace_id, span.parent_id, is_remote=True, trace_flags=flags)
        self._ids.next_id = span.span_id
        made = self._tracer.start_span(
            "kittiwake.trigger",
            trace.set_span_in_context(trace.NonRecordingSpan(event)),
            attributes=span.attributes,
            start_time=span.start_us * 1_000,
        )
        made.end(span.end_us * 1_000)
        return made


class _Ids:
    """As OpenTelemetry's `IdGenerator`: the id of a span is that of its trigger."""

    next_id = 0

    def generate_span_id(self) -> int:
        return self.next_id

    def generate_trace_id(self) -> int:
        raise AssertionError("a trigger is in the trace of its event")

    def is_trace_id_random(self) -> bool:
        return False
