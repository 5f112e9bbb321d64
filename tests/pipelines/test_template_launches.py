"""Launches on Dataflow as a template's launcher makes them: texts `--name=value`, and nothing more.

Graphs are translated for real; staging and submission are stubbed at Dataflow's client, and Google's other services
are not asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("google.cloud.bigquery")

from apache_beam.options.pipeline_options import GoogleCloudOptions
from apache_beam.runners.dataflow.internal.apiclient import DataflowApplicationClient
from google.cloud import dataflow_v1beta3

from kittiwake.pipelines import backfill, stream
from kittiwake.pipelines.options import activate, recall, reconcile
from kittiwake.pipelines.options.stream import parse_stream_options
from kittiwake.pipelines.sinks.bigquery import TablesSink
from kittiwake.pipelines.sinks.pubsub import TopicSink
from kittiwake.pipelines.sources.subscription import SubscriptionSource
from kittiwake.terminal.exit_codes import Exit
from tests.input.inputs import record, write_lines, write_rules
from tests.pipelines.running import ROOT
from tests.pipelines.test_places import Elsewhere

LAUNCH = {
    "runner": "DataflowRunner",
    "project": "shop-1",
    "region": "europe-west4",
    "job_name": "kittiwake",
    "temp_location": "gs://shop-1-dataflow/temp",
    "sdk_container_image": "europe-west4-docker.pkg.dev/shop-1/images/kittiwake:1",
    "no_auth": "true",
    # Beam would list what pip has installed here, for minutes on a loaded machine
    "experiments": "disable_logging_submission_environment",
}
STREAM = {
    "subscription": "projects/shop-1/subscriptions/events",
    "trigger_topic": "projects/shop-1/topics/triggers",
    "dataset": "shop-1.marketing",
}
TEMPLATE = {"template_location": "gs://shop-1-dataflow/launches/1/job_object"}
WITHOUT_GOOGLE = """
import runpy, sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name in ("google.cloud", "google.api_core", "google.auth", "google.pubsub_v1"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


class Dataflow:
    """What reached Dataflow's client."""

    def __init__(self) -> None:
        self.staged: dict[str, bytes] = {}
        self.submitted: list[Any] = []

    def stage(self, folder: str, name: str, content: Any, **_: Any) -> None:
        self.staged[f"{folder}/{name}"] = Path(content).read_bytes() if isinstance(content, str) else content.read()

    def submit(self, job: Any) -> dataflow_v1beta3.Job:
        self.submitted.append(job)
        return dataflow_v1beta3.Job(id="2026-11-30_01", name=job.proto.name)

    @property
    def graph(self) -> dict[str, Any]:
        """The job as the template holds it."""
        found: dict[str, Any] = json.loads(self.staged[TEMPLATE["template_location"]])
        return found


@pytest.fixture
def dataflow(monkeypatch: pytest.MonkeyPatch) -> Dataflow:
    service = Dataflow()
    client = DataflowApplicationClient
    monkeypatch.setattr(client, "stage_file_with_retry", service.stage)
    monkeypatch.setattr(client, "submit_job_description", service.submit)
    monkeypatch.setattr(GoogleCloudOptions, "_warn_if_soft_delete_policy_enabled", lambda *_: None)
    for asked in (SubscriptionSource, TopicSink, TablesSink):
        monkeypatch.setattr(asked, "check", lambda *_: None)
    return service


@pytest.fixture
def rules(tmp_path: Path) -> str:
    return str(write_rules(tmp_path / "rules.yaml"))


def texts(*options: dict[str, str]) -> list[str]:
    """Options as a launcher writes them; later ones win."""
    return [f"--{name}={value}" for name, value in {k: v for one in options for k, v in one.items()}.items()]


def test_a_template_of_the_stream_is_staged_and_that_is_no_failure(
    dataflow: Dataflow, rules: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    created: list[bool] = []
    monkeypatch.setattr(TablesSink, "prepare", lambda sink, _: created.append(sink.create))
    empty = dict.fromkeys(("bigquery_method", "max_age", "snapshots", "id_label", "dataflow_endpoint"), "")
    switches = {"create_tables": "true", "check": "false", "enable_streaming_engine": "true", "update": "false"}
    assert stream.main(texts(LAUNCH, STREAM, TEMPLATE, empty, switches, {"rules": rules})) == Exit.FINE
    said = capsys.readouterr()
    assert (said.out, dataflow.submitted, created) == ("", [], [True])
    assert said.err.endswith("stream: the graph is written; the job that a template starts from it runs by itself\n")
    assert (dataflow.graph["name"], dataflow.graph["type"]) == ("kittiwake", "JOB_TYPE_STREAMING")
    pipeline = next(content for name, content in dataflow.staged.items() if name.endswith("pipeline.pb"))
    assert b"WriteTables/Rows triggers" in pipeline


def test_a_launched_job_is_one_line_of_json_and_beams_own_line(
    dataflow: Dataflow, rules: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = write_rules(tmp_path / "more.yaml", "account: globex\nrules: [{id: cart, when: cart.item_added}]\n")
    launch = texts(LAUNCH, STREAM, {"rules": f"{rules},{more}"})
    assert parse_stream_options(launch).options.rules == (rules, str(more))
    assert stream.main(launch) == Exit.FINE
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "id": "2026-11-30_01",
        "name": "kittiwake",
        "region": "europe-west4",
        "console": "https://console.cloud.google.com/dataflow/jobs/europe-west4/2026-11-30_01?project=shop-1",
    }
    assert said.out.count("\n") == 1
    assert "Created job with id: [2026-11-30_01]" in said.err
    assert len(dataflow.submitted) == 1


def test_a_template_of_the_backfill_is_staged(
    dataflow: Dataflow, rules: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Elsewhere.scheme() == "elsewhere"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere:" / "bucket").mkdir(parents=True)
    for name in ("a", "b"):
        write_lines(tmp_path / "elsewhere:" / "bucket" / f"{name}.jsonl", [record(event_id=name)])
    files = {"input": "elsewhere://bucket/a.jsonl,elsewhere://bucket/b.jsonl", "output": "elsewhere://bucket/out"}
    switches = {"snapshots": "true", "allow_empty": "true", "strict": "false", "until": "", "start": ""}
    assert backfill.main(texts(LAUNCH, TEMPLATE, files, switches, {"rules": rules})) == Exit.FINE
    said = capsys.readouterr()
    assert (said.out, dataflow.submitted, dataflow.graph["type"]) == ("", [], "JOB_TYPE_BATCH")
    assert "backfill: 2 file(s)" in said.err


MISSING = {
    "--project": {"project": ""},
    "--region": {"region": ""},
    "--temp_location": {"temp_location": ""},
    "Dataflow's": {"sdk_container_image": ""},
    "--setup_file": {"setup_file": "no/setup.py"},
}


def test_a_launch_without_what_dataflow_needs_is_refused_with_what_to_write(
    dataflow: Dataflow, rules: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = {"snapshots": str(tmp_path / "*.jsonl"), "output": str(tmp_path / "out")}
    lacking = {name: value for one in MISSING.values() for name, value in one.items() if name != "setup_file"}
    assert stream.main(texts(LAUNCH, STREAM, lacking, here, {"rules": rules})) == Exit.UNUSABLE
    launched = [line.removeprefix("stream: error: ") for line in capsys.readouterr().err.splitlines()]
    assert [line.split(" ")[0] for line in launched[:6]] == [*list(MISSING)[:4], "--snapshots", "--output"]
    assert all("write " in line for line in launched[:6])
    assert stream.main(texts(LAUNCH, STREAM, lacking, here, {"rules": rules, "check": "true"})) == Exit.UNUSABLE
    checked = [line for line in capsys.readouterr().out.splitlines() if line.startswith("error")]
    assert [line.removeprefix("error").strip() for line in checked] == launched
    local = {"input": str(tmp_path / "events.jsonl"), "output": str(tmp_path / "out"), "rules": rules}
    assert backfill.main(texts(LAUNCH, lacking, local)) == Exit.UNUSABLE
    refused = [line.removeprefix("backfill: error: ") for line in capsys.readouterr().err.splitlines()]
    assert [line.split(" ")[0] for line in refused] == [*list(MISSING)[:4], "--input", "--output"]
    assert (dataflow.staged, dataflow.submitted) == ({}, [])


@pytest.mark.parametrize("name", MISSING)
def test_each_of_them_alone_is_refused(
    dataflow: Dataflow, rules: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stream.main(texts(LAUNCH, STREAM, MISSING[name], {"rules": rules})) == Exit.UNUSABLE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"stream: error: {name} ")


def test_a_switch_that_is_neither_true_nor_false_is_refused(rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        stream.main(texts(STREAM, {"rules": rules, "create_tables": "yes"}))
    assert ended.value.code == Exit.UNUSABLE
    assert "--create_tables: write true or false instead of 'yes'" in capsys.readouterr().err
    assert stream.main(texts(LAUNCH, STREAM, {"rules": rules, "update": "yes"})) == Exit.UNUSABLE
    assert "--update: write true or false instead of 'yes'" in capsys.readouterr().err


def test_without_googles_clients_help_works_and_a_run_says_which_extra_has_them(rules: str) -> None:
    def start(*argv: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT_GOOGLE, "kittiwake.pipelines.stream", *argv]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    helped = start("--help")
    assert (helped.returncode, helped.stderr) == (Exit.FINE, "")
    ran = start(*texts(STREAM, {"rules": rules}))
    assert ran.returncode == Exit.UNUSABLE
    assert ran.stderr.splitlines() == [
        f"stream: error: --{name} needs Google's clients, which are not installed: pip install 'kittiwake[gcp]'"
        for name in ("subscription", "trigger_topic", "dataset")
    ]


def test_the_other_mains_take_the_same_texts(tmp_path: Path) -> None:
    sides = ("--stream=a", "--backfill=b")
    options = reconcile.parse_options([*sides, "--from=", "--output=", "--strict=true", "--json=false"])
    assert (options.span.from_us, options.output, options.strict, options.as_json) == (None, None, True, False)
    asked = ("--rule=acme/cart", "--version=", "--from=2026-11-03T00:00:00Z", "--until=", "--list=")
    taken = recall.parse_options(
        ["--stream=a", *asked, "--topic=", "--no_topic=true", "--confirm=1,204", "--json=false"]
    )
    assert (taken.asked.version, taken.topic, taken.confirmed, taken.as_json) == (None, None, 1_204, False)
    needed = ("--from-run=out", "--topic=projects/p/topics/t", "--fire-if-fresh=6h", "--record=sent.jsonl")
    (tmp_path / "a,b").touch()
    sent = activate.parse_options([*needed, "--sent=x,y", "--sent", str(tmp_path / "a,b"), "--dry-run=true"])
    assert (sent.sent, sent.dry_run) == (("x", "y", str(tmp_path / "a,b")), True)
