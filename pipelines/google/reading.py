"""Rows of a question to BigQuery as Arrow. Called by whatever reads tables.

Values that a person typed travel as parameters, never in the SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from google.cloud import bigquery, bigquery_storage

from kittiwake.pipelines.google.bigquery_errors import raise_unusable
from kittiwake.pipelines.google.bigquery_tables import BIGQUERY_TIMEOUT_S


def rows_of_query(
    client: bigquery.Client, sql: str, parameters: Sequence[Any], path: str, advice: str
) -> Iterator[pa.RecordBatch]:
    """The rows of a question about a table, by the Storage Read API: columns as Arrow, some thousand rows at once.

    Raises:
        MissingTableError: there is no such table.
        UnusableError: it cannot be read.
    """
    config = bigquery.QueryJobConfig(query_parameters=list(parameters))
    with raise_unusable(path, advice):
        job = client.query(sql, job_config=config, timeout=BIGQUERY_TIMEOUT_S)
        job.result()
        yield from _rows_of_table(client.project, job.destination)


def _rows_of_table(project: str, table: bigquery.TableReference) -> Iterator[pa.RecordBatch]:
    """By our own session: the client's way to Arrow looks for Pandas first, and warns of its version."""
    with bigquery_storage.BigQueryReadClient() as client:
        path = f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}"
        wanted = bigquery_storage.ReadSession(table=path, data_format=bigquery_storage.DataFormat.ARROW)
        session = client.create_read_session(
            parent=f"projects/{project}", read_session=wanted, max_stream_count=1, timeout=BIGQUERY_TIMEOUT_S
        )
        schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        for stream in session.streams:
            for answer in client.read_rows(stream.name):
                yield pa.ipc.read_record_batch(pa.py_buffer(answer.arrow_record_batch.serialized_record_batch), schema)
