"""Which rows of a table can matter, as the SQL text of a row restriction. Pure.

What is left out is neither read nor paid for, and so neither counted nor checked. A row whose type or time is NULL is
read: it is a dead letter, and nobody would see it otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from kittiwake.input.bigquery.canonical import TableColumn
from kittiwake.time.instants import format_instant

NAMES_MAX: Final = 1_000
"""Names in one restriction: with more of them, each up to 128 characters, it would near the megabyte that BigQuery
takes; then all rows are read, and what is not wanted is left out by us."""


class RowsWanted(NamedTuple):
    """The rows that can change anything."""

    types: frozenset[str] | None = None
    """None: of all types."""
    account_ids: frozenset[str] | None = None
    """None: of all accounts."""
    from_us: int | None = None
    until_us: int | None = None
    """Half open; None: no bound."""
    items: bool = False
    """Whether events of items are wanted, of every type."""


ALL_ROWS: Final = RowsWanted()


def restriction_of(columns: Sequence[TableColumn], wanted: RowsWanted) -> str:
    """The condition on canonical columns for the rows that are wanted; empty: all are."""
    by_name = {column.name.lower(): column for column in columns}
    return conjunction(
        [
            within(by_name["time"], wanted) if by_name["time"].type == "TIMESTAMP" else "",
            _types(by_name, wanted),
            among(by_name["account_id"], wanted.account_ids),
        ]
    )


def _types(columns: dict[str, TableColumn], wanted: RowsWanted) -> str:
    condition = among(columns["type"], wanted.types)
    if condition and wanted.items and "item_id" in columns:
        return f"{condition} OR {columns['item_id'].name} IS NOT NULL"
    return condition


def conjunction(conditions: Iterable[str]) -> str:
    """All of some conditions, of which an empty one says nothing."""
    return " AND ".join(f"({one})" if " OR " in one else one for one in conditions if one)


def within(column: TableColumn, wanted: RowsWanted) -> str:
    """The condition that a time lies between the bounds; of an INT64 column it counts microseconds since 1970."""
    bounds = [
        f"{column.name} {operator} {_instant(column, at_us)}"
        for operator, at_us in ((">=", wanted.from_us), ("<", wanted.until_us))
        if at_us is not None
    ]
    return _or_null(column, " AND ".join(bounds))


def among(column: TableColumn, names: frozenset[str] | None) -> str:
    """The condition that a column has one of some names; empty if anything will do, or the names are too many."""
    if names is None or len(names) > NAMES_MAX:
        return ""
    return _or_null(column, f"{column.name} IN ({', '.join(map(literal, sorted(names)))})" if names else "FALSE")


def _or_null(column: TableColumn, condition: str) -> str:
    return condition if column.is_required or not condition else f"{condition} OR {column.name} IS NULL"


def _instant(column: TableColumn, at_us: int) -> str:
    return str(at_us) if column.type == "INT64" else f"TIMESTAMP '{format_instant(at_us)}'"


def literal(text: str) -> str:
    r"""A text as GoogleSQL writes it.

    >>> print(literal("cart.item_added"), literal("it's \\"))
    'cart.item_added' 'it\'s \\'
    """
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + "".join(one if one.isprintable() else _escaped(one) for one in plain) + "'"


def _escaped(character: str) -> str:
    return f"\\U{ord(character):08x}"
