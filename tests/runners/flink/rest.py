"""What a cluster of Flink says of itself and its jobs, and how it is told to stop one: its REST interface."""

from __future__ import annotations

import json
import time
from typing import Any, Final, NamedTuple
from urllib.error import URLError
from urllib.request import Request, urlopen

ANSWER_S: Final = 30
LOOK_S: Final = 0.5
"""Each look costs the job manager what it takes to ask all workers."""
ENDED: Final = frozenset({"FINISHED", "FAILED", "CANCELED"})


class Rest(NamedTuple):
    """The interface at an address."""

    address: str

    def get(self, path: str) -> Any:
        """What is answered."""
        with urlopen(f"http://{self.address}{path}", timeout=ANSWER_S) as answer:
            return json.load(answer)

    def post(self, path: str, **said: Any) -> Any:
        """Say something."""
        body = json.dumps(said).encode()
        request = Request(f"http://{self.address}{path}", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=ANSWER_S) as answer:
            return json.load(answer)

    def wait_for_slots(self, number: int, within_s: float) -> None:
        """Until so many slots are free or taken."""
        self._until(lambda: self.get("/overview")["slots-total"] >= number, f"{number} slots", within_s)

    def wait_until_running(self, job: str, within_s: float) -> None:
        """Until every task of the job runs."""
        self._until(lambda: self.tasks(job) == {"RUNNING"}, f"job {job} to run", within_s)

    def wait_for_watermark(self, job: str, step: str, at_ms: int, within_s: float) -> None:
        """Until the watermark of a step has come so far."""
        self._until(lambda: (self.watermark_ms(job, step) or 0) >= at_ms, f"the watermark of {step}", within_s)

    def wait_for_checkpoints(self, job: str, number: int, within_s: float) -> None:
        """Until so many are complete."""
        self._until(lambda: self.checkpoints(job)["counts"]["completed"] >= number, "a checkpoint", within_s)

    def restored(self, job: str) -> int:
        """How often it has gone on from a checkpoint or savepoint."""
        return int(self.checkpoints(job)["counts"]["restored"])

    def wait_until_restored(self, job: str, times: int, within_s: float) -> None:
        """Until the job has gone on from a checkpoint or savepoint so many times, and runs."""
        self._until(lambda: self.restored(job) >= times, "a restart", within_s)
        self.wait_until_running(job, within_s)

    def tasks(self, job: str) -> set[str]:
        """The states that tasks of the job are in."""
        vertices = self.get(f"/jobs/{job}")["vertices"]
        return {state for vertex in vertices for state, number in vertex["tasks"].items() if number}

    def state(self, job: str) -> str:
        """As Flink names it: RUNNING, RESTARTING, FINISHED, FAILED."""
        return str(self.get(f"/jobs/{job}")["state"])

    def checkpoints(self, job: str) -> Any:
        """Their counts, the newest of each kind, and their sizes."""
        return self.get(f"/jobs/{job}/checkpoints")

    def watermark_ms(self, job: str, step: str) -> int | None:
        """How far the watermark of a step has come, where it is furthest behind."""
        found = self.get(f"/jobs/{job}/vertices/{self._vertex(job, step)}/watermarks")
        return min((int(one["value"]) for one in found), default=None)

    def worker_of(self, job: str, step: str) -> str:
        """The id of the task manager that runs the first of a step's tasks."""
        return str(self.get(f"/jobs/{job}/vertices/{self._vertex(job, step)}")["subtasks"][0]["taskmanager-id"])

    def _vertex(self, job: str, step: str) -> str:
        return next(str(one["id"]) for one in self.get(f"/jobs/{job}")["vertices"] if step in one["name"])

    def cancel(self, job: str) -> None:
        """End it where it is, if it has not ended."""
        if self.state(job) not in ENDED:
            urlopen(Request(f"http://{self.address}/jobs/{job}", method="PATCH"), timeout=ANSWER_S).close()
            self._until(lambda: self.state(job) in ENDED, f"job {job} to end", ANSWER_S)

    def stop(self, job: str, *, drain: bool, within_s: float) -> str:
        """Stop with a savepoint, the watermark pushed to the end of time first if it is drained; where that lies."""
        asked = self.post(f"/jobs/{job}/stop", drain=drain)["request-id"]
        path = f"/jobs/{job}/savepoints/{asked}"
        self._until(lambda: self.get(path)["status"]["id"] == "COMPLETED", "the savepoint", within_s)
        done = self.get(path)["operation"]
        assert "location" in done, str(done)[:2_000]
        self._until(lambda: self.state(job) == "FINISHED", f"job {job} to end", within_s)
        return str(done["location"])

    def _until(self, holds: Any, what: str, within_s: float) -> None:
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            try:
                if holds():
                    return
            except (URLError, StopIteration):
                pass
            time.sleep(LOOK_S)
        raise AssertionError(f"waited {within_s} s for {what}")
