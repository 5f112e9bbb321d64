"""The demo's BigQuery and Pub/Sub, which are emulators, and the product's commands as processes that talk to them."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as client
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient

from tests.services.emulators import bigquery, processes, pubsub
from tests.services.emulators.bigquery import PROJECT

RAW, STREAM, BACKFILL = f"{PROJECT}.raw", f"{PROJECT}.marketing", f"{PROJECT}.backfill"
"""The datasets: the shop's events, and what the stream and the backfill write."""
EVENTS_TABLE: Final = f"{RAW}.events"
EVENTS: Final = f"projects/{PROJECT}/topics/events"
SUBSCRIPTION: Final = f"projects/{PROJECT}/subscriptions/events"
TRIGGERS: Final = f"projects/{PROJECT}/topics/triggers"
COLUMNS: Final = {
    "event_id": "STRING", "account_id": "STRING", "contact_id": "STRING", "item_id": "STRING", "type": "STRING",
    "time": "TIMESTAMP", "properties": "JSON",
}  # fmt: skip
READY: Final = b"stream: running"
READY_S: Final = 90.0
BEAT_S: Final = 0.2
END_S: Final = 120.0
"""The stream is killed when it has not ended so long after it was asked to."""
MESSAGES: Final = 100
"""Published in one call, far below what Pub/Sub takes."""


class StepFailedError(Exception):
    """A command of the product did not end as it has to."""


@dataclass
class Services:
    """Both emulators, up."""

    environment: dict[str, str]
    tables: client.Client
    publisher: PublisherClient

    def load(self, lines: bytes) -> int:
        """The shop's events into a table as docs/how-to/backfill-bigquery.md wants it; how many rows."""
        for dataset in (RAW, STREAM, BACKFILL):
            self.tables.create_dataset(dataset)
        table = client.Table(EVENTS_TABLE, [client.SchemaField(name, kind) for name, kind in COLUMNS.items()])
        table.time_partitioning = client.TimePartitioning(field="time")
        table.clustering_fields = ["account_id", "contact_id"]
        self.tables.create_table(table)
        config = client.LoadJobConfig(schema=table.schema, source_format="NEWLINE_DELIMITED_JSON")
        job = self.tables.load_table_from_file(io.BytesIO(lines), table, job_config=config)
        return int(job.result().output_rows or 0)

    def query(self, sql: str, dataset: str, parameters: Mapping[str, tuple[str, Any]]) -> list[dict[str, Any]]:
        """The rows of GoogleSQL; tables without a dataset are of the one given, parameters are type and value."""
        given = [client.ScalarQueryParameter(name, kind, value) for name, (kind, value) in parameters.items()]
        config = client.QueryJobConfig(default_dataset=dataset, query_parameters=given)
        return [dict(row) for row in self.tables.query(sql, job_config=config).result()]

    def publish(self, records: Sequence[dict[str, Any]]) -> None:
        """Events to the topic, in order."""
        for first in range(0, len(records), MESSAGES):
            some = records[first : first + MESSAGES]
            messages = [PubsubMessage(data=json.dumps(record).encode()) for record in some]
            self.publisher.publish(topic=EVENTS, messages=messages)

    def run(self, command: Sequence[str]) -> None:
        """A command of the product to its end; what it says is shown.

        Raises:
            StepFailedError: it has not ended with 0.
        """
        done = subprocess.run(_emulated(command), env=self.environment, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise StepFailedError(f"{' '.join(command[:3])} ended with {done.returncode}")


@contextmanager
def running() -> Iterator[Services]:
    """The emulators, with topics and without tables, until the end.

    Raises:
        NotStartedError: one does not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        queue = stack.enter_context(pubsub.running(folder))
        database = stack.enter_context(bigquery.running(folder))
        os.environ |= queue.environment  # Google's own clients look there
        with PublisherClient() as publisher, SubscriberClient() as subscriber:
            for topic in (EVENTS, TRIGGERS):
                publisher.create_topic(name=topic)
            subscriber.create_subscription(name=SUBSCRIPTION, topic=EVENTS)
            options = {"api_endpoint": database.url}
            with client.Client(PROJECT, AnonymousCredentials(), client_options=options) as tables:
                yield Services({**os.environ, **database.environment}, tables, publisher)


@contextmanager
def streaming(services: Services, command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The streaming job, taking messages; ended as Ctrl-C ends it.

    On Beam's local runner nothing happens while a pull waits, so a message that no rule needs comes again and again.

    Raises:
        StepFailedError: it has ended by itself, or is not ready in time.
    """
    with log.open("wb") as said:
        job = subprocess.Popen(
            _emulated(command), env=services.environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip
    quiet = threading.Event()
    heart = threading.Thread(target=_beat, args=(services, quiet), daemon=True)
    try:
        _wait_until_ready(job, log)
        heart.start()
        yield job
    finally:
        job.send_signal(signal.SIGINT)
        try:
            job.wait(END_S)
        finally:
            job.kill()
            job.wait()
            quiet.set()
            if heart.is_alive():
                heart.join()


def _wait_until_ready(job: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_S
    while READY not in log.read_bytes():
        if job.poll() is not None or time.monotonic() > until:
            raise StepFailedError(f"the streaming job does not run: {log} says\n{log.read_text()[-2_000:]}")
        time.sleep(0.2)


def _beat(services: Services, quiet: threading.Event) -> None:
    beat = {"event_id": "beat", "account_id": "acme", "contact_id": "beat", "type": "beat"}
    while not quiet.wait(BEAT_S):
        services.publish([beat | {"time": "2026-01-01T00:00:00Z"}])


def _emulated(command: Sequence[str]) -> list[str]:
    """`python -m module …` as it talks to the emulators; `kittiwake …` needs none."""
    dying = processes.dying_with_us()
    if command[0] == "kittiwake":
        return [*dying, str(Path(sys.executable).with_name("kittiwake")), *command[1:]]
    return [*dying, sys.executable, "-W", "ignore", "-m", "tests.services.emulators.emulated", *command[2:]]
