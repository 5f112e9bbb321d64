"""The graph of the streaming job: names that stay, the same steps whatever the inputs, no output without a consumer."""

from __future__ import annotations

from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.coders import BytesCoder, TupleCoder
from apache_beam.portability.api import beam_runner_api_pb2

pytest.importorskip("google.cloud.bigquery")

from kittiwake.output.snapshot_set import RowSum
from kittiwake.pipelines.graphs.stream import build_stream
from kittiwake.pipelines.options.stream import parse_stream_options
from kittiwake.pipelines.runner import STREAMING, new_pipeline
from kittiwake.stream.rules_source.source import rules_source
from kittiwake.transforms.snapshot_parts import SnapshotSource
from tests.pipelines.walking import Walk, walked

BASE = ("--subscription", "projects/shop-1/subscriptions/events", "--rules", "r")
TO_TOPIC = ("--trigger_topic", "projects/shop-1/topics/triggers")
TO_TABLES = ("--dataset", "shop-1.marketing")

# What --update of a running job, its metrics and its log go by. Renaming a step breaks them, a DoFn of ours among them.
ALWAYS = {
    "Read", "Parse", "Parse/Parse", "Parse/Parse/ParDo(ParseDoFn)", "LoadSnapshots", "LoadSnapshots/Files",
    "LoadSnapshots/Reshuffle", "LoadSnapshots/Rows", "LoadSnapshots/Rows/FlatMap(_seeds)", "MergeSnapshots",
    "MergeItemSnapshots", "JoinItems", "JoinItems/Join", "JoinItems/Join/ParDo(JoinDoFn)",
    "Evaluate", "Evaluate/Evaluate", "Evaluate/Evaluate/ParDo(EvaluateDoFn)",
}  # fmt: skip
TOPIC = {
    "PublishTriggers",
    "PublishTriggers/Messages",
    "PublishTriggers/Messages/ParDo(_Messages)",
    "PublishTriggers/Publish",
}
TABLES = {
    "MergeDeadLetters", "WriteTables", "WriteTables/Refused", "WriteTables/DeadLetters", "WriteTables/Lost",
    *(f"WriteTables/{step} {table}" for table in ("triggers", "decisions", "dead_letters", "late_events")
      for step in ("Rows", "Write")),
    *(f"WriteTables/Refused {table}" for table in ("triggers", "decisions", "late_events")),
}  # fmt: skip
OF_BEAM = (
    "Read/",
    "PublishTriggers/Publish/",
    "WriteTables/Write ",
    "LoadSnapshots/Files/",
    "LoadSnapshots/Reshuffle/",
)
ENDS = ("PublishTriggers/Publish", "WriteTables/Lost", "WriteTables/Refused", "WriteTables")
"""What comes of writing is for tests; dead letters among it have been written."""


def graph(tmp_path: Path, *flags: str, snapshots: tuple[SnapshotSource, ...] = ()) -> Walk:
    path = tmp_path / "rules.yaml"
    path.write_text("account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h}\n")
    options, problems = parse_stream_options((*BASE, *flags))
    assert problems == ()
    pipeline = new_pipeline(STREAMING, ("--streaming",))
    build_stream(pipeline, options, rules_source(path, allowed_lateness_us=options.allowed_lateness_us), snapshots)
    return walked(pipeline)


def labels(walk: Walk) -> set[str]:
    return {step.full_label for step in walk.steps}


def ours(walk: Walk) -> set[str]:
    return {label for label in labels(walk) if label and not label.startswith(OF_BEAM)} | {
        label for label in labels(walk) if label.startswith("WriteTables/Write ") and label.count("/") == 1
    }


@pytest.mark.parametrize(
    ("flags", "steps"),
    [
        pytest.param(TO_TOPIC, ALWAYS | TOPIC, id="topic"),
        pytest.param(TO_TABLES, ALWAYS | TABLES, id="tables"),
        pytest.param((*TO_TOPIC, *TO_TABLES), ALWAYS | TOPIC | TABLES, id="both"),
        pytest.param(
            (*TO_TABLES, "--decisions", "off"),
            ALWAYS | {step for step in TABLES if not step.endswith(" decisions")},
            id="no decisions",
        ),
    ],
)
def test_every_step_of_ours_has_a_label_that_stays(tmp_path: Path, flags: tuple[str, ...], steps: set[str]) -> None:
    assert ours(graph(tmp_path, *flags)) == steps


def test_snapshots_change_no_step_so_that_a_job_can_be_updated(tmp_path: Path) -> None:
    without = graph(tmp_path, *TO_TOPIC, *TO_TABLES)
    files = tuple(SnapshotSource(name, RowSum().file(name)) for name in ("a.jsonl", "b.jsonl"))
    two = graph(tmp_path, *TO_TOPIC, *TO_TABLES, snapshots=files)
    assert labels(without) == labels(two)


@pytest.mark.parametrize("flags", [(*TO_TOPIC, *TO_TABLES), TO_TABLES], ids=["both", "tables"])
def test_every_output_has_a_consumer(tmp_path: Path, flags: tuple[str, ...]) -> None:
    walk = graph(tmp_path, *flags)
    unread = {
        step.full_label
        for step in walk.steps
        for output in step.outputs.values()
        if output not in walk.read and not step.full_label.startswith(OF_BEAM)
    }
    assert unread <= {*ENDS, "PublishTriggers"}


def test_what_crosses_the_shuffle_is_bytes(tmp_path: Path) -> None:
    (coming,) = (step for step in graph(tmp_path, *TO_TOPIC).steps if step.full_label == "MergeSnapshots")
    (output,) = coming.outputs.values()
    coder = beam.coders.registry.get_coder(output.element_type)
    assert isinstance(coder, TupleCoder)
    assert all(isinstance(part, BytesCoder) for part in coder.coders())


def test_dataflow_is_told_subscription_attribute_and_label(tmp_path: Path) -> None:
    flags = ("--runner", "DataflowRunner", "--timestamp_attribute", "at", "--id_label", "event_id")
    pipeline = graph(tmp_path, *TO_TOPIC, *TO_TABLES, *flags).pipeline
    reads = [
        one.spec for one in pipeline.to_runner_api().components.transforms.values() if one.unique_name == "Read/Read"
    ]
    (payload,) = [beam_runner_api_pb2.PubSubReadPayload.FromString(spec.payload) for spec in reads]
    assert (payload.subscription, payload.timestamp_attribute, payload.id_attribute, payload.with_attributes) == (
        "projects/shop-1/subscriptions/events",
        "at",
        "event_id",
        True,
    )


def test_the_local_runner_is_not_told_of_an_attribute_over_which_it_could_only_fail(tmp_path: Path) -> None:
    pipeline = graph(tmp_path, *TO_TOPIC, "--timestamp_attribute", "at").pipeline
    (read,) = (step for step in walked(pipeline).steps if step.full_label == "Read/Read")
    assert read.transform.source.timestamp_attribute is None
