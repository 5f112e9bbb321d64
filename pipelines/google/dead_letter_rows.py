"""Rows of `dead_letters` and `late_events`, read from BigQuery a page at a time.

Called by `kittiwake.pipelines.reingest`.

They are read through the view that deduplicates. Values that a person typed travel as parameters, never in the SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from google.cloud import bigquery

from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.pipelines.google.bigquery_errors import raise_unusable
from kittiwake.pipelines.google.bigquery_tables import BIGQUERY_TIMEOUT_S
from kittiwake.stream.redelivery import DeadLetterRow
from kittiwake.stream.tables.schema import DEAD_LETTERS, HAPPENED_AT, ROW_ID
from kittiwake.time.instants import format_instant

PAGE_ROWS: Final = 500
"""Rows in memory at once. BigQuery sends fewer of them when they are large: an answer has 10 MB at most."""


@dataclass(frozen=True)
class RowFilter:
    """Which rows of which table."""

    table: str = DEAD_LETTERS.name
    stages: tuple[str, ...] = ()
    """Empty: all; so for `reasons`."""
    reasons: tuple[str, ...] = ()
    since_us: int | None = None
    """By the job's clock, when it happened, from `since_us` to before `until_us`."""
    until_us: int | None = None
    release: str | None = None
    limit: int | None = None
    """The oldest rows, at most so many."""


def read_dead_letters(client: bigquery.Client, dataset: Dataset, chosen: RowFilter) -> Iterator[DeadLetterRow]:
    """The rows chosen, each once; in no order, or with a limit the oldest first.

    Raises:
        UnusableError: the view cannot be read.
    """
    view = dataset.table(f"{chosen.table}_latest")
    sql, parameters = _query(view, chosen)
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    with raise_unusable(view, "see --dataset, and launch the job once with --create_tables"):
        rows = client.query(sql, job_config=config, timeout=BIGQUERY_TIMEOUT_S).result(page_size=PAGE_ROWS)
        for row in rows:
            yield _dead_letter_row(dict(row.items()))


def _dead_letter_row(row: dict[str, Any]) -> DeadLetterRow:
    return DeadLetterRow(row["raw"], row["raw_size"], row["attributes"], row.get("stage"), row.get("reason"))


def _query(view: str, chosen: RowFilter) -> tuple[str, list[Any]]:
    conditions, parameters = ["TRUE"], []

    def only(condition: str, name: str, kind: str, value: Any) -> None:
        many = isinstance(value, tuple)
        parameter = bigquery.ArrayQueryParameter if many else bigquery.ScalarQueryParameter
        if value is not None and value != ():
            conditions.append(condition)
            parameters.append(parameter(name, kind, list(value) if many else value))

    only("stage IN UNNEST(@stages)", "stages", "STRING", chosen.stages)
    only("reason IN UNNEST(@reasons)", "reasons", "STRING", chosen.reasons)
    only("release = @release", "release", "STRING", chosen.release)
    only(f"{HAPPENED_AT} >= @since", "since", "TIMESTAMP", _instant(chosen.since_us))
    only(f"{HAPPENED_AT} < @until", "until", "TIMESTAMP", _instant(chosen.until_us))
    columns = "raw, raw_size, attributes" + (", stage, reason" if chosen.table == DEAD_LETTERS.name else "")
    # a whole table in order would have to pass through one of BigQuery's workers
    first = "" if chosen.limit is None else f"\nORDER BY {HAPPENED_AT}, {ROW_ID}\nLIMIT {chosen.limit:d}"
    return f"SELECT {columns}\nFROM `{view}`\nWHERE {' AND '.join(conditions)}{first}", parameters


def _instant(time_us: int | None) -> str | None:
    return None if time_us is None else format_instant(time_us)
