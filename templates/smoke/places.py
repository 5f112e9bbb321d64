"""Topics, subscriptions, tables and objects of a run: made, and granted to the workers; deleted, if it made them.

Everything is noted in the journal before it is made. What bears another run's label, or none, is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from google.api_core.exceptions import AlreadyExists, Conflict, DeadlineExceeded, NotFound
from google.cloud import bigquery, storage
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient

from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.pipelines.google.bigquery_tables import create_tables
from templates.smoke.journal import Journal
from templates.smoke.settings import Settings

CALL_S: Final = 60
PULL_S: Final = 5.0
"""An empty pull waits so long."""
RETENTION: Final = timedelta(hours=6)
"""Of the events: `seek` goes back to the allowed lateness before the freeze."""
BATCH: Final = 100
OBJECTS_MAX: Final = 10_000
"""In the run's folder; a run leaves some dozens. More would not be its own."""


class PlacesError(Exception):
    """Something is not as a run needs it, or not this run's."""


class Clients(NamedTuple):
    """Google's."""

    publisher: Any
    subscriber: Any
    tables: Any
    objects: Any


@contextmanager
def clients_of(settings: Settings) -> Iterator[Clients]:
    """Google's clients, until the end.

    Raises:
        GoogleAuthError: they find no credentials.
    """
    with ExitStack() as stack:
        yield Clients(
            stack.enter_context(PublisherClient()),
            stack.enter_context(SubscriberClient()),
            stack.enter_context(bigquery.Client(settings.project)),
            storage.Client(settings.project),
        )


