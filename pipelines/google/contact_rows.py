"""The rows of a table of events about one contact, or about some items.

Found by `kittiwake.explain.tables` through the entry point `bq` of `kittiwake.rows`. They are asked for by a query: of
a table that is clustered by the column BigQuery then reads some blocks only, and says before how much that is at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import pyarrow as pa
from google.cloud import bigquery

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import table_address
from kittiwake.input.bigquery.canonical import ColumnsError
from kittiwake.input.bigquery.restrictions import ALL_ROWS
from kittiwake.input.shapes.base import CANONICAL
from kittiwake.pipelines.google.bigquery_errors import raise_unusable
from kittiwake.pipelines.google.bigquery_reading import Reader
from kittiwake.pipelines.google.bigquery_tables import BIGQUERY_TIMEOUT_S, client_of
from kittiwake.pipelines.google.reading import rows_of_query
from kittiwake.terminal.progress import megabytes

_ADVICE: Final = "see --input"


def rows_about(
    address: str, column: str, values: Sequence[str], say: Callable[[str], None]
) -> Iterator[pa.RecordBatch]:
    """The rows in which a column has one of some values, in the canonical columns that the table has.

    Raises:
        UnusableError: the table cannot be read, or its columns are not those of events.
    """
    table = table_address(address)
    try:
        columns = Reader(None).plan_of_input(table, CANONICAL, 0, ALL_ROWS)[-1].columns
    except ColumnsError as error:
        advice = (
            f"name a view as --input: CREATE VIEW `{table.project}.{table.dataset}.events_of_kittiwake` AS {error.sql}"
        )
        raise UnusableError(f"{'; '.join(error.wrong)}; {advice}") from error
    own = next((one for one in columns if one.lower() == column), None)
    if own is None:
        return
    named = ", ".join(f"`{one}`" for one in columns)
    sql = f"SELECT {named} FROM `{table.path}` WHERE `{own}` IN UNNEST(@values)"
    parameters = [bigquery.ArrayQueryParameter("values", "STRING", list(values))]
    with client_of(table.owner) as client:
        with raise_unusable(address, _ADVICE):
            config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False, query_parameters=parameters)
            most = client.query(sql, job_config=config, timeout=BIGQUERY_TIMEOUT_S).total_bytes_processed or 0
        say(f"{address}: a query for one {column.removesuffix('_id')} scans at most {megabytes(most)}")
        yield from rows_of_query(client, sql, parameters, address, _ADVICE)
