"""Where the rows of a side are read from, as a person has named it: a folder, or `bq://PROJECT.DATASET`."""

from __future__ import annotations

from pipelines.decisions.files import RunFolder
from pipelines.decisions.reconciling import Rows


def rows_of(name: str) -> Rows:
    """The rows that a name stands for."""
    return RunFolder(name)
