"""Where the rows of a side are read from, as a person has named it: a folder, or `bq://PROJECT.DATASET[.PREFIX]`."""

from __future__ import annotations

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import dataset_address, is_bigquery
from pipelines.decisions.files import RunFolder
from pipelines.decisions.reconciling import Rows


def rows_of(name: str, *, stream: bool) -> Rows:
    """The rows that a name stands for; of tables those of streams, or else of all other hosts.

    Raises:
        UnusableError: it is an address of BigQuery that names no dataset, or Google's clients are missing.
    """
    if not is_bigquery(name):
        return RunFolder(name)
    address = dataset_address(name)
    try:  # Google's clients take a second
        from pipelines.decisions.tables import DatasetRows, Side  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UnusableError(f"{name} needs Google's clients: install the extra kittiwake[gcp] ({error})") from error
    return DatasetRows(address, Side.STREAM if stream else Side.BACKFILL)
