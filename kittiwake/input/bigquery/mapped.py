"""A table that a shape file reads, as GA4's export: which columns and which rows it needs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.event_types import MERGED
from kittiwake.input.bigquery.canonical import TableColumn
from kittiwake.input.bigquery.restrictions import NAMES_MAX, RowsWanted, among, conjunction, within
from kittiwake.input.mapping.mapping import RecordMapping
from kittiwake.input.mapping.spec import FieldPath, Format, MappingSpec, Others, Unit


class MappedRead(NamedTuple):
    """What is read of a table."""

    columns: list[str]
    restriction: str
    is_cut: bool
    """Whether the restriction holds its rows to the times of the run."""


def mapped_read(path: str, columns: Sequence[TableColumn], mapping: RecordMapping, wanted: RowsWanted) -> MappedRead:
    """What of a table a shape needs.

    Raises:
        UnusableError: the shape is one of other files, or the table has none of its columns.
    """
    spec = mapping.spec
    if spec.records.format is Format.CSV or mapping.has_ordinals:
        raise UnusableError(f"{path}: the shape {spec.name} is one of files: write one without `format` and `ordinal`")
    names = mapping.views.columns
    found = [column.name for column in columns if names is None or column.name in names]
    if not found:
        there = ", ".join(column.name for column in columns[:20])
        raise UnusableError(f"table {path} has none of the columns {', '.join(names or ())}; it has {there}")
    by_name = {column.name: column for column in columns}
    times = _times(spec, by_name, wanted)
    return MappedRead(found, conjunction([times, _types(spec, by_name, wanted)]), bool(times))


def _column(paths: Sequence[FieldPath], columns: dict[str, TableColumn]) -> TableColumn | None:
    """The column that alone says something; None: several do, or a part of one."""
    if len(paths) != 1 or len(paths[0]) != 1:
        return None
    return columns.get(paths[0][0])


def _times(spec: MappingSpec, columns: dict[str, TableColumn], wanted: RowsWanted) -> str:
    """The condition on the time; empty where it cannot be said of one column."""
    source = spec.time[0]
    column = _column(source.paths, columns) if len(spec.time) == 1 else None
    if column is None or spec.each is not None:
        return ""
    counts = column.type == "INT64" and source.unit is Unit.MICROS
    is_instant = column.type == "TIMESTAMP" and source.unit is None and source.format is None
    return within(column, wanted) if counts or is_instant else ""


def _types(spec: MappingSpec, columns: dict[str, TableColumn], wanted: RowsWanted) -> str:
    """The condition on the type; a row that names somebody under two ids is wanted for that, if anything merges."""
    source = spec.type
    column = _column(source.paths, columns)
    if column is None or column.type != "STRING" or wanted.types is None or source.words or spec.each is not None:
        return ""
    renamed = dict(source.names)
    kept = wanted.types - renamed.keys() if source.others is Others.KEEP else frozenset[str]()
    names = kept | {name for name, ours in renamed.items() if ours in wanted.types}
    condition = among(column, frozenset(names))
    if not spec.ends_visitors or MERGED not in wanted.types or not condition or len(names) > NAMES_MAX:
        return condition
    firsts = {path[0] for contact in spec.contact[:-1] for path in contact.paths if path}
    if not firsts or not firsts <= columns.keys():
        return ""
    return " OR ".join([condition, *(f"{name} IS NOT NULL" for name in sorted(firsts))])
