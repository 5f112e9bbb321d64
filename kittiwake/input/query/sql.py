"""The SQL of a query: what it may be, and its relative paths, which are those of its own folder.

Reads the file of SQL, and lets DuckDB take the SQL apart. Called by `blocks`. A query is one `SELECT`. It asks neither
the clock nor chance: the same files give the same events, whenever it runs.
"""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from kittiwake.input.errors import InputError, shown
from kittiwake.input.query.errors import Sql, located, query_error
from kittiwake.regular_files import open_file, why_not

BYTES_MAX: Final = 1024 * 1024
"""Bytes of a query: more is a file of something else."""

UNSTEADY: Final = frozenset(
    {
        "age_to_now", "current_date", "current_localtime", "current_localtimestamp", "current_time",
        "current_timestamp", "gen_random_uuid", "get_current_time", "get_current_timestamp", "localtime",
        "localtimestamp", "nextval", "now", "random", "setseed", "today", "transaction_timestamp", "uuid", "uuidv4",
        "uuidv7",
    }
)  # fmt: skip
"""Functions that answer differently when they are asked again."""

_CLOCKS: Final = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
"""Those of them that are called without brackets."""

_READERS: Final = re.compile(r"(read_\w+|parquet_scan|glob|sniff_csv|parquet_metadata|parquet_schema)")
_LITERAL: Final = re.compile(r"'(?:[^']|'')*'" + r'|"(?:[^"]|"")*"')
_PATH: Final = re.compile(r"[/\\*]|\.(csv|tsv|txt|parquet|json|jsonl|ndjson)(\.gz|\.zst)?$", re.IGNORECASE)
_NOWHERE: Final = 2**63
"""What DuckDB gives as the place of what stands nowhere in the SQL."""


def read_sql(path: str, connection: Any) -> Sql:
    """The SQL of a file, checked, with absolute paths.

    Raises:
        InputError: it cannot be read, is not one SELECT, or asks the clock or chance.
    """
    sql = Sql(path, written := _text(path), written)
    _refuse_others(sql, connection)
    tree = json.loads(connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [written]).fetchone()[0])
    if tree.get("error"):
        raise InputError(f"{shown(path)}: {tree.get('error_message')}: write one SELECT; WITH may stand before it")
    at_byte = _characters(written)
    nodes = list(_nodes(tree))
    for node in nodes:
        _refuse_unsteady(sql, node, at_byte)
    starts = sorted({at_byte(at) for node in nodes for at in _paths(node)})
    return _absolute(sql, starts, Path(path).resolve().parent)


def _text(path: str) -> str:
    try:
        with open_file(path) as stream:
            raw = stream.read(BYTES_MAX + 1)
    except OSError as error:
        raise InputError(f"cannot read {shown(path)}: {why_not(path, error)}") from error
    if len(raw) > BYTES_MAX:
        raise InputError(f"cannot read {shown(path)}: a query has {BYTES_MAX:,} bytes at most")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read {shown(path)}: byte {error.start} is not UTF-8") from None


def _refuse_others(sql: Sql, connection: Any) -> None:
    import duckdb  # noqa: PLC0415 - needs an extra

    try:
        statements = connection.extract_statements(sql.written)
    except duckdb.Error as error:
        raise query_error(sql, error) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        found = f"{len(statements)} statements" if len(statements) != 1 else f"{statements[0].type.name}"
        advice = "write one SELECT, whose rows are events; WITH may stand before it"
        raise InputError(f"{shown(sql.path)}: {found}: {advice}")


# ---------------------------------------------------------------- what stands in it


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All parts of the SQL."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _refuse_unsteady(sql: Sql, node: dict[str, Any], at_byte: Any) -> None:
    name = node.get("function_name") if node.get("class") == "FUNCTION" else _clock(node)
    if node.get("sample"):
        name = "SAMPLE"
    is_age = name == "age" and len(node.get("arguments") or node.get("children") or ()) == 1
    if name in UNSTEADY or is_age or name == "SAMPLE":
        at = node.get("query_location", 0)
        message = f"{name} gives other events at every run: write a constant, or a column of the files"
        raise located(sql, at_byte(at) if at < _NOWHERE else 0, message)


def _clock(node: dict[str, Any]) -> str | None:
    names: list[str] = node.get("column_names") or []
    return names[0] if node.get("class") == "COLUMN_REF" and len(names) == 1 and names[0] in _CLOCKS else None


def _paths(node: dict[str, Any]) -> Iterator[int]:
    """Where paths begin, by byte: in the first argument of what reads files, or in place of a table."""
    if node.get("type") == "BASE_TABLE" and _PATH.search(str(node.get("table_name"))):
        yield node["query_location"]
    function = node.get("function") if node.get("type") == "TABLE_FUNCTION" else None
    if isinstance(function, dict) and _READERS.fullmatch(str(function.get("function_name"))):
        arguments = function.get("arguments") or function.get("children") or []
        for part in _nodes(arguments[:1]):
            if part.get("class") == "CONSTANT" and part.get("query_location", _NOWHERE) < _NOWHERE:
                yield part["query_location"]


def _characters(written: str) -> Any:
    """From a byte of the text to its character."""
    raw = written.encode()
    return (lambda at: at) if len(raw) == len(written) else (lambda at: len(raw[:at].decode("utf-8", "ignore")))


def _absolute(sql: Sql, starts: list[int], folder: Path) -> Sql:
    """The SQL with the paths that begin at `starts` taken from a folder."""
    parts, changes, done, longer = [], [], 0, 0
    for start in starts:
        found = _LITERAL.match(sql.written, start)
        if found is None:
            continue
        quote = found[0][0]
        path = found[0][1:-1].replace(quote * 2, quote)
        if "://" in path or Path(path).is_absolute():
            continue
        whole = os.path.normpath(folder / path)  # DuckDB knows a path with `..` as another one
        new = quote + whole.replace(quote, quote * 2) + quote
        parts += [sql.written[done:start], new]
        changes.append((start + longer, by := len(new) - len(found[0])))
        done, longer = found.end(), longer + by
    return sql._replace(run="".join([*parts, sql.written[done:]]), changes=tuple(changes))
