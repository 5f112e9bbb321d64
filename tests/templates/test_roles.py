"""Roles are those that the calls need: each call of Google's clients in the code, and each role that Terraform grants.

A new call fails here until it is said which permission it needs and which account makes it; and a role that nothing
needs fails too. What a role holds is from Google's pages, of each role the part that is used.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

pytest.importorskip("google.cloud.bigquery")

from google.cloud import bigquery, bigquery_storage, monitoring_v3, storage
from google.pubsub_v1 import PublisherClient, SubscriberClient

from tests.repo import sources
from tests.templates.test_terraform import TERRAFORM

CLIENTS = (
    bigquery.Client, bigquery_storage.BigQueryReadClient, storage.Client, storage.Bucket, storage.Blob,
    PublisherClient, SubscriberClient, monitoring_v3.MetricServiceClient,
)  # fmt: skip
CALLS = {name for client in CLIENTS for name in dir(client) if not name.startswith("_")}

NO_CALL = {
    "blob", "bucket", "cache_control", "close", "dataset", "delete", "exists", "from_string", "generation", "location",
    "open", "owner", "path", "project", "publish_time", "seek", "name", "update",
}  # fmt: skip
"""Names that clients have too, and the code means something else by: attributes, files, text. `test_iam_permissions`
asks for what everybody may ask."""

PERMISSIONS = {
    "create_read_session": ["bigquery.readsessions.create", "bigquery.tables.getData"],
    "read_rows": ["bigquery.readsessions.getData"],
    "create_time_series": ["monitoring.timeSeries.create"],
    "create_table": ["bigquery.tables.create"],
    "delete_table": ["bigquery.tables.delete"],
    "get_dataset": ["bigquery.datasets.get"],
    "get_table": ["bigquery.tables.get"],
    "list_tables": ["bigquery.tables.list"],
    "update_table": ["bigquery.tables.update"],
    "insert_rows_json": ["bigquery.tables.updateData"],
    "load_table_from_file": ["bigquery.jobs.create", "bigquery.tables.updateData"],
    "load_table_from_uri": ["bigquery.jobs.create", "bigquery.tables.updateData", "storage.objects.get"],
    "query": ["bigquery.jobs.create", "bigquery.tables.getData"],
    "get_subscription": ["pubsub.subscriptions.get"],
    "get_topic": ["pubsub.topics.get"],
    "publish": ["pubsub.topics.publish"],
    "test_iam_permissions": [],
    "download_as_bytes": ["storage.objects.get"],
    "reload": ["storage.objects.get"],
    "upload_from_string": ["storage.objects.create"],
}
BEAMS_OWN = {
    "pubsub.subscriptions.consume": "ReadFromPubSub",
    "storage.objects.list": "FileSystems.match",
    "storage.objects.delete": "FileSystems.delete",
    "dataflow.jobs.create": "DataflowRunner",
    "dataflow.workItems.lease": "workers",
    "iam.serviceAccounts.actAs": "a launch that names the workers' account",
    "compute.subnetworks.use": "workers in a subnetwork",
    "artifactregistry.repositories.downloadArtifacts": "workers that start from an image",
}
"""What Beam and Dataflow need for what the code asks of them."""

EDITS = ["create", "delete", "get", "getData", "list", "update", "updateData"]
ROLES = {
    "roles/artifactregistry.reader": ["artifactregistry.repositories.downloadArtifacts"],
    "roles/bigquery.dataEditor": ["bigquery.datasets.get", *(f"bigquery.tables.{one}" for one in EDITS)],
    "roles/bigquery.jobUser": ["bigquery.jobs.create"],
    "roles/bigquery.readSessionUser": ["bigquery.readsessions.create", "bigquery.readsessions.getData"],
    "roles/compute.networkUser": ["compute.subnetworks.use"],
    "roles/dataflow.developer": ["dataflow.jobs.create"],
    "roles/dataflow.worker": ["dataflow.workItems.lease"],
    "roles/monitoring.metricWriter": ["monitoring.timeSeries.create"],
    "roles/iam.serviceAccountUser": ["iam.serviceAccounts.actAs"],
    "roles/pubsub.publisher": ["pubsub.topics.publish"],
    "roles/pubsub.subscriber": ["pubsub.subscriptions.consume"],
    "roles/pubsub.viewer": ["pubsub.subscriptions.get", "pubsub.topics.get"],
    "roles/storage.objectAdmin": [f"storage.objects.{one}" for one in ("create", "delete", "get", "list")],
    "roles/storage.objectCreator": ["storage.objects.create"],
    "roles/storage.objectUser": [f"storage.objects.{one}" for one in ("create", "delete", "get", "list")],
    "roles/storage.objectViewer": ["storage.objects.get", "storage.objects.list"],
}

# Which account makes which calls: of the job, and of what it asks before it begins.
MADE_BY = {
    "stream": {"get_subscription", "get_topic", "publish", "get_dataset", "get_table", "create_table", "update_table",
               "download_as_bytes", "reload", "insert_rows_json", "query", "create_read_session", "read_rows"},
    "backfill": {"create_read_session", "read_rows", "query", "list_tables", "get_table", "get_dataset", "create_table",
                 "delete_table", "update_table", "load_table_from_uri", "load_table_from_file", "download_as_bytes",
                 "reload"},
    "command": {"query", "publish", "create_table", "insert_rows_json", "load_table_from_file", "get_table",
                "create_read_session", "read_rows", "create_time_series"},
}  # fmt: skip
PUBLISHING = {"download_as_bytes", "reload", "upload_from_string"}


def _calls() -> Iterator[tuple[str, str]]:
    """Attributes by the names of calls, in modules that import Google's clients."""
    for path in sources.python_files():
        name, text = sources.name_of(path), path.read_text()
        if not name.startswith(("kittiwake/", "transforms/", "pipelines/")) or not re.search(
            r"(from|import) google", text
        ):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and node.attr in CALLS - NO_CALL:
                yield node.attr, f"{name}:{node.lineno}"


