"""The graph of the main job: names that stay, and no output without a consumer."""

from __future__ import annotations

from pathlib import Path

import apache_beam as beam
import pytest

from kittiwake.batch.settings import RunSettings
from kittiwake.pipelines.graphs.backfill import build_backfill
from kittiwake.pipelines.locations import open_location
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.transforms.input_files import InputFile
from tests.input.inputs import write_rules
from tests.pipelines.walking import Walk, walked

# What --update of a running job, its metrics and its log go by. Renaming a step breaks them.
STEPS = {
    "Read/Files", "Read/Split", "Read/Reshuffle", "Read/Lines", "Parse/Parse",
    "SumInputCounts/Merge", "SumInputCounts/Sum", "SumAllCounts/Merge", "SumAllCounts/Sum",
    "Evaluate/GroupByContact", "Evaluate/Evaluate",
    "WriteDeadLetters/Files", "WriteDecisions/Files", "WriteTriggers/Files", "WriteSummary/File",
    "FinishOutput/Names", "FinishOutput/Finish",
}  # fmt: skip
SINKS = ("WriteDeadLetters", "WriteDecisions", "WriteTriggers", "WriteSummary", "FinishOutput")


OF_ITEMS = {"JoinItems/GroupByItem", "JoinItems/Join"}
CATALOGUE = """
account: acme
rules:
  - {id: drop, when: {item: {price: {drops_by: 1}}}, interest: {events: viewed, item: product_id, within: 1d}}
"""


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    return _walked(tmp_path, write_rules(tmp_path / "rules.yaml"), RunSettings(0))


def _walked(tmp_path: Path, rules: Path, settings: RunSettings) -> Walk:
    pipeline = beam.Pipeline(runner="apache_beam.runners.portability.fn_api_runner.FnApiRunner")
    location = open_location(str(tmp_path / "out"))
    build_backfill(pipeline, (InputFile("a.jsonl", 3),), Programs(load(rules)), settings, location)
    location.discard()
    return walked(pipeline)


def _labels(walk: Walk) -> set[str]:
    labels = {step.full_label for step in walk.steps}
    return {label for label in labels if label.count("/") == 1 and not label.split("/")[1].startswith("_")}


def test_every_step_of_ours_has_a_label_that_stays(walk: Walk) -> None:
    assert _labels(walk) == STEPS


def test_only_catalogue_rules_bring_steps_of_items(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(CATALOGUE)
    snapshots = {"WriteSnapshots/Files", "WriteItemSnapshots/Files"}
    manifest = {"WriteManifest/Reshuffle", "WriteManifest/Sum", "WriteManifest/All", "WriteManifest/Write"}
    assert _labels(_walked(tmp_path, rules, RunSettings(0, snapshots=True))) == STEPS | OF_ITEMS | snapshots | manifest


def test_every_output_has_a_consumer(walk: Walk) -> None:
    unread = {
        step.full_label
        for step in walk.steps
        if not step.full_label.startswith(SINKS)
        for output in step.outputs.values()
        if output not in walk.read and "Counts/Sum/" not in step.full_label
    }
    assert unread == set()
