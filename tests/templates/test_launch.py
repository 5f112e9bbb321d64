"""Flex Templates, launched as Google's launcher launches them: what the image starts, with the texts of a form."""

from __future__ import annotations

import pytest

pytest.importorskip("google.cloud.bigquery")

from kittiwake.pipelines import backfill
from kittiwake.pipelines.options.flex_template import IMAGE_VARIABLE
from kittiwake.pipelines.sinks.bigquery import TablesSink
from kittiwake.terminal.exit_codes import Exit
from templates.backfill.launch import main as launch_backfill
from templates.stream.launch import main as launch_stream
from tests.pipelines.test_template_launches import LAUNCH, STREAM, TEMPLATE, Dataflow, dataflow, rules, texts

__all__ = ["dataflow", "rules"]  # fixtures

IMAGE = "europe-west4-docker.pkg.dev/shop-1/kittiwake/stream:1"
# As the launcher has them of a request: beside the parameters of the template, Dataflow's own.
LAUNCHER = {
    **LAUNCH,
    "sdk_container_image": "",
    "staging_location": "gs://shop-1-dataflow/staging",
    "labels": '{"goog-dataflow-provided-template-type": "flex", "team": "crm"}',
    "service_account_email": "workers@shop-1.iam.gserviceaccount.com",
    "max_num_workers": "3",
    "num_workers": "1",
    "enable_streaming_engine": "true",
    "additional_experiments": "",
}


@pytest.fixture(autouse=True)
def _in_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IMAGE_VARIABLE, IMAGE)


def launcher_texts(*options: dict[str, str]) -> list[str]:
    return [text for text in texts(LAUNCHER, TEMPLATE, *options) if text != "--additional_experiments="]


def test_a_form_with_googles_names_becomes_a_graph_whose_workers_run_the_templates_own_image(
    dataflow: Dataflow, rules: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TablesSink, "prepare", lambda *_: None)
    form = {"inputSubscription": STREAM["subscription"], "outputTopic": STREAM["trigger_topic"], "subscription": ""}
    argv = launcher_texts(form, {"dataset": STREAM["dataset"], "create_tables": "true", "rules": rules})
    assert launch_stream(argv) == Exit.FINE, capsys.readouterr().err
    job = dataflow.graph
    assert (job["name"], job["type"]) == ("kittiwake", "JOB_TYPE_STREAMING")
    environment = job["environment"]
    images = {one["containerImage"] for one in environment["workerPools"][0]["sdkHarnessContainerImages"]}
    assert images == {IMAGE}
    assert environment["serviceAccountEmail"] == LAUNCHER["service_account_email"]
    assert job["labels"]["team"] == "crm"
    assert dataflow.submitted == []


def test_the_backfill_takes_googles_names_too_and_an_image_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[list[str]] = []
    monkeypatch.setattr(backfill, "main", lambda argv: taken.append(argv) or Exit.FINE)
    form = {"inputFilePattern": "gs://b/*.jsonl", "outputDirectory": "gs://b/out", "sdk_container_image": "other:2"}
    assert launch_backfill(texts(form)) == Exit.FINE
    assert taken == [["--input=gs://b/*.jsonl", "--output=gs://b/out", "--sdk_container_image=other:2"]]
    monkeypatch.delenv(IMAGE_VARIABLE)
    assert launch_backfill(["--input=gs://b/*"]) == Exit.FINE
    assert taken[1:] == [["--input=gs://b/*"]]


def test_one_option_under_two_names_is_refused(rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        launch_stream(launcher_texts(STREAM, {"rules": rules, "outputTopic": "projects/p/topics/t"})) == Exit.UNUSABLE
    )
    said = capsys.readouterr().err
    assert said == "stream: error: outputTopic and trigger_topic are two names of one option: leave one of them empty\n"
