"""What a person says of a query: its file, and the files that stand for tables in it. Pure."""

from __future__ import annotations

import msgspec


class Query(msgspec.Struct, frozen=True):
    """A query over local files, as it was typed; nothing of it has been read yet."""

    path: str
    """The file of SQL."""
    inputs: tuple[str, ...] = ()
    """Files and globs, each a table: `orders.csv` is `orders`, `rows=2026/*.csv` is `rows`."""
