"""`--check --update` compares the graph with the one that the running job has staged, and asks Dataflow if told to.

The running job's graph is what a launch has staged for real; Google's answers are made up over HTTP.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import google.auth
import pytest
import requests
from google.auth.credentials import AnonymousCredentials

pytest.importorskip("google.cloud.bigquery")

from apache_beam.options.pipeline_options import GoogleCloudOptions
from apache_beam.runners.dataflow.internal.apiclient import DataflowApplicationClient

from kittiwake.pipelines import stream
from kittiwake.pipelines.preflight import update
from kittiwake.pipelines.preflight.findings import Findings, Verdict
from kittiwake.pipelines.preflight.graph_shape import StepShape, changes, graph_of, shape_of
from kittiwake.pipelines.sinks.bigquery import TablesSink
from kittiwake.pipelines.sinks.pubsub import TopicSink
from kittiwake.pipelines.sources.subscription import SubscriptionSource
from kittiwake.terminal.exit_codes import Exit
from tests.input.inputs import write_rules
from tests.pipelines.test_dataflow_check import BEAM, EMAIL, IMAGE, JOBS, Service
from tests.pipelines.test_template_launches import LAUNCH, STREAM, Dataflow, texts

RUNNING = "2026-11-29_07"
ANSWER = "2026-11-30_01"
CHECK = {
    "check": "true", "update": "true", "no_auth": "", "service_account_email": EMAIL,
    "sdk_container_image": f"{IMAGE.partition('/')[0]}/shop-1/kittiwake/stream:1",
}  # fmt: skip
VALIDATE = {"dataflow_service_options": "graph_validate_only"}
WITHOUT_TABLES = {"dataset": ""}


def dataflow_of(patch: pytest.MonkeyPatch) -> Dataflow:
    """What reaches Dataflow's client from now on."""
    dataflow, client = Dataflow(), DataflowApplicationClient
    patch.setattr(client, "stage_file_with_retry", dataflow.stage)
    patch.setattr(client, "submit_job_description", dataflow.submit)
    patch.setattr(client, "job_id_for_name", lambda *_: RUNNING)
    patch.setattr(GoogleCloudOptions, "_warn_if_soft_delete_policy_enabled", lambda *_: None)
    for asked in (SubscriptionSource, TopicSink, TablesSink):
        patch.setattr(asked, "check", lambda *_: None)
    return dataflow


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The graph that a launch stages."""
    rules = {"rules": str(write_rules(tmp_path_factory.mktemp("launched") / "rules.yaml"))}
    with pytest.MonkeyPatch.context() as patch:
        dataflow = dataflow_of(patch)
        assert stream.main(texts(LAUNCH, STREAM, rules)) == Exit.FINE
    return next(one for name, one in dataflow.staged.items() if name.endswith("pipeline.pb"))


class Checking:
    """A job that runs, and a check of an update of it."""

    def __init__(self, dataflow: Dataflow, service: Service, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.dataflow, self.service = dataflow, service
        self._capsys = capsys
        self._rules = {"rules": str(write_rules(folder / "rules.yaml"))}
        self.staged = folder / "pipeline.pb"
        job = {"id": RUNNING, "environment": {"sdkPipelineOptions": {"options": {"pipelineUrl": str(self.staged)}}}}
        service.answers |= {JOBS: {"jobs": [{"id": RUNNING, "name": "kittiwake"}]}, f"{JOBS}/{RUNNING}": job}

    def __call__(self, *more: dict[str, str]) -> tuple[int, list[str]]:
        """The exit code, and what is said of the job itself."""
        code = stream.main(texts(LAUNCH, STREAM, self._rules, CHECK, *more))
        said = self._capsys.readouterr()
        assert code != Exit.FAILED, said.err
        lines = [line for line in said.out.splitlines() if "graph" in line or "Dataflow's" in line]
        return code, lines


@pytest.fixture
def check(
    launched: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Checking:
    made = Checking(dataflow_of(monkeypatch), Service(), tmp_path, capsys)
    made.staged.write_bytes(launched)
    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), "shop-1"))
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", made.service.send)
    monkeypatch.setattr(update, "POLL_S", 0.01)
    return made


def test_the_same_job_again_fits_and_nothing_is_staged_or_sent(check: Checking) -> None:
    code, (fits, unasked) = check()
    assert code == Exit.FINE
    assert fits.startswith(f"ok      job kittiwake: the graph fits that of {RUNNING}: ")
    assert fits.endswith(" steps, 0 of them new")
    assert unasked.endswith("was not asked: --dataflow_service_options=graph_validate_only does")
    assert (check.dataflow.staged, check.dataflow.submitted) == ({}, [])


def test_a_step_that_is_gone_is_named_before_anything_is_launched(check: Checking) -> None:
    code, lines = check(WITHOUT_TABLES)
    assert code == Exit.UNUSABLE
    assert lines[0].startswith(f"error   job kittiwake: the graph does not fit that of {RUNNING}: MergeDeadLetters")
    assert "WriteTables/" in lines[0]
    assert "--transform_name_mapping" in lines[0]


def test_what_is_given_up_on_purpose_is_no_error(check: Checking) -> None:
    mapping = '{"WriteTables": "", "MergeDeadLetters": ""}'
    code, lines = check(WITHOUT_TABLES, {"transform_name_mapping": mapping})
    assert code == Exit.FINE, lines


def test_another_coder_another_state_and_another_kind_are_named(check: Checking) -> None:
    now = shape_of(graph_of(check.staged.read_bytes()))
    name = next(one for one in now if "EvaluateDoFn" in one)
    timer = next(part for part in now[name].parts if part.startswith("timer "))
    parts = {one: what for one, what in now[name].parts.items() if one != timer} | {"out None": "pickle"}
    old = {**now, name: StepShape("impulse:v1", parts)}
    assert [one.text.partition(" was ")[0] for one in changes(old, now, {})] == [
        f"was impulse:v1, and is {now[name].kind}", "out None", f"{timer} is new",
    ]  # fmt: skip
    assert [one.text for one in changes(now, old, {}) if "gone" in one.text] == [f"{timer} is gone"]


def test_a_renamed_step_is_found_under_its_new_name_with_all_that_is_in_it() -> None:
    step = StepShape("pardo:v1", {"out None": "bytes"})
    old, new = {"A/B/C": step, "A2": step}, {"Z/B/C": step, "A2": step, "More": step}
    assert [(one.step, one.is_new) for one in changes(old, new, {"A": "Z"})] == [("More", True)]
    assert [one.step for one in changes(old, new, {}) if not one.is_new] == ["A/B/C"]


UNREADABLE: dict[str, tuple[Any, str]] = {
    "Dataflow does not say where": ({"id": RUNNING}, "Dataflow does not say where it is staged"),
    "there is no file": (
        {"environment": {"sdkPipelineOptions": {"options": {"pipelineUrl": "/no/such/file"}}}},
        "cannot read /no/such/file",
    ),
    "it may not be asked": (403, "Google does not say (403 no)"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_graph_that_cannot_be_read_stops_nothing_and_is_said(check: Checking, what: str) -> None:
    answer, wanted = UNREADABLE[what]
    check.service.answers[f"{JOBS}/{RUNNING}"] = answer
    code, lines = check()
    assert (code, lines[0].split(" ")[0]) == (Exit.FINE, "unknown")
    assert wanted in lines[0]


def test_a_file_that_is_no_graph_is_said(check: Checking) -> None:
    check.staged.write_bytes(b"\xff\xff\xff")
    assert check()[1][0] == f"unknown the graph of job {RUNNING}: {check.staged} is none"


class Sent:
    """A pipeline that was sent."""

    def run(self) -> Sent:
        return self

    def job_id(self) -> str:
        return ANSWER


ANSWERS: dict[str, tuple[dict[str, Any], Verdict, str]] = {
    "it fits": ({"currentState": "JOB_STATE_DONE"}, Verdict.OK, f"answer, {ANSWER}, is that the graph fits"),
    "it does not": ({"currentState": "JOB_STATE_FAILED"}, Verdict.WRONG, "is JOB_STATE_FAILED: coder mismatch"),
    "it has updated": ({"currentState": "JOB_STATE_RUNNING"}, Verdict.WRONG, "has taken the question for an update"),
    "it never says": ({"currentState": "JOB_STATE_QUEUED"}, Verdict.UNKNOWN, "in 0 minutes: it is JOB_STATE_QUEUED"),
}  # fmt: skip


@pytest.mark.parametrize("what", ANSWERS)
def test_what_dataflow_answers_is_told(check: Checking, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, verdict, wanted = ANSWERS[what]
    monkeypatch.setattr(update, "VALIDATION_S", 0.1)
    check.service.answers |= {
        f"{JOBS}/{RUNNING}": 403,
        f"{JOBS}/{ANSWER}": answer,
        f"{JOBS}/{ANSWER}/messages": {"jobMessages": [{"messageText": "coder mismatch\nin s3"}]},
    }
    findings = Findings(is_dataflow=True)
    asked = {**BEAM, "dataflow_service_options": ["graph_validate_only"]}
    update.check_update(asked, RUNNING, lambda *_: Sent(), findings)
    assert findings.found[-1].verdict is verdict
    assert wanted in findings.found[-1].text


def test_dataflow_is_sent_the_graph_once_if_the_options_say_so(check: Checking) -> None:
    check.service.answers |= {f"{JOBS}/{RUNNING}": 403, f"{JOBS}/{ANSWER}": {"currentState": "JOB_STATE_DONE"}}
    code, lines = check(VALIDATE)
    assert (code, lines[-1].partition(" that ")[2]) == (Exit.FINE, "the graph fits")
    (job,) = check.dataflow.submitted
    assert list(job.proto.environment.service_options) == ["graph_validate_only"]
    assert job.proto.replace_job_id == RUNNING


def test_an_update_that_cannot_be_launched_is_not_compared(check: Checking) -> None:
    check.service.answers[IMAGE] = 404
    code, lines = check(VALIDATE)
    assert (code, lines, check.dataflow.submitted) == (Exit.UNUSABLE, [], [])
