"""Whether a table's columns are those of events, and the SQL that mends what is not.

Pure. Asked at launch, before anything is read; `docs/how-to/backfill-bigquery.md` shows what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from kittiwake.errors import UnusableError

TEXTS: Final = ("event_id", "account_id", "contact_id", "item_id", "type")
COLUMNS: Final = (*TEXTS, "time", "properties")
NEEDED: Final = ("event_id", "account_id", "type", "time")
SUBJECTS: Final = ("contact_id", "item_id")


class TableColumn(NamedTuple):
    """A column of a table."""

    name: str
    type: str
    """As SQL calls it: `STRING`, `INT64`, `STRUCT`."""
    is_repeated: bool = False
    is_required: bool = False

    @property
    def sql_type(self) -> str:
        """Its type, as a person writes it."""
        return f"ARRAY<{self.type}>" if self.is_repeated else self.type


_MAY_BE: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(TEXTS, ("STRING",)),
    "time": ("TIMESTAMP", "STRING"),
    "properties": ("JSON", "STRUCT", "STRING"),
}
"""The types of each column."""

_ELSEWHERE: Final[dict[str, tuple[str, ...]]] = {
    "event_id": ("id", "insert_id", "message_id", "uuid"),
    "account_id": ("account", "tenant_id", "shop_id", "workspace_id"),
    "contact_id": ("user_id", "customer_id", "contact", "profile_id", "user_pseudo_id"),
    "type": ("event_type", "event_name", "event", "name"),
    "time": ("event_time", "timestamp", "occurred_at", "created_at", "event_timestamp"),
}
"""What other systems call a column that is missing: the first that a table has stands in the SQL that mends it."""

_UNKNOWN: Final[dict[str, str]] = {
    "event_id": "TO_HEX(SHA256(TO_JSON_STRING(t)))",
    "account_id": "'acme'",
    "contact_id": "CAST(NULL AS STRING)",
    "type": "'order.completed'",
    "time": "TIMESTAMP('2026-11-01T09:30:00Z')",
}
"""What stands there of a column that nothing resembles: for a person to write over, but for the first."""


class ColumnsError(UnusableError):
    """A table whose columns are not those of events: all that is wrong, and a query that mends it."""

    def __init__(self, wrong: Sequence[str], sql: str) -> None:
        """`wrong`: a sentence each; `sql`: a query of the same table that gives the columns of events."""
        advice = "Write this into a file, and read it with --query FILE.sql in place of --input:"
        super().__init__("\n".join([*wrong, advice, sql]))
        self.wrong = tuple(wrong)
        self.sql = sql

    def __reduce__(self) -> tuple[type[ColumnsError], tuple[tuple[str, ...], str]]:
        return ColumnsError, (self.wrong, self.sql)


def event_columns(path: str, columns: Sequence[TableColumn]) -> list[TableColumn]:
    """The columns of a table that are read, in the order of `docs/reference/events.md`.

    Raises:
        ColumnsError: one is missing or of a wrong type.
    """
    there = {column.name.lower(): column for column in columns}
    missing = [name for name in NEEDED if name not in there]
    missing += [] if any(name in there for name in SUBJECTS) else ["contact_id"]
    found = [there[name] for name in COLUMNS if name in there]
    wrong = [one for one in found if one.is_repeated or one.type not in _MAY_BE[one.name.lower()]]
    if missing or wrong:
        raise ColumnsError(_problems(path, there, missing, wrong), mending_sql(path, there, missing, wrong))
    return found


def _problems(
    path: str, there: dict[str, TableColumn], missing: Sequence[str], wrong: Sequence[TableColumn]
) -> list[str]:
    names = ", ".join(list(there)[:20])
    said = [f"table {path} has no column {name}; it has {names}" for name in missing]
    for column in wrong:
        *others, last = _MAY_BE[column.name.lower()]
        kinds = f"{', '.join(others)} or {last}" if others else last
        said.append(f"column {column.name} of table {path} is {column.sql_type} and has to be {kinds}")
    return said


def mending_sql(path: str, there: dict[str, TableColumn], missing: Sequence[str], wrong: Sequence[TableColumn]) -> str:
    """A query that gives the canonical columns of a table which has others; a person checks its right-hand sides."""
    replaced = [f"{_cast(column)} AS {column.name}" for column in wrong]
    added = [f"{_from_elsewhere(name, there)} AS {name}" for name in missing]
    star = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
    return f"SELECT {', '.join([f't.{star}', *added])} FROM `{path}` AS t"


def _from_elsewhere(name: str, there: dict[str, TableColumn]) -> str:
    """What is to stand for a missing column."""
    other = next((there[one] for one in _ELSEWHERE.get(name, ()) if one in there), None)
    if other is None:
        return _UNKNOWN[name]
    fits = not other.is_repeated and other.type in _MAY_BE[name]
    return other.name if fits else _cast(other._replace(name=name), other.name)


def _cast(column: TableColumn, source: str | None = None) -> str:
    """A column as the type that it has to be."""
    value = column.name if source is None else source
    name = column.name.lower()
    if name == "properties" or column.is_repeated:
        return f"TO_JSON({value})" if name == "properties" else f"TO_JSON_STRING({value})"
    if name != "time":
        return f"CAST({value} AS STRING)"
    return f"TIMESTAMP_MICROS({value})" if column.type == "INT64" else f"TIMESTAMP({value})"
