"""Preflight questions about an update: does the graph fit that of the running job, and does Dataflow take it?

Called by `kittiwake.pipelines.check` for `--check` with `--update`. Beam stages the graph of a job; that of the running
job is read there, and compared with the one that a launch would send. Dataflow itself is asked only if the options ask
it to validate: that sends it the graph, as a launch does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import apache_beam as beam_sdk
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import GoogleCloudOptions
from google.protobuf.message import DecodeError

from kittiwake.pipelines.google.error_text import first_line
from kittiwake.pipelines.preflight.asking import Google, asking, jobs_url
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.pipelines.preflight.graph_shape import Change, changes, graph_of, shape_of

VALIDATES: Final = "graph_validate_only"
"""Of `--dataflow_service_options`: Dataflow compares the graph with the running job's, and starts nothing."""
VALIDATION_S: Final = 600
"""For Dataflow to say so; a launch takes some minutes."""
POLL_S: Final = 10.0
CHANGES_SHOWN: Final = 10
GRAPH_BYTES_MAX: Final = 64_000_000
"""Of a staged graph; ours is some 200 kB, and Dataflow takes 20 MB of its own form."""
_ADVICE: Final = (
    "Give the option back that the running job has; or name steps in --transform_name_mapping; "
    "or freeze, drain, and start from a backfill"
)
_RUNNING: Final = "JOB_STATE_RUNNING"
_PASSED: Final = "JOB_STATE_DONE"
_ENDED: Final = (_PASSED, "JOB_STATE_FAILED", "JOB_STATE_CANCELLED", _RUNNING)

Build = Callable[..., beam_sdk.Pipeline]
"""The pipeline of a launch, with the flags given beside those that were typed."""


def check_update(beam: Mapping[str, Any], job_id: str, build: Build, findings: Findings) -> None:
    """Compare the graph with that of the running job; ask Dataflow too, if the options ask it to validate."""
    with asking(findings) as google:
        if google is None:
            return
        running = _running_graph(google, beam, job_id, findings)
        if running is not None:
            _compare(beam, job_id, running, _new_graph(build), findings)
        if VALIDATES in _service_options(beam):
            _ask_dataflow(google, beam, build, findings)
        else:
            findings.unknown(
                f"job {beam['job_name']}: what Dataflow itself says of the graph was not asked: "
                f"--dataflow_service_options={VALIDATES} does"
            )


def _service_options(beam: Mapping[str, Any]) -> list[str]:
    return [one for text in beam.get("dataflow_service_options") or () for one in text.split(",")]


# ---------------------------------------------------------------- both graphs


def _running_graph(google: Google, beam: Mapping[str, Any], job_id: str, findings: Findings) -> Any:
    """None, and a finding: it cannot be read."""
    resource = f"the graph of job {job_id}"
    found = google.ask(resource, f"{jobs_url(beam)}/{job_id}", params={"view": "JOB_VIEW_ALL"})
    if found is None:
        return None
    location = _options_of(found).get("pipelineUrl")
    if not location:
        findings.unknown(f"{resource}: Dataflow does not say where it is staged")
        return None
    try:
        with FileSystems.open(location) as file:
            return graph_of(file.read(GRAPH_BYTES_MAX))
    except DecodeError:
        findings.unknown(f"{resource}: {location} is none")
    except Exception as error:  # noqa: BLE001 - every file system of Beam has errors of its own
        findings.unknown(f"{resource}: cannot read {location}: {first_line(error)}")
    return None


def _options_of(job: Mapping[str, Any]) -> Mapping[str, Any]:
    found = job.get("environment", {}).get("sdkPipelineOptions", {}).get("options", {})
    return found if isinstance(found, Mapping) else {}


def _new_graph(build: Build) -> Any:
    """As a launch would stage it: Beam translates it, and sends nothing."""
    pipeline = build("--dry_run=true")
    cloud = pipeline.options.view_as(GoogleCloudOptions)
    cloud.update, cloud.transform_name_mapping = False, None  # else Beam would ask for the running job once more
    return pipeline.run().job.proto_pipeline


def _compare(beam: Mapping[str, Any], job_id: str, running: Any, new: Any, findings: Findings) -> None:
    before, now = shape_of(running), shape_of(new)
    found = changes(before, now, beam.get("transform_name_mapping") or {})
    hindering = [one for one in found if not one.is_new]
    name = beam["job_name"]
    if hindering:
        findings.wrong(f"job {name}: the graph does not fit that of {job_id}: {_shown(hindering)}. {_ADVICE}")
    else:
        findings.ok(f"job {name}: the graph fits that of {job_id}: {len(now)} steps, {len(found)} of them new")


def _shown(found: list[Change]) -> str:
    texts = [f"{one.step} {one.text}" for one in found[:CHANGES_SHOWN]]
    left = len(found) - len(texts)
    return "; ".join([*texts, f"and {left} more"] if left else texts)


# ---------------------------------------------------------------- Dataflow itself


def _ask_dataflow(google: Google, beam: Mapping[str, Any], build: Build, findings: Findings) -> None:
    resource = f"job {beam['job_name']}"
    try:
        job_id = build().run().job_id()
    except Exception as error:  # noqa: BLE001 - Beam's client has errors of its own, and retries for long
        findings.unknown(f"{resource}: Dataflow could not be asked: {first_line(error)}")
        return
    url, until = f"{jobs_url(beam)}/{job_id}", time.monotonic() + VALIDATION_S
    state = ""
    while state not in _ENDED and time.monotonic() < until:
        found = google.ask(resource, url)
        if found is None:
            return
        state = str(found.get("currentState", ""))
        if state not in _ENDED:
            time.sleep(POLL_S)
    _report(google, f"{resource}: Dataflow's answer, {job_id},", url, state, findings)


def _report(google: Google, answer: str, url: str, state: str, findings: Findings) -> None:
    if state == _PASSED:
        findings.ok(f"{answer} is that the graph fits")
    elif state == _RUNNING:
        findings.wrong(f"{answer} runs: it has taken the question for an update")
    elif state in _ENDED:
        said = google.ask(answer, f"{url}/messages", params={"minimumImportance": "JOB_MESSAGE_ERROR"}) or {}
        texts = [first_line(one.get("messageText", "")) for one in said.get("jobMessages", ())]
        findings.wrong(f"{answer} is {state}: {'; '.join(texts) or 'it says no more'}")
    else:
        findings.unknown(f"{answer} has not come in {VALIDATION_S / 60:.0f} minutes: it is {state or 'nowhere'}")
