"""The BigQuery emulator, as far as other tests rely on it."""

from __future__ import annotations

import pytest
from google.cloud import bigquery

from tests.services.emulators.bigquery import BigqueryService
from tests.services.tables import Tables

NEWEST = (
    "SELECT id, revision FROM `{}` WHERE true QUALIFY row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1"
)
SCHEMA = [
    bigquery.SchemaField("id", "STRING", mode="REQUIRED"),
    bigquery.SchemaField("revision", "INTEGER", mode="REQUIRED"),
    bigquery.SchemaField("time", "TIMESTAMP"),
    bigquery.SchemaField("row", "JSON"),
]


@pytest.fixture
def table(tables: Tables) -> str:
    """The id of a table, partitioned and clustered."""
    made = bigquery.Table(f"{tables.create_dataset()}.rows", SCHEMA)
    made.time_partitioning = bigquery.TimePartitioning(field="time", expiration_ms=86_400_000)
    made.clustering_fields = ["id"]
    tables.client.create_table(made)
    return f"{made.project}.{made.dataset_id}.{made.table_id}"


def test_a_table_keeps_how_it_is_partitioned_and_clustered(tables: Tables, table: str) -> None:
    found = tables.client.get_table(table)
    assert (found.time_partitioning.field, found.time_partitioning.expiration_ms) == ("time", 86_400_000)
    assert found.clustering_fields == ["id"]
    assert [(field.name, field.field_type, field.mode) for field in found.schema][:2] == [
        ("id", "STRING", "REQUIRED"),
        ("revision", "INTEGER", "REQUIRED"),
    ]


def test_a_bad_row_is_told_by_its_index_and_the_newest_of_the_good_are_queried(tables: Tables, table: str) -> None:
    rows = [{"id": "a", "revision": revision, "time": "2026-01-01T00:00:00Z", "row": "{}"} for revision in range(2)]
    assert tables.client.insert_rows_json(table, rows) == []
    bad = [{"id": "b", "revision": "many"}, {"id": "c", "revision": 0}, {"id": "d", "revision": 0, "foreign": 1}]
    errors = tables.client.insert_rows_json(table, bad, skip_invalid_rows=True)
    assert {error["index"] for error in errors} == {0, 2}
    assert sorted(map(str, tables.query(NEWEST.format(table)))) == [
        "{'id': 'a', 'revision': 1}",
        "{'id': 'c', 'revision': 0}",
    ]


def test_rows_with_one_insert_id_are_one_row(tables: Tables, table: str) -> None:
    for _ in range(2):
        assert tables.client.insert_rows_json(table, [{"id": "a", "revision": 0}], row_ids=["once"]) == []
    assert tables.query(f"SELECT count(*) AS rows_ FROM `{table}`") == [{"rows_": 1}]


@pytest.mark.nightly
def test_a_restart_keeps_the_address_and_the_tables(
    bigquery_service: BigqueryService, tables: Tables, table: str
) -> None:
    assert tables.client.insert_rows_json(table, [{"id": "a", "revision": 0}]) == []
    bigquery_service.restart()
    assert tables.query(NEWEST.format(table)) == [{"id": "a", "revision": 0}]
