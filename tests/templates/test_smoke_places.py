"""What a smoke run makes it deletes, and nothing else; workers get what was made. Google's clients are played here."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("google.cloud.bigquery")

from google.api_core.exceptions import AlreadyExists, Forbidden, NotFound
from google.cloud import bigquery
from google.iam.v1.policy_pb2 import Policy

from templates.smoke import places
from templates.smoke.journal import Journal, read_journal
from templates.smoke.places import Clients, Places, PlacesError
from templates.smoke.settings import Settings

EMAIL = "kittiwake-stream@shop-1.iam.gserviceaccount.com"


class Pubsub:
    """Topics and subscriptions by name, with their labels and policies."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, str]] = {}
        self.policies: dict[str, Policy] = {}
        self.refuses = ""

    def _create(self, request: dict[str, Any], timeout: float) -> None:
        if request["name"] in self.held:
            raise AlreadyExists("there is one")
        self.held[request["name"]] = request["labels"]

    def _get(self, *, timeout: float, topic: str = "", subscription: str = "") -> Any:
        name = topic or subscription
        if name not in self.held:
            raise NotFound("no such thing")
        return SimpleNamespace(labels=self.held[name])

    def _delete(self, *, timeout: float, topic: str = "", subscription: str = "") -> None:
        if self.refuses and self.refuses in topic:
            raise Forbidden("you may not")
        del self.held[topic or subscription]

    create_topic = create_subscription = _create
    get_topic = get_subscription = _get
    delete_topic = delete_subscription = _delete

    def get_iam_policy(self, request: dict[str, Any], timeout: float) -> Policy:
        return self.policies.setdefault(request["resource"], Policy())

    def set_iam_policy(self, request: dict[str, Any], timeout: float) -> None:
        self.policies[request["resource"]] = request["policy"]


class Tables:
    def __init__(self) -> None:
        self.held: dict[str, bigquery.Dataset] = {}

    def create_dataset(self, dataset: bigquery.Dataset, timeout: float) -> None:
        self.held[f"{dataset.project}.{dataset.dataset_id}"] = dataset

    def get_dataset(self, name: str, timeout: float) -> bigquery.Dataset:
        if name not in self.held:
            raise NotFound("no such dataset")
        return self.held[name]

    def update_dataset(self, dataset: bigquery.Dataset, fields: list[str], timeout: float) -> None:
        assert fields == ["access_entries"]

    def delete_dataset(self, name: str, *, delete_contents: bool, timeout: float) -> None:
        del self.held[name]


class Objects:
    """One bucket."""

    def __init__(self) -> None:
        self.names = ["rules/1.json", "templates/stream-1.json"]

    def bucket(self, _: str) -> Objects:
        return self

    def get_bucket(self, _: str, timeout: float) -> Any:
        return SimpleNamespace(location="EUROPE-WEST4")

    def blob(self, name: str) -> Any:
        return SimpleNamespace(exists=lambda **_: name in self.names, delete=lambda **_: self.names.remove(name))

    def list_blobs(self, _: str, prefix: str, max_results: int, timeout: float) -> list[Any]:
        return [SimpleNamespace(name=name) for name in self.names if name.startswith(prefix)][:max_results]


class Cloud:
    """A project, and a run's places in it."""

    def __init__(self, settings: Settings) -> None:
        self.pubsub, self.tables, self.objects = Pubsub(), Tables(), Objects()
        self.settings, self.journal = settings, Journal(settings)
        self.places = Places(settings, self.journal, Clients(self.pubsub, self.pubsub, self.tables, self.objects))


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setattr(places, "create_tables", lambda *_, **__: SimpleNamespace(problems=[]))
    template = "gs://shop-1-dataflow/templates/stream-1.json"
    return Cloud(Settings("r1", "shop-1", "europe-west4", "shop-1-dataflow", template, tmp_path, service_account=EMAIL))


