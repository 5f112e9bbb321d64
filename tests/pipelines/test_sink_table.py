"""A sink is its own file and a row of SINKS: options, preflight check and graph loop over the rows. So is a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

pytest.importorskip("google.cloud.bigquery")

from kittiwake.pipelines import check
from kittiwake.pipelines.flags import FlagGroup, OptionReader, OptionRow, flag
from kittiwake.pipelines.graphs.stream import build_stream, stream_pipeline
from kittiwake.pipelines.options import stream as options
from kittiwake.pipelines.preflight.findings import Finding, Findings, Ready, Verdict
from kittiwake.pipelines.runner import STREAMING, new_pipeline
from kittiwake.pipelines.sinks import table as sinks
from kittiwake.pipelines.sources.table import SOURCES
from kittiwake.transforms.sinks.base import SinkInputs, SinkKind
from tests.pipelines.walking import walked

RULES = "account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h}\n"


class WriteNowhere(beam.PTransform):
    def expand(self, inputs: SinkInputs) -> None:
        _ = inputs.dead_letters | "Drop" >> beam.Filter(lambda _: False)


class PlantedSink:
    kind, label = SinkKind.RECORDS, "WriteNowhere"

    def step(self) -> beam.PTransform:
        return WriteNowhere()

    def prepare(self, report: Any) -> None: ...

    def check(self, findings: Findings) -> None:
        findings.ok("nowhere: is everywhere")


def read(reader: OptionReader) -> PlantedSink | None:
    return PlantedSink() if reader.typed.nowhere else None


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    row = OptionRow("nowhere", (flag(FlagGroup.FROM_AND_TO, "--nowhere", metavar="NAME", help="drops all"),), read)
    rows = (*sinks.SINKS, row)
    for module in (sinks, options):
        monkeypatch.setattr(module, "SINKS", rows)


@pytest.fixture
def argv(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "events.jsonl").write_bytes(b"{}\n")
    return "--rules", str(tmp_path / "rules.yaml"), "--events", str(tmp_path / "events.jsonl")


def test_a_row_more_is_a_flag_a_question_and_a_step_more(planted: None, argv: tuple[str, ...]) -> None:
    parsed, problems = options.parse_stream_options((*argv, "--nowhere", "x"))
    assert problems == ()
    checked = check.check(parsed, stream_pipeline)
    assert isinstance(checked, Ready)
    assert checked.findings[-1] == Finding(Verdict.OK, "nowhere: is everywhere")
    pipeline = new_pipeline(STREAMING, ("--streaming",))
    build_stream(pipeline, parsed, checked.rules)
    labels = {step.full_label for step in walked(pipeline).steps}
    assert {"MergeDeadLetters", "WriteNowhere", "WriteNowhere/Drop"} <= labels


def test_without_any_sink_each_of_them_is_proposed(planted: None, argv: tuple[str, ...]) -> None:
    problems = options.parse_stream_options(argv).problems
    named = "a --trigger_topic, a --dataset, an --output, a --trace_endpoint, a --nowhere, or several"
    assert problems == (f"nothing would come of it: name {named}",)


def test_a_row_that_is_asked_for_and_says_neither_what_it_is_nor_what_is_wrong_is_refused(
    planted: None, argv: tuple[str, ...]
) -> None:
    """The planted row takes an empty text for none."""
    with pytest.raises(AssertionError, match="--nowhere is asked for, and was read as nothing"):
        options.parse_stream_options((*argv, "--output", "o", "--nowhere", ""))


def test_every_row_is_called_by_its_first_flag_and_every_step_has_a_label_of_its_own() -> None:
    rows = [*(row.options for row in SOURCES), *sinks.SINKS]
    assert [row.flags[0].name for row in rows] == [f"--{row.name}" for row in rows]
    argv = ("--subscription", "projects/p/subscriptions/s", "--rules", "r", "--trigger_topic", "projects/p/topics/t")
    more = ("--dataset", "shop-1.marketing", "--output", "o", "--trace_endpoint", "http://c:4318/v1/traces")
    parsed, problems = options.parse_stream_options((*argv, *more))
    assert problems == ()
    labels = [sink.label for sink in parsed.sinks]
    assert len(set(labels)) == len(labels) == len(sinks.SINKS)
