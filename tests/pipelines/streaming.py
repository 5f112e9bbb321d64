"""The streaming job as its users run it: a process of its own between the emulators, ended by Ctrl-C.

Called by the tests of the job. On Beam's local runner nothing happens while a pull waits for messages, so one that no
rule needs is published again and again.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.services.tables import Tables
    from tests.services.topics import Pair, Topics

ROOT = Path(__file__).parent.parent.parent
BEAT = json.dumps(
    {"event_id": "beat", "account_id": "acme", "contact_id": "beat", "type": "beat", "time": "2026-01-01T00:00:00Z"}
).encode()
SECONDS_A_BEAT = 0.2
SECONDS_TO_START = 60
SECONDS_TO_END = 30


class StreamResources(NamedTuple):
    """What a job reads from and writes to, on the emulators."""

    topics: Topics
    tables: Tables
    events: Pair
    triggers: Pair
    dataset: str

    @property
    def flags(self) -> list[str]:
        """The options that name them."""
        names = ["--subscription", self.events.subscription, "--trigger_topic", self.triggers.topic]
        return [*names, "--dataset", self.dataset, "--create_tables"]

    def written(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table or view."""
        return self.tables.query(f"SELECT * FROM `{self.dataset}.{table}`")


class StreamJob:
    """A job that runs; what it says is in `log`."""

    def __init__(self, argv: Sequence[str], log: Path) -> None:
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.services.emulators.emulated",
            "kittiwake.pipelines.stream",
            *argv,
        ]
        self.log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, is_so: Callable[[], bool], within_s: float) -> bool:
        """Whether it became so in time; a job that has ended by itself is a failure."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.said()
            if is_so():
                return True
            time.sleep(0.3)
        return is_so()

    def wait(self, within_s: float) -> int:
        """The exit code of a job that ends by itself."""
        return self._process.wait(within_s)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """As Ctrl-C does; the exit code."""
        self.send(signal.SIGINT)
        return self._process.wait(SECONDS_TO_END)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def running(argv: Sequence[str], log: Path, resources: StreamResources) -> Iterator[StreamJob]:
    """A job that has begun to run, with a beat on its topic; killed at the end if it was not ended before."""
    job = StreamJob(argv, log)
    quiet = threading.Event()
    heart = threading.Thread(target=_beat, args=(resources.topics, resources.events.topic, quiet))
    try:
        assert job.wait_for(lambda: "running; Ctrl-C ends it" in job.said(), SECONDS_TO_START), job.said()
        heart.start()
        yield job
    finally:
        quiet.set()
        job.kill()
        if heart.is_alive():
            heart.join()


def _beat(topics: Topics, topic: str, quiet: threading.Event) -> None:
    while not quiet.wait(SECONDS_A_BEAT):
        try:
            topics.publish(topic, [(BEAT, {})])
        except Exception:  # noqa: BLE001 - an emulator that is restarted has no topic for a while
            continue
