"""What runs beside the demo: the emulators, the topics and tables in them, and the real job as a process of its own.

Everything is ended with the block that has asked for it, in order: first the job, then what it talks to.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from tests.services.emulators import bigquery, processes, pubsub
from tests.services.emulators.bigquery import PROJECT

DATASET: Final = "shop"
SECONDS_TO_END: Final = 10
"""The job is asked to end, and killed when it has not after these."""
READY: Final = b"stream: running"
"""What `kittiwake.pipelines.stream` says then."""
JOB_FLAGS: Final = ("--settle_delay", "2s", "--grid", "PT0.5S", "--allowed_lateness", "10m")
"""Two seconds for events out of order: somebody is watching."""


class Topic(NamedTuple):
    """A topic and its subscriptions, by their full names."""

    name: str
    job: str
    """The one that the job, or the view, takes from."""
    look: str
    """The one that whoever is curious pulls from."""


class House(NamedTuple):
    """What is there while the demo runs."""

    address: str
    """Of Pub/Sub: `127.0.0.1:PORT`."""
    events: Topic
    triggers: Topic
    bigquery: str | None
    """The URL of BigQuery; None: its emulator is not installed."""
    job: Job


@dataclass
class Job:
    """`python -m kittiwake.pipelines.stream`, running."""

    command: list[str]
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def is_ready(self) -> bool:
        """Whether it has said that it takes messages."""
        return READY in self.log.read_bytes()

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> None:
        """Asks it to end, as Ctrl-C would; returns when it is gone."""
        try:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            with self.log.open("a") as log:
                log.write(f"the demo: killed, for it had not ended {SECONDS_TO_END} s after it was asked to\n")
        finally:  # whoever has no patience left ends it too
            self.process.kill()
            self.process.wait()


@contextmanager
def running(folder: Path, rules: Path, *, with_tables: bool) -> Iterator[House]:
    """Everything, up and connected; what the job says is written to `job.log` in the folder.

    Raises:
        NotStartedError: an emulator does not start.
    """
    with ExitStack() as stack:
        kept_by_services = Path(stack.enter_context(TemporaryDirectory()))
        queue = stack.enter_context(pubsub.running(kept_by_services))
        environment = dict(queue.environment)
        database = stack.enter_context(bigquery.running(kept_by_services)) if with_tables else None
        if database is not None:
            environment |= database.environment
        events, triggers = _topics(queue.address)
        flags = [
            "--subscription",
            events.job,
            "--rules",
            str(shown(rules)),
            "--trigger_topic",
            triggers.name,
            *JOB_FLAGS,
        ]
        if database is not None:
            _client(database.url).create_dataset(f"{PROJECT}.{DATASET}")
            flags += ["--dataset", f"{PROJECT}.{DATASET}", "--create_tables"]
        job = _started(flags, environment, folder / "job.log", emulated=database is not None)
        stack.callback(job.end)
        yield House(queue.address, events, triggers, database.url if database else None, job)


def _started(flags: Sequence[str], environment: dict[str, str], log: Path, *, emulated: bool) -> Job:
    module = (
        ["tests.services.emulators.emulated", "kittiwake.pipelines.stream"]
        if emulated
        else ["kittiwake.pipelines.stream"]
    )
    command = [*processes.dying_with_us(), sys.executable, "-m", *module, *flags]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C is for the demo, which then ends the job
        )
    return Job(["python", "-m", "kittiwake.pipelines.stream", *flags], process, log)


def shown(path: Path) -> Path:
    """A path as it is typed from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _topics(address: str) -> tuple[Topic, Topic]:
    os.environ["PUBSUB_EMULATOR_HOST"] = address
    from google.pubsub_v1 import PublisherClient, SubscriberClient  # noqa: PLC0415 - the emulator has to be known

    found = []
    with PublisherClient() as publisher, SubscriberClient() as subscriber:
        for name, user in (("events", "job"), ("triggers", "demo")):
            topic = Topic(
                f"projects/{PROJECT}/topics/{name}",
                f"projects/{PROJECT}/subscriptions/{name}-{user}",
                f"projects/{PROJECT}/subscriptions/{name}-look",
            )
            publisher.create_topic(name=topic.name)
            for subscription in (topic.job, topic.look):
                subscriber.create_subscription(name=subscription, topic=topic.name)
            found.append(topic)
    return found[0], found[1]


def query(url: str, sql: str) -> list[dict[str, Any]]:
    """The rows of a statement, by their columns; `{dataset}` stands for the demo's."""
    with _client(url) as client:
        return [dict(row) for row in client.query_and_wait(sql.format(dataset=f"{PROJECT}.{DATASET}"))]


def _client(url: str) -> Any:
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - only if there are tables
    from google.cloud import bigquery as client  # noqa: PLC0415

    return client.Client(PROJECT, AnonymousCredentials(), client_options={"api_endpoint": url})
