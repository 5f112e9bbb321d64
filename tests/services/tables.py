"""Tables of the BigQuery emulator as tests use them. Made by the fixture `tables`, which points Google's clients, and
Beam's BigQueryIO in this process, at the emulator.
"""

from __future__ import annotations

import uuid
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.stream.tables.schema import Table
from tests.services.emulators.bigquery import PROJECT, BigqueryService


class Tables:
    """What tests do with the emulator: a dataset of their own, and SQL. `environment` is for a process of its own."""

    def __init__(self, service: BigqueryService) -> None:
        self.environment = service.environment
        self.client = bigquery.Client(
            project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": service.url}
        )

    def create_dataset(self, name: str = "dataset") -> str:
        """The id, `project.dataset`, of a new dataset whose name begins so and is nobody else's."""
        dataset = self.client.create_dataset(f"{PROJECT}.{name}_{uuid.uuid4().hex[:8]}")
        return f"{dataset.project}.{dataset.dataset_id}"

    def create(self, dataset: Dataset, *tables: Table) -> None:
        """Empty tables of the jobs in a dataset; without the views, which cost the emulator twice as much as tables."""
        from kittiwake.pipelines.google.bigquery_tables import field_of

        for table in tables:
            schema = [field_of(column) for column in table.columns]
            self.client.create_table(bigquery.Table(dataset.table(table.name), schema=schema))

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The rows the statement gives, by their columns."""
        return [dict(row) for row in self.client.query_and_wait(sql)]

    def close(self) -> None:
        self.client.close()