def test_what_was_made_is_deleted_and_what_was_there_stays(cloud: Cloud) -> None:
    cloud.pubsub.held["projects/shop-1/topics/events"] = {}
    assert cloud.places.check() == {"bucket_location": "europe-west4"}
    cloud.places.create()
    cloud.objects.names += [f"{cloud.settings.prefix}rules/1.json", f"{cloud.settings.prefix}temp/a"]
    assert (len(cloud.pubsub.held), list(cloud.tables.held)) == (5, [cloud.settings.dataset])
    assert cloud.places.delete() == []
    assert list(cloud.pubsub.held) == ["projects/shop-1/topics/events"]
    assert (cloud.tables.held, cloud.objects.names) == ({}, ["rules/1.json", "templates/stream-1.json"])
    assert read_journal(cloud.settings.output).made == []


def test_what_bears_the_name_but_not_the_label_stays_and_is_named(cloud: Cloud) -> None:
    cloud.places.create()
    cloud.pubsub.held[cloud.settings.events_topic] = {"owner": "somebody"}
    (left,) = cloud.places.delete()
    assert left == f"topic {cloud.settings.events_topic}: it has not the label of this run, and stays"
    assert list(cloud.pubsub.held) == [cloud.settings.events_topic]


def test_what_is_there_already_is_neither_used_nor_deleted(cloud: Cloud) -> None:
    cloud.pubsub.held[cloud.settings.triggers_topic] = {}
    with pytest.raises(PlacesError, match="is there already, and not of this run"):
        cloud.places.create()
    assert cloud.places.delete() == []
    assert list(cloud.pubsub.held) == [cloud.settings.triggers_topic]


def test_a_folder_that_holds_something_is_not_used_and_not_emptied(cloud: Cloud) -> None:
    cloud.objects.names.append(f"{cloud.settings.prefix}mine")
    with pytest.raises(PlacesError, match="holds something already"):
        cloud.places.check()
    assert cloud.places.delete() == []
    assert f"{cloud.settings.prefix}mine" in cloud.objects.names


def test_a_template_that_is_not_there_ends_the_run_before_anything_is_made(cloud: Cloud) -> None:
    cloud.objects.names.remove("templates/stream-1.json")
    with pytest.raises(PlacesError, match="`make template` writes it"):
        cloud.places.check()
    assert cloud.journal.made == []


def test_what_cannot_be_deleted_keeps_nothing_else_from_it_and_can_be_tried_again(cloud: Cloud) -> None:
    cloud.places.create()
    cloud.pubsub.refuses = "triggers"
    assert [one.partition(":")[0] for one in cloud.places.delete()] == [f"topic {cloud.settings.triggers_topic}"]
    assert list(cloud.pubsub.held) == [cloud.settings.triggers_topic]
    cloud.pubsub.refuses = ""
    assert cloud.places.delete() == []
    assert cloud.pubsub.held == {}


def test_a_run_that_goes_on_makes_what_is_lacking(cloud: Cloud) -> None:
    cloud.places.create()
    del cloud.pubsub.held[cloud.settings.events_subscription]
    cloud.places.create()
    assert len(cloud.pubsub.held) == 4


def test_the_workers_account_may_use_what_was_made_and_nothing_more(cloud: Cloud) -> None:
    cloud.places.create()
    granted = {
        name.rpartition("/")[2].removeprefix(f"{cloud.settings.name}-") + " " + name.split("/")[2]: sorted(
            binding.role for binding in policy.bindings if binding.members == [f"serviceAccount:{EMAIL}"]
        )
        for name, policy in cloud.pubsub.policies.items()
    }
    assert granted == {
        "events topics": ["roles/pubsub.viewer"],
        "triggers topics": ["roles/pubsub.publisher", "roles/pubsub.viewer"],
        "events subscriptions": ["roles/pubsub.subscriber", "roles/pubsub.viewer"],
    }
    (dataset,) = cloud.tables.held.values()
    assert [(one.role, one.entity_id) for one in dataset.access_entries] == [("WRITER", EMAIL)]
    assert dict(dataset.labels) == {"kittiwake-smoke": "r1"}