class Places:
    """Those of one run."""

    def __init__(self, settings: Settings, journal: Journal, clients: Clients) -> None:
        self._settings, self._journal, self._clients = settings, journal, clients

    @property
    def dataset(self) -> Dataset:
        """Where the rows are."""
        project, _, name = self._settings.dataset.rpartition(".")
        return Dataset(project, name)

    # ------------------------------------------------------------ asked

    def check(self) -> dict[str, str]:
        """Where the bucket lies, and that template and folder are as they have to be.

        Raises:
            PlacesError: they are not.
        """
        bucket, _, name = self._settings.template.removeprefix("gs://").partition("/")
        if not self._clients.objects.bucket(bucket).blob(name).exists(timeout=CALL_S):
            raise PlacesError(f"{self._settings.template} is not there: `make template` writes it")
        lies = str(self._clients.objects.get_bucket(self._settings.bucket, timeout=CALL_S).location).lower()
        known = self._journal.begin("objects", self._settings.prefix)
        if not known and self._names():
            self._journal.forget("objects", self._settings.prefix)
            raise PlacesError(f"{self._settings.folder} holds something already: start again, with a new name")
        return {"bucket_location": lies}

    # ------------------------------------------------------------ made

    def create(self) -> None:
        """Topics, subscriptions, dataset and tables.

        Raises:
            PlacesError: something is there already, or a table cannot be made.
        """
        settings = self._settings
        publisher, subscriber = self._clients.publisher, self._clients.subscriber
        for topic in (settings.events_topic, settings.triggers_topic):
            wanted: dict[str, Any] = {"name": topic, "labels": settings.labels}
            self._make("topic", topic, partial(publisher.create_topic, request=wanted, timeout=CALL_S))
        for name, topic in (
            (settings.events_subscription, settings.events_topic),
            (settings.triggers_subscription, settings.triggers_topic),
        ):
            wanted = {
                "name": name,
                "topic": topic,
                "labels": settings.labels,
                "retain_acked_messages": True,
                "message_retention_duration": RETENTION,
                "ack_deadline_seconds": 60,
            }
            self._make("subscription", name, partial(subscriber.create_subscription, request=wanted, timeout=CALL_S))
        self._create_tables()
        if settings.service_account:
            self._grant(f"serviceAccount:{settings.service_account}")

    def _create_tables(self) -> None:
        wanted = bigquery.Dataset(self._settings.dataset)
        wanted.location, wanted.labels = self._settings.region, self._settings.labels
        tables = self._clients.tables
        self._make("dataset", self._settings.dataset, lambda: tables.create_dataset(wanted, timeout=CALL_S))
        if problems := create_tables(tables, self.dataset, expiry_days=1).problems:
            raise PlacesError("; ".join(problems))

    def _make(self, kind: str, name: str, make: Callable[[], object]) -> None:
        """Make something that was not there, or that this very run has made before."""
        known = self._journal.begin(kind, name)
        try:
            make()
        except (AlreadyExists, Conflict):
            if not known:
                self._journal.forget(kind, name)
                raise PlacesError(f"{kind} {name} is there already, and not of this run: start again") from None

    def _grant(self, member: str) -> None:
        """Let the workers' account use what was made. The bucket is yours: its roles are not touched."""
        settings, publisher, subscriber = self._settings, self._clients.publisher, self._clients.subscriber
        for client, name, roles in (
            (publisher, settings.events_topic, ("roles/pubsub.viewer",)),
            (publisher, settings.triggers_topic, ("roles/pubsub.publisher", "roles/pubsub.viewer")),
            (subscriber, settings.events_subscription, ("roles/pubsub.subscriber", "roles/pubsub.viewer")),
        ):
            policy = client.get_iam_policy(request={"resource": name}, timeout=CALL_S)
            for role in roles:
                policy.bindings.add(role=role, members=[member])
            client.set_iam_policy(request={"resource": name, "policy": policy}, timeout=CALL_S)
        there = self._clients.tables.get_dataset(settings.dataset, timeout=CALL_S)
        entry = bigquery.AccessEntry("WRITER", "userByEmail", member.partition(":")[2])
        there.access_entries = [*there.access_entries, entry]
        self._clients.tables.update_dataset(there, ["access_entries"], timeout=CALL_S)

    # ------------------------------------------------------------ used

    def publish(self, events: list[bytes]) -> None:
        """Events, in order."""
        for begin in range(0, len(events), BATCH):
            messages = [PubsubMessage(data=one) for one in events[begin : begin + BATCH]]
            self._clients.publisher.publish(topic=self._settings.events_topic, messages=messages, timeout=CALL_S)

    def pull(self) -> list[bytes]:
        """Triggers that have come, taken."""
        name = self._settings.triggers_subscription
        try:
            answer = self._clients.subscriber.pull(subscription=name, max_messages=BATCH, timeout=PULL_S, retry=None)
        except DeadlineExceeded:
            return []
        if ids := [one.ack_id for one in answer.received_messages]:
            self._clients.subscriber.acknowledge(subscription=name, ack_ids=ids, timeout=CALL_S)
        return [one.message.data for one in answer.received_messages]

    def seek(self, back_to: datetime) -> None:
        """Let the job's subscription give all again that was published since then."""
        request = {"subscription": self._settings.events_subscription, "time": back_to}
        self._clients.subscriber.seek(request=request, timeout=CALL_S)

    def upload(self, folder: Path, under: str) -> str:
        """All files of a folder, as objects; where they are."""
        bucket = self._clients.objects.bucket(self._settings.bucket)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = f"{self._settings.prefix}{under}/{path.relative_to(folder).as_posix()}"
                bucket.blob(name).upload_from_filename(str(path), timeout=CALL_S)
        return f"{self._settings.folder}/{under}"

    # ------------------------------------------------------------ deleted

    def delete(self) -> list[str]:
        """Delete what the journal names; what could not be deleted, one line each."""
        left: list[str] = []
        for kind, name in reversed(list(self._journal.made)):
            try:
                _DELETE[kind](self, name)
            except NotFound:
                pass
            except Exception as error:  # noqa: BLE001 - whatever it is, the others have to go too
                left.append(f"{kind} {name}: {(str(error).splitlines() or [type(error).__name__])[0]}")
                continue
            self._journal.forget(kind, name)
        return left

    def _delete_topic(self, name: str) -> None:
        publisher = self._clients.publisher
        self._refuse_others(publisher.get_topic(topic=name, timeout=CALL_S).labels)
        publisher.delete_topic(topic=name, timeout=CALL_S)

    def _delete_subscription(self, name: str) -> None:
        subscriber = self._clients.subscriber
        self._refuse_others(subscriber.get_subscription(subscription=name, timeout=CALL_S).labels)
        subscriber.delete_subscription(subscription=name, timeout=CALL_S)

    def _delete_dataset(self, name: str) -> None:
        self._refuse_others(self._clients.tables.get_dataset(name, timeout=CALL_S).labels)
        self._clients.tables.delete_dataset(name, delete_contents=True, timeout=CALL_S)

    def _delete_objects(self, prefix: str) -> None:
        if prefix != self._settings.prefix:
            raise PlacesError(f"{prefix} is not this run's folder")
        bucket = self._clients.objects.bucket(self._settings.bucket)
        names = self._names()
        if len(names) > OBJECTS_MAX:
            raise PlacesError(f"{self._settings.folder} holds more than {OBJECTS_MAX:,} objects: look at them first")
        for name in names:
            bucket.blob(name).delete(timeout=CALL_S)

    def _names(self) -> list[str]:
        found = self._clients.objects.list_blobs(
            self._settings.bucket, prefix=self._settings.prefix, max_results=OBJECTS_MAX + 1, timeout=CALL_S
        )
        return [one.name for one in found]

    def _refuse_others(self, labels: Any) -> None:
        if dict(labels) != self._settings.labels:
            raise PlacesError("it has not the label of this run, and stays")


_DELETE: Final[dict[str, Callable[[Places, str], None]]] = {
    "topic": Places._delete_topic,
    "subscription": Places._delete_subscription,
    "dataset": Places._delete_dataset,
    "objects": Places._delete_objects,
}
