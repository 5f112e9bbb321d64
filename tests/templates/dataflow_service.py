"""Dataflow's interface over HTTP, for the smoke run: what a template starts there runs here, on Beam's local runner.

It speaks what Google's own client speaks, and takes parameters as the template's metadata says. State that the local
runner cannot hand over is made anew: an update ends the old job, lets the subscription give everything again, and
starts the new one. A drain is asked for when nothing is under way.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from google.cloud.dataflow_v1beta3 import JobState
from google.pubsub_v1 import SubscriberClient

from kittiwake.pipelines.options.flex_template import STREAM_ALIASES, template_arguments
from tests.repo.sources import ROOT

METADATA = json.loads((ROOT / "templates/stream/metadata.json").read_text())
READY = b"stream: running"
QUIET_S = 3.0
END_S = 60.0
ENDING = ("JOB_STATE_DRAINING", "JOB_STATE_CANCELLING")
ENDED = ("JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_UPDATED", "JOB_STATE_DRAINED")


def refused(parameters: dict[str, str]) -> list[str]:
    """What the form of the template would not take."""
    known = {one["name"]: one for one in METADATA["parameters"]}
    wrong = [f"{name}: there is no such parameter" for name in parameters if name not in known]
    for name, value in parameters.items():
        for pattern in known.get(name, {}).get("regexes", []):
            if not re.fullmatch(pattern, value):
                wrong.append(f"{name}: {value} is not {pattern}")
    return wrong


@dataclass
class Job:
    """A job, as the service knows it."""

    id: str
    name: str
    parameters: dict[str, str]
    log: Path
    state: str = "JOB_STATE_QUEUED"
    begun_s: float = field(default_factory=time.monotonic)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = template_arguments(
            [f"--{name}={value}" for name, value in self.parameters.items()], STREAM_ALIASES, None
        )
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.services.emulators.emulated",
            "kittiwake.pipelines.stream",
            *options,
        ]
        with self.log.open("wb") as said:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                env=dict(os.environ), start_new_session=True,
            )  # fmt: skip
        self.state = "JOB_STATE_PENDING"

    def look(self) -> str:
        """The state, after a look at the process."""
        if self.process is not None and self.state not in ENDED:
            if self.process.poll() is not None and self.state not in ENDING:
                self.state = "JOB_STATE_FAILED"
            elif self.state == "JOB_STATE_PENDING" and READY in self.log.read_bytes():
                self.state = "JOB_STATE_RUNNING"
        return self.state

    def end(self, state: str) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(END_S)
            finally:
                self.process.kill()
                self.process.wait()
        self.state = state

    def data(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "currentState": self.look()}


class Service:
    """The jobs; `starts` says whether a launched one comes to anything."""

    def __init__(self, folder: Path, *, starts: bool = True) -> None:
        self.folder, self.starts = folder, starts
        self.jobs: list[Job] = []
        self.launched: list[dict[str, Any]] = []
        self._first = datetime.now(UTC)

    def launch(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        wanted = body["launchParameter"]
        self.launched.append(wanted)
        if wrong := refused(wanted["parameters"]):
            return 400, {"error": {"code": 400, "message": "; ".join(wrong), "status": "INVALID_ARGUMENT"}}
        number = len(self.jobs)
        job = Job(f"2026-11-30_{number:02}", wanted["jobName"], wanted["parameters"], self.folder / f"job{number}.log")
        before = self.active(job.name)
        self.jobs.append(job)
        if self.starts:
            if wanted.get("update"):
                self._replace(before[0])
            job.start()
        else:
            job.state = "JOB_STATE_FAILED"
        return 200, {"job": job.data()}

    def _replace(self, old: Job) -> None:
        old.end("JOB_STATE_UPDATED")
        with SubscriberClient() as client:
            client.seek(request={"subscription": old.parameters["inputSubscription"], "time": self._first})

    def active(self, name: str) -> list[Job]:
        return [one for one in self.jobs if one.name == name and one.look() not in ENDED]

    def ask(self, job: Job, state: str) -> None:
        job.state = {"JOB_STATE_DRAINED": "JOB_STATE_DRAINING"}.get(state, "JOB_STATE_CANCELLING")

        def end() -> None:
            time.sleep(QUIET_S if state == "JOB_STATE_DRAINED" else 0)
            job.end(state)

        threading.Thread(target=end, daemon=True).start()

    def close(self) -> None:
        for job in self.jobs:
            if job.process is not None:
                job.process.kill()
                job.process.wait()


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path.partition("?")[0].endswith("/flexTemplates:launch"), self.path
            self._answer(*service.launch(self._body()))

        def do_PUT(self) -> None:
            job = self._job()
            wanted = self._body()["requestedState"]  # by its number, as Google's client writes it
            service.ask(job, JobState(wanted).name if isinstance(wanted, int) else wanted)
            self._answer(200, job.data())

        def do_GET(self) -> None:
            where = urlsplit(self.path)
            if where.path.endswith("/jobs"):
                (name,) = parse_qs(where.query)["name"]
                self._answer(200, {"jobs": [one.data() for one in service.active(name)]})
            elif where.path.endswith("/messages"):
                job = self._job()
                said = job.log.read_text()[-500:] if job.log.exists() else "no worker of NAME@shop.example came up"
                self._answer(200, {"jobMessages": [{"id": "1", "messageText": said}]})
            elif where.path.endswith("/metrics"):
                used = time.monotonic() - self._job().begun_s
                self._answer(200, {"metrics": [{"name": {"name": "TotalVcpuTime"}, "scalar": used}]})
            else:
                self._answer(200, self._job().data())

        def _job(self) -> Job:
            found = re.search(r"/jobs/([^/?]+)", self.path)
            assert found, self.path
            return next(one for one in service.jobs if one.id == found[1])

        def _body(self) -> dict[str, Any]:
            read: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            return read

        def _answer(self, status: int, data: dict[str, Any]) -> None:
            content = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Tests say what they have to say themselves."""

    return Handler


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The URL of the service, until the end; its jobs end with it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        service.close()
