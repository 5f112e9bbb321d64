"""A table of rows that a command found, replaced as a whole by one load job.

Called by `kittiwake.pipelines.reconcile`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence

from google.cloud import bigquery

from kittiwake.input.bigquery.addresses import TableAddress
from kittiwake.pipelines.google.bigquery_errors import raise_unusable
from kittiwake.pipelines.google.bigquery_tables import client_of, field_of
from kittiwake.stream.tables.schema import Column


def replace_table(address: TableAddress, columns: Sequence[Column], description: str, lines: Iterable[bytes]) -> None:
    """Make the lines, each with its end, the rows of a table; one that is there holds them instead of what it held.

    Raises:
        UnusableError: the dataset is not there, or BigQuery does not take them; the table is as it was.
    """
    client = client_of(address.owner)
    config = bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
        schema=[field_of(column) for column in columns],
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        destination_table_description=description,
    )
    with client, tempfile.TemporaryFile() as file:
        file.writelines(lines)
        file.seek(0)
        with raise_unusable(address.path, "create its dataset where the other tables lie"):
            client.load_table_from_file(file, address.path, job_config=config).result()