def granted(who: str) -> set[str]:
    """The roles that the module gives to an account, on whatever thing."""
    text = (TERRAFORM / "modules" / "identity" / "main.tf").read_text()
    found = set(re.findall(rf'who = "{who}",[^}}]*role = "([^"]+)"', text))
    jobs = "on_repository" if who == "command" else "runs_jobs"
    lists = re.findall(rf'for who in (?:local\.{jobs}|\[[^\]]*"{who}"[^\]]*\]) : \{{ who = who, role = "([^"]+)"', text)
    shared = set(re.findall(r'for who in local\.runs_jobs : \{ who = who, role = "([^"]+)"', text))
    return found | set(lists) | (shared if who in ("stream", "backfill") else set())


def may(who: str) -> set[str]:
    return {permission for role in granted(who) for permission in ROLES[role]}


def test_every_call_of_googles_clients_has_its_permission_and_somebody_who_makes_it() -> None:
    made = dict(_calls())
    assert {name: where for name, where in made.items() if name not in PERMISSIONS} == {}
    assert set(PERMISSIONS) - set(made) == set(), "no such call is left"
    assert set(made) - set().union(*MADE_BY.values(), PUBLISHING) == {"test_iam_permissions"}


@pytest.mark.parametrize("who", MADE_BY)
def test_an_account_may_do_what_its_calls_need(who: str) -> None:
    needed = {permission for call in MADE_BY[who] for permission in PERMISSIONS[call]}
    assert needed - may(who) == set()


def test_jobs_and_launcher_may_do_what_beam_and_dataflow_do_for_them() -> None:
    jobs = may("stream") | may("backfill") | may("launcher") | {"iam.serviceAccounts.actAs"}
    assert set(BEAMS_OWN) - jobs == set()
    assert 'role               = "roles/iam.serviceAccountUser"' in (
        (TERRAFORM / "modules" / "identity" / "main.tf").read_text()
    )


def test_no_role_is_granted_that_nothing_needs() -> None:
    text = (TERRAFORM / "modules" / "identity" / "main.tf").read_text()
    assert set(re.findall(r'"(roles/[^"]+)"', text)) == set(ROLES)
    used = {permission for permissions in PERMISSIONS.values() for permission in permissions} | set(BEAMS_OWN)
    assert {role for role, permissions in ROLES.items() if not used & set(permissions)} == set()
