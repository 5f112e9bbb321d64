"""What a job tells into files: every row of each kind, and the same file for the same bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from kittiwake.stream.records import decision_of, encode
from kittiwake.transforms.sinks.base import SinkInputs
from kittiwake.transforms.sinks.json_files import WriteJsonLines
from kittiwake.values import parse_json
from tests.stream import sample_records

ONE, TWO = "1" * 32, "2" * 32


def kept(folder: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for file in sorted(folder.glob("*/*")):
        assert file.suffix == ".jsonl"
        found.setdefault(file.parent.name, []).extend(map(json.loads, file.read_text(encoding="utf-8").splitlines()))
    return found


def keep(folder: Path) -> None:
    told = [encode(sample_records.trigger(ONE)), encode(sample_records.bare(TWO))]
    with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([])) as pipeline:
        rows = [
            pipeline | name >> beam.Create(of).with_output_types(bytes)
            for name, of in (
                ("T", told),
                ("D", [encode(sample_records.dead())]),
                ("L", [encode(sample_records.late())]),
            )
        ]
        _ = SinkInputs(*rows) | WriteJsonLines(str(folder))


def test_rows_of_each_kind_are_lines_of_a_folder(tmp_path: Path) -> None:
    keep(tmp_path)
    found = kept(tmp_path)
    assert sorted(found) == ["dead_letters", "decisions", "late_events"]
    assert sorted(row["trigger_id"] for row in found["decisions"]) == [ONE, TWO]
    row = parse_json(decision_of(encode(sample_records.trigger(ONE))).row)
    assert json.loads(json.dumps(row, default=float)) in found["decisions"]
    assert [row["reason"] for row in found["dead_letters"]] == ["not_utf8"]
    assert [row["event_id"] for row in found["late_events"]] == ["e0"]


def test_the_same_bundle_again_writes_the_same_file(tmp_path: Path) -> None:
    keep(tmp_path)
    first = kept(tmp_path)
    keep(tmp_path)
    assert kept(tmp_path) == first
