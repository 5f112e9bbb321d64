"""Tables are created once, found as they are, and every difference is told with what mends it; on the emulator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.stream.tables.schema import TABLES, TRIGGERS, VIEWS

if TYPE_CHECKING:
    from tests.services.tables import Tables

bigquery = pytest.importorskip("google.cloud.bigquery")
creating = pytest.importorskip("kittiwake.pipelines.google.bigquery_tables")

ALTER = re.compile(r": (ALTER TABLE .+)$")


@pytest.fixture
def dataset(tables: Tables) -> Dataset:
    """A new dataset without tables."""
    found = dataset_of(tables.create_dataset())
    assert found
    return found


@pytest.fixture
def created(tables: Tables, dataset: Dataset) -> Dataset:
    """The same with all tables."""
    tables.create(dataset, *TABLES)
    return dataset


def test_what_is_missing_is_created_and_then_nothing_is_missing(tables: Tables, dataset: Dataset) -> None:
    made, problems = creating.create_tables(tables.client, dataset)
    assert problems == []
    assert made == [dataset.table(one.name) for one in (*TABLES, *VIEWS)]
    assert creating.compare(tables.client, dataset) == []
    for table in TABLES:
        found = tables.client.get_table(dataset.table(table.name))
        assert found.time_partitioning.field == table.partition
        assert found.time_partitioning.expiration_ms == table.expiry_days * 86_400_000
        assert found.clustering_fields == list(table.clustering)
        assert [field.description for field in found.schema] == [column.description for column in table.columns]
    for view in VIEWS:
        assert tables.query(f"SELECT * FROM `{dataset.table(view.name)}`") == []
    again_changes_nothing_but_an_older_view(tables, dataset)
    partitions_live_as_long_as_is_asked(tables, dataset)


def partitions_live_as_long_as_is_asked(tables: Tables, dataset: Dataset) -> None:
    path = dataset.table(TRIGGERS.name)
    tables.client.delete_table(path)
    assert creating.create_tables(tables.client, dataset, expiry_days=7) == ([path], [])
    assert tables.client.get_table(path).time_partitioning.expiration_ms == 7 * 86_400_000


def again_changes_nothing_but_an_older_view(tables: Tables, created: Dataset) -> None:
    insert_one(tables, created)
    assert creating.create_tables(tables.client, created) == ([], [])
    assert tables.query(f"SELECT COUNT(*) AS n FROM `{created.table('late_events')}`") == [{"n": 1}]
    stats = tables.client.get_table(created.table("rule_stats"))
    stats.view_query = f"SELECT 1 AS older FROM `{created.table('decisions')}`"
    tables.client.update_table(stats, ["view_query"])
    assert creating.create_tables(tables.client, created) == ([created.table("rule_stats")], [])
    assert VIEWS[-1].sql_in(created) == tables.client.get_table(created.table("rule_stats")).view_query


def insert_one(tables: Tables, dataset: Dataset) -> None:
    from kittiwake.stream.tables.rows import late_event_table_row
    from tests.stream import sample_records

    assert (
        tables.client.insert_rows_json(dataset.table("late_events"), [late_event_table_row(sample_records.late())])
        == []
    )


def test_missing_tables_are_told_all_at_once(tables: Tables, dataset: Dataset) -> None:
    messages = creating.compare(tables.client, dataset)
    assert messages == [
        f"table {dataset.table(table.name)} is missing: launch once with --create_tables" for table in TABLES
    ]


def test_every_missing_column_is_told_with_the_statement_that_adds_it(tables: Tables, created: Dataset) -> None:
    for table in TABLES:
        tables.client.delete_table(created.table(table.name))
        kept = [bigquery.SchemaField(table.partition, "TIMESTAMP", mode="REQUIRED")]
        tables.client.create_table(bigquery.Table(created.table(table.name), schema=kept))
    messages = creating.compare(tables.client, created)
    assert len(messages) == sum(len(table.columns) - 1 for table in TABLES)
    of_one, of_others = told_of(messages, created.table(TABLES[-1].name))
    tables.query(";\n".join(statements(of_one)))
    assert of_one
    assert creating.compare(tables.client, created) == of_others


def told_of(messages: list[str], path: str) -> tuple[list[str], list[str]]:
    """Those of one table, and the others: a statement takes the emulator a second."""
    return [one for one in messages if path in one], [one for one in messages if path not in one]


def statements(messages: list[str]) -> Iterator[str]:
    for message in messages:
        found = ALTER.search(message)
        assert found, message
        yield found[1]


def test_columns_of_others_are_let_be_unless_every_row_needs_them(tables: Tables, created: Dataset) -> None:
    path = created.table("triggers")
    tables.query(f"ALTER TABLE `{path}` ADD COLUMN campaign STRING")
    assert creating.compare(tables.client, created) == []
    table = tables.client.get_table(path)
    tables.client.delete_table(path)
    schema = [*table.schema, bigquery.SchemaField("owner", "STRING", mode="REQUIRED")]
    tables.client.create_table(bigquery.Table(path, schema=schema))
    messages = creating.compare(tables.client, created)
    mended = f"ALTER TABLE `{path}` ALTER COLUMN owner DROP NOT NULL"
    assert messages == [f"column owner of table {path} is REQUIRED, and rows of the job may lack it: {mended}"]
    for statement in statements(messages):
        tables.query(statement)
    assert creating.compare(tables.client, created) == []


def test_a_column_of_another_type_is_told_with_both() -> None:
    dataset = Dataset("shop-1", "marketing")
    changed = {"revision": ("STRING", "NULLABLE"), "replaces": ("STRING", "NULLABLE"), "time": ("DATETIME", "NULLABLE")}
    schema = [
        bigquery.SchemaField(column.name, *changed.get(column.name, (column.type.value, column.mode.value)))
        for column in TRIGGERS.columns
    ]
    messages = list(creating.differences(TRIGGERS, dataset, schema))
    assert [message.partition(". ")[0] for message in messages] == [
        f"column revision of table {dataset.table('triggers')} is STRING, and has to be INT64",
        f"column replaces of table {dataset.table('triggers')} is STRING, and has to be ARRAY<STRING>",
        f"column time of table {dataset.table('triggers')} is DATETIME, and has to be TIMESTAMP",
    ]


def test_a_dataset_that_is_not_there_is_told_once_with_how_to_create_it(tables: Tables) -> None:
    gone = dataset_of(tables.create_dataset())
    assert gone
    tables.client.delete_dataset(gone.path)
    message = (
        f"there is no dataset {gone.path}. "
        f"Create it where the job runs: bq mk --dataset --location=REGION {gone.project}:{gone.name}"
    )
    assert creating.compare(tables.client, gone) == [message]
    assert creating.create_tables(tables.client, gone) == ([], [message])
    assert creating.location_of(tables.client, gone) is None


def test_a_service_that_does_not_answer_is_a_sentence_too(
    tables: Tables, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creating, "BIGQUERY_TIMEOUT_S", 0.000_001)
    (message,) = creating.compare(tables.client, dataset)
    assert message.startswith(f"{dataset.path} cannot be reached: ")


def test_without_credentials_there_is_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    def refuse(*_: object, **__: object) -> None:
        raise DefaultCredentialsError("nothing here")

    monkeypatch.setattr(google.auth, "default", refuse)
    with pytest.raises(UnusableError, match=r"no credentials that Google takes: nothing here[.] Log in: gcloud"):
        creating.client_of(Dataset("shop-1", "marketing"))


def test_the_location_of_a_dataset_is_asked_of_bigquery(tables: Tables, dataset: Dataset) -> None:
    assert creating.location_of(tables.client, dataset) == "US"


@pytest.mark.parametrize(
    ("region", "location", "fits"),
    [
        ("europe-west4", "EU", True),
        ("europe-north1", "eu", True),
        ("europe-west2", "EU", False),  # London
        ("europe-west6", "EU", False),  # Zurich
        ("us-central1", "US", True),
        ("northamerica-northeast1", "US", False),
        ("europe-west4", "US", False),
        ("europe-west4", "europe-west4", True),
        ("europe-west4", "europe-west1", False),
        ("us-central1", "us-central1", True),
    ],
)
def test_a_job_and_its_dataset_lie_in_one_place(region: str, location: str, fits: bool) -> None:
    assert creating.location_fits(region, location) is fits
