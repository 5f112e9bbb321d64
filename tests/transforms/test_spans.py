"""Spans of triggers reach a collector that reads OTLP; one that does not take them costs spans and no trigger."""

from __future__ import annotations

import ast
import os
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from kittiwake import __version__
from kittiwake.model import EventIds
from kittiwake.pipelines.runner import new_pipeline, runner_named
from kittiwake.reasons import Outcome, Reason
from kittiwake.stream.records import DecisionRecord, encode
from kittiwake.stream.spans import is_sampled, span_of
from kittiwake.transforms.sinks import spans as sink
from kittiwake.transforms.sinks.spans import QUIET_US, SPANS_MAX, SendSpans
from tests.stream import sample_records
from tests.stream.sample_records import AT_US, CLOCK_US, TRACE

if find_spec("opentelemetry.exporter") is None or find_spec("opentelemetry.exporter.otlp") is None:
    if os.environ.get("CI"):
        pytest.fail("OpenTelemetry's exporter is not installed: make venv", pytrace=False)
    pytest.skip("OpenTelemetry's exporter is not installed: make venv", allow_module_level=True)

from tests.transforms.collector import collector

ONE, TWO = "1" * 32, "2" * 32
UNSAMPLED = TRACE[:-2] + "00"


def sent(records: list[DecisionRecord], endpoint: str, share: float = 1.0) -> dict[str, int]:
    """What the step has counted, of one bundle."""
    pipeline = new_pipeline(runner_named(None), [])
    told = pipeline | beam.Create(list(map(encode, records)), reshuffle=False).with_output_types(bytes)
    _ = told | SendSpans(endpoint, share, sample_records.clock)
    result = pipeline.run()
    result.wait_until_finish()
    return {one.key.metric.name: one.committed for one in result.metrics().query()["counters"]}


def values(span: Any) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_trigger_is_a_span_in_the_trace_of_its_event() -> None:
    with collector() as received:
        counted = sent([sample_records.trigger(ONE, TRACE)], received.endpoint)
    (span,) = received.spans
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE[3:35], TRACE[36:52])
    assert (span.name, span.start_time_unix_nano, span.end_time_unix_nano) == (
        "kittiwake.trigger",
        AT_US * 1_000,
        CLOCK_US * 1_000,
    )
    assert values(span) == {
        "kittiwake.account_id": "acme",
        "kittiwake.rule_id": "cart",
        "kittiwake.trigger_id": ONE,
        "kittiwake.revision": 0,
        "kittiwake.kind": "fired",
        "kittiwake.decision": "fired",
    }
    assert counted == {"spans_sent": 1}
    (resource,) = [one.resource for one in received.requests[0].resource_spans]
    assert values(resource)["service.version"] == __version__


def test_what_takes_a_trigger_back_is_a_span_of_its_own_that_says_why() -> None:
    revoked = {"decision": Outcome.REVOKED, "reason": Reason.LATE_EVENT, "fired_at_us": None, "revision": 1}
    with collector() as received:
        sent([sample_records.trigger(ONE, TRACE), sample_records.trigger(ONE, TRACE, **revoked)], received.endpoint)
    first, second = sorted(received.spans, key=lambda span: values(span)["kittiwake.revision"])
    assert values(second)["kittiwake.reason"] == "late_event"
    assert first.span_id != second.span_id


def test_a_span_says_nothing_of_the_contact_and_its_events() -> None:
    ids = EventIds("event-first", "event-last", 2, AT_US - 1, AT_US, "cart.item_added")
    with collector() as received:
        sent([sample_records.trigger(ONE, TRACE, contact_id="contact-77", events=ids)], received.endpoint)
    (body,) = received.bodies
    for personal in ("contact-77", "event-first", "event-last", "Zoë", "68.74", "cart.item_added"):
        assert personal.encode() not in body


def test_a_bundle_that_is_tried_again_gives_the_same_span() -> None:
    with collector() as received:
        for _ in range(2):
            sent([sample_records.trigger(ONE, TRACE)], received.endpoint)
    assert received.spans[0] == received.spans[1]


def test_a_trace_that_is_not_sampled_is_left_alone() -> None:
    others = ("", "00-0-0-01", UNSAMPLED, "ff" + TRACE[2:], TRACE.replace("b7ad6b7169203331", "0" * 16), TRACE + "-x")
    found = [sample_records.trigger(ONE, trace) for trace in (None, *others)]
    stale = sample_records.trigger(TWO, TRACE, stale=True)
    told = [span_of(record, 1.0, CLOCK_US) for record in (*found, stale)]
    assert [one is not None for one in told] == [False] * 6 + [True, False]


def test_a_share_of_triggers_is_always_the_same_and_within_a_larger_share() -> None:
    ids = [f"{number:032x}" for number in range(2_000)]
    quarter = [one for one in ids if is_sampled(one, 0.25)]
    assert 400 < len(quarter) < 600
    assert set(quarter) < {one for one in ids if is_sampled(one, 0.5)}
    assert [one for one in ids if is_sampled(one, 1.0)] == ids


@pytest.mark.parametrize("answer", [400, 500])
def test_a_collector_that_refuses_costs_the_spans_and_no_bundle(answer: int) -> None:
    with collector(answer) as received:
        assert sent([sample_records.trigger(ONE, TRACE)], received.endpoint) == {"spans_lost": 1}
    assert received.spans


def test_a_bundle_has_a_bounded_number_of_spans_and_counts_the_rest() -> None:
    records = [sample_records.trigger(f"{number:032x}", TRACE) for number in range(SPANS_MAX + 3)]
    with collector() as received:
        assert sent(records, received.endpoint) == {"spans_sent": SPANS_MAX, "spans_lost": 3}
    assert len(received.requests) == 1


def test_a_collector_that_is_down_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}/v1/traces"
        clock = [CLOCK_US]
        step = sink.SpansDoFn(endpoint, 1.0, lambda: clock[0])
        asked, counted = [], []
        step.setup()
        take = step._collector.take
        monkeypatch.setattr(step._collector, "take", lambda spans: asked.append(len(spans)) or take(spans))
        monkeypatch.setattr(sink, "count", lambda metric, number: counted.append((metric.name, number)))
        for wait_us in (0, QUIET_US - 1, 1):
            clock[0] += wait_us
            step.start_bundle()
            assert list(step.process(encode(sample_records.trigger(ONE, TRACE)))) == []
            step.finish_bundle()
        step.teardown()
    assert asked == [1, 1]
    assert counted == [("spans_sent", 0), ("spans_lost", 1)] * 3


def test_nothing_of_opentelemetry_is_imported_before_a_worker_sends_spans() -> None:
    imported = [node for node in ast.parse(Path(sink.__file__).read_text()).body if isinstance(node, ast.ImportFrom)]
    assert imported
    assert not [node.module for node in imported if str(node.module).startswith("opentelemetry")]
