"""Revocations of a recall as rows of a stream's tables, which they are only added to.

Called by `kittiwake.pipelines.decisions.marks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from google.cloud import bigquery

from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.pipelines.google.bigquery_errors import MissingTableError, raise_unusable
from kittiwake.pipelines.google.bigquery_tables import BIGQUERY_TIMEOUT_S, add_rows, client_of
from kittiwake.stream.tables.rows import line_table_row
from kittiwake.stream.tables.schema import DECISIONS, ROW_ID, TRIGGERS
from kittiwake.transforms.clock import now_us

_ADVICE: Final = "name the dataset of the stream, as bq://PROJECT.DATASET or bq://PROJECT.DATASET.PREFIX"


class TableMarks:
    """See `kittiwake.pipelines.decisions.marks.Marks`."""

    def __init__(self, client: bigquery.Client, paths: Sequence[str], clock_us: Callable[[], int]) -> None:
        """Use `open_marks`."""
        self._client, self._paths, self._clock_us = client, paths, clock_us

    def add(self, lines: Sequence[bytes]) -> None:
        """See `Marks`. A run that was killed between two tables adds to both again, under the same `row_id`."""
        rows = [line_table_row(line, self._clock_us()) for line in lines]
        ids = [row[ROW_ID] for row in rows]
        for path in self._paths:
            with raise_unusable(path, _ADVICE):
                add_rows(self._client, path, rows, ids)


@contextmanager
def open_marks(dataset: Dataset) -> Iterator[TableMarks]:
    """The tables that have what was sent: `decisions`, if a stream writes it, and last `triggers`, which is read.

    Raises:
        UnusableError: there is no table of triggers, or it may not be read.
    """
    with client_of(dataset) as client:
        triggers = dataset.table(TRIGGERS.name)
        with raise_unusable(triggers, _ADVICE):
            client.get_table(triggers, timeout=BIGQUERY_TIMEOUT_S)
        paths = [triggers]
        decisions = dataset.table(DECISIONS.name)
        if _has_rows(client, decisions):
            paths.insert(0, decisions)
        yield TableMarks(client, paths, now_us)


def _has_rows(client: bigquery.Client, path: str) -> bool:
    """Whether a stream writes that table: in one that it does not, marks alone would look like all that it decided."""
    try:
        with raise_unusable(path, _ADVICE):
            return bool([*client.query(f"SELECT 1 AS one FROM `{path}` LIMIT 1", timeout=BIGQUERY_TIMEOUT_S).result()])
    except MissingTableError:
        return False
