"""A stream on an engine that stays open after its last event: what waits falls due by the clock, and Ctrl-C ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples.running import ROOT, Ran
from tests.runners import boot, prism
from tests.runners.jobs import processes

RULES = "account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 3s}\n"
SECONDS_TO_DECIDE = 60
SECONDS_TO_END = 30


class Job:
    """The streaming job, as started in a terminal: a group of its own, which Ctrl-C reaches whole."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.output, self._log = folder / "out", folder / "job.log"
        (folder / "rules.yaml").write_text(RULES)
        (folder / "events.jsonl").write_text("".join(cart(number) for number in (1, 9)))
        places = ("--rules", folder / "rules.yaml", "--events", folder / "events.jsonl", "--output", self.output)
        command = [
            sys.executable,
            "-m",
            "kittiwake.pipelines.stream",
            *map(str, places),
            "--stay_open",
            "--settle_delay=1s",
        ]
        with self._log.open("wb") as words:
            self._process = subprocess.Popen(
                [*command, *flags], cwd=ROOT, stdout=words, stderr=words, start_new_session=True
            )

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def carts(self) -> set[str]:
        rows = Ran(self.output, "").rows("decisions")
        return {row["contact_id"] for row in rows}

    def wait_for(self, holds: Callable[[], bool]) -> bool:
        until = time.monotonic() + SECONDS_TO_DECIDE
        while time.monotonic() < until and self._process.poll() is None:
            if holds():
                return True
            time.sleep(0.1)
        return False

    def interrupt(self) -> int:
        os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(SECONDS_TO_END)

    def is_gone(self) -> bool:
        """Whether nobody of the group is left."""
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def end(self) -> None:
        if not self.is_gone():
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def cart(second: int) -> str:
    event = {"event_id": f"e{second}", "account_id": "acme", "contact_id": f"c{second}", "type": "cart.item_added"}
    return json.dumps(event | {"time": f"2025-01-01T10:00:{second:02}Z"}) + "\n"


def test_what_waits_falls_due_by_the_clock_and_ctrl_c_ends_job_and_worker(endpoint: str, tmp_path: Path) -> None:
    engine = ("--runner=PortableRunner", f"--job_endpoint={endpoint}", *processes(tmp_path))
    job = Job(tmp_path, *engine)
    try:
        assert job.wait_for(lambda: job.carts() == {"c1"}), job.said
        assert job.wait_for(lambda: job.carts() == {"c1", "c9"}), job.said
        assert job.interrupt() == 0, job.said
    finally:
        job.end()
    assert "Traceback" not in job.said
    workers = [int(line) for line in (tmp_path / boot.WORKERS).read_text().split()]
    until = time.monotonic() + SECONDS_TO_END
    while any(map(is_alive, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(is_alive, workers))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_a_prism_of_the_job_ends_with_it_and_nothing_but_sentences_is_said(tmp_path: Path) -> None:
    if not prism.kept().exists():
        pytest.skip("prism is not here: make runners gets it")
    job = Job(tmp_path, "--runner=PrismRunner", f"--prism_location={prism.kept()}")
    try:
        assert job.wait_for(lambda: job.carts() == {"c1", "c9"}), job.said
        assert job.interrupt() == 0, job.said
        assert job.is_gone()
    finally:
        job.end()
    assert [line for line in job.said.splitlines() if not line.startswith("stream: ")] == []
    assert job.said.splitlines()[-1] == "stream: ended as you asked; run again, it decides the same"
