"""Where the rows of a side are read from, as a person has named it: a folder, or `bq://PROJECT.DATASET[.PREFIX]`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import dataset_address, is_bigquery, names_table, table_address
from kittiwake.input.errors import shown
from kittiwake.pipelines.decisions.files import RunFolder, is_file, rows_in
from kittiwake.pipelines.decisions.reconciling import Rows
from kittiwake.stream.tables.schema import TRIGGERS


def rows_of(name: str, *, stream: bool, run_id: str | None = None) -> Rows:
    """The rows that a name stands for; of tables those of streams, or else of all other hosts, or of one run.

    Raises:
        UnusableError: it is an address of BigQuery that names no dataset, Google's clients are missing, or a folder,
            which has one run, is asked for one by name.
    """
    if not is_bigquery(name):
        if run_id is not None:
            raise UnusableError(f"{shown(name)} is a folder, which has one run: leave the name of the run out")
        return RunFolder(name)
    address = dataset_address(name)
    with _needs_google(name):
        from kittiwake.pipelines.decisions.tables import DatasetRows, Side  # noqa: PLC0415 - a second

    return DatasetRows(address, Side.STREAM if stream else Side.BACKFILL, run_id)


def rows_sent(name: str) -> Iterator[pa.RecordBatch]:
    """What a stream has sent, and perhaps more: of a folder, a file, a dataset, or a table of triggers.

    Raises:
        UnusableError: it is no such thing, or cannot be read.
    """
    if not is_bigquery(name):
        return rows_in(name) if is_file(name) else RunFolder(name).decisions()
    address = table_address(name) if names_table(name) else dataset_address(name).address(TRIGGERS.name)
    with _needs_google(name):
        from kittiwake.pipelines.decisions.tables import sent_rows  # noqa: PLC0415 - a second

    return sent_rows(address)


def rows_emitted(name: str, since_us: int | None) -> Iterator[pa.RecordBatch]:
    """What a stream has emitted of its triggers, revisions and all: of the folder of its `--output`, or of a dataset.

    Of tables what was written since an instant, and perhaps more.

    Raises:
        UnusableError: it is no such thing, or cannot be read.
    """
    if not is_bigquery(name):
        return RunFolder(name).decisions()
    address = dataset_address(name).address(TRIGGERS.name)
    with _needs_google(name):
        from kittiwake.pipelines.decisions.tables import emitted_rows  # noqa: PLC0415 - a second

    return emitted_rows(address, since_us)


@contextmanager
def _needs_google(name: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise UnusableError(f"{name} needs Google's clients: install the extra kittiwake[gcp] ({error})") from error
