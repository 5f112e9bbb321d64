"""Dataflow as the smoke run needs it: launch a template, ask for a job's state, drain it, cancel it, read its metrics.

The only module that knows Google's client of Dataflow. Calls go by HTTP, as those of `gcloud`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from google.cloud import dataflow_v1beta3 as dataflow

from templates.smoke.settings import Settings

CALL_S: Final = 60
"""For one request."""
ERRORS_SHOWN: Final = 5
MACHINE: Final = "n2-standard-2"
WORKERS_MAX: Final = 2
"""A bound on the bill: a thousand events need no second worker, an update may want one."""
METRICS: Final = (
    "TotalVcpuTime", "TotalMemoryUsage", "TotalPdUsage", "TotalSsdUsage", "TotalStreamingDataProcessed",
    "TotalSecuUsage",
)  # fmt: skip
"""What Dataflow counts of a job that is paid for, under the names of its own metrics; others are left out."""


class State(StrEnum):
    """States of a job that a run waits for, by Dataflow's names."""

    RUNNING = "JOB_STATE_RUNNING"
    DONE = "JOB_STATE_DONE"
    FAILED = "JOB_STATE_FAILED"
    CANCELLED = "JOB_STATE_CANCELLED"
    UPDATED = "JOB_STATE_UPDATED"
    DRAINED = "JOB_STATE_DRAINED"


ENDED: Final = (State.DONE, State.FAILED, State.CANCELLED, State.UPDATED, State.DRAINED)


class Dataflow:
    """The jobs of a region of a project."""

    def __init__(self, settings: Settings) -> None:
        """No request is made yet.

        Raises:
            GoogleAuthError: Google's client finds no credentials.
        """
        self._settings = settings
        self._where = {"project_id": settings.project, "location": settings.region}
        endpoint = settings.dataflow_endpoint
        options = {"transport": "rest", "client_options": {"api_endpoint": endpoint} if endpoint else None}
        self._templates = dataflow.FlexTemplatesServiceClient(**options)
        self._jobs = dataflow.JobsV1Beta3Client(**options)
        self._messages = dataflow.MessagesV1Beta3Client(**options)
        self._metrics = dataflow.MetricsV1Beta3Client(**options)

    def launch(self, parameters: Mapping[str, str], *, update: bool) -> str:
        """The id of the new job, which begins to run later, if ever."""
        wanted = {
            "job_name": self._settings.name,
            "container_spec_gcs_path": self._settings.template,
            "parameters": dict(parameters),
            "environment": self._environment(),
            "update": update,
        }
        request = {**self._where, "launch_parameter": wanted}
        answer = self._templates.launch_flex_template(request=request, timeout=CALL_S)
        return str(answer.job.id)

    def _environment(self) -> dict[str, Any]:
        settings = self._settings
        found: dict[str, Any] = {
            "temp_location": f"{settings.folder}/temp",
            "staging_location": f"{settings.folder}/staging",
            "machine_type": MACHINE,
            "num_workers": 1,
            "max_workers": WORKERS_MAX,
            "enable_streaming_engine": True,
            "additional_user_labels": settings.labels,
        }
        if settings.service_account:
            found["service_account_email"] = settings.service_account
        if settings.subnetwork:
            private = dataflow.WorkerIPAddressConfiguration.WORKER_IP_PRIVATE
            found |= {"subnetwork": settings.subnetwork, "ip_configuration": private}
        return found

    def state(self, job_id: str) -> str:
        """By Dataflow's name."""
        found = self._jobs.get_job(request={**self._where, "job_id": job_id}, timeout=CALL_S)
        return str(found.current_state.name)

    def active(self) -> list[str]:
        """Ids of the jobs under the run's name that have not ended."""
        kind = dataflow.ListJobsRequest.Filter.ACTIVE
        request = {**self._where, "filter": kind, "name": self._settings.name}
        found = self._jobs.list_jobs(request=request, timeout=CALL_S)
        return [one.id for one in found if one.name == self._settings.name]

    def ask_for(self, job_id: str, state: State) -> None:
        """Ask for a job to be drained or cancelled."""
        wanted = dataflow.Job(requested_state=dataflow.JobState[state.value])
        self._jobs.update_job(request={**self._where, "job_id": job_id, "job": wanted}, timeout=CALL_S)

    def errors(self, job_id: str) -> list[str]:
        """What Dataflow says went wrong, newest last, without names."""
        level = dataflow.JobMessageImportance.JOB_MESSAGE_ERROR
        request = {**self._where, "job_id": job_id, "minimum_importance": level}
        found = self._messages.list_job_messages(request=request, timeout=CALL_S)
        return [self._settings.hide_names(one.message_text) for one in found][-ERRORS_SHOWN:]

    def metrics(self, job_id: str) -> dict[str, float]:
        """What the job has used, by Dataflow's names."""
        found = self._metrics.get_job_metrics(request={**self._where, "job_id": job_id}, timeout=CALL_S)
        numbers = {one.name.name: one.scalar for one in found.metrics if not one.name.context.get("tentative")}
        return {name: float(numbers[name]) for name in METRICS if name in numbers}
