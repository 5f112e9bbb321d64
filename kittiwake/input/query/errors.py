"""Where the SQL of a query is wrong: from DuckDB's words to `file:line:column`.

Pure.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from kittiwake.input.errors import InputError, shown

CHARS_MAX: Final = 1_000
"""Characters of DuckDB's words that are shown: a wrong row of CSV is quoted whole."""

_AT: Final = re.compile(r"\n+(?P<head>LINE (?P<line>\d+): )(?P<cut>\.\.\.)?(?P<shown>.*)\n(?P<blanks> *)\^")


class Sql(NamedTuple):
    """The SQL as it is run, and as it was written: relative paths in it were made absolute."""

    path: str
    written: str
    run: str
    changes: tuple[tuple[int, int], ...] = ()
    """Where in `run`, by character, a path begins and by how many characters it has become longer."""


def after(word: str, sql: Sql) -> Sql:
    """SQL that is run with a word before it."""
    changes = ((0, len(word)), *((at + len(word), by) for at, by in sql.changes))
    return sql._replace(run=word + sql.run, changes=changes)


def query_error(sql: Sql, error: Exception, more: str = "") -> InputError:
    """What DuckDB says of a query, with the location that it names."""
    found = _AT.search(str(error))
    location = f":{_location(sql, found)}" if found else ""
    return InputError(f"{shown(sql.path)}{location}: {words_of(error)}{more}")


def words_of(error: Exception) -> str:
    """What DuckDB says, in one line and without a location."""
    return " ".join(_AT.split(str(error))[0].split())[:CHARS_MAX]


def located(sql: Sql, at: int, message: str) -> InputError:
    """A finding of ours at a character of the SQL as written."""
    line, column = sql.written.count("\n", 0, at) + 1, at - (sql.written.rfind("\n", 0, at) + 1) + 1
    return InputError(f"{shown(sql.path)}:{line}:{column}: {message}")


def _location(sql: Sql, found: re.Match[str]) -> str:
    """Line and column in the SQL as written. A long line is shown in part, between dots."""
    number = int(found["line"])
    lines = sql.run.split("\n")
    line = lines[number - 1] if number <= len(lines) else ""
    column = len(found["blanks"]) - len(found["head"]) - len(found["cut"] or "")
    if found["cut"]:
        column += max(line.find(found["shown"].removesuffix("...")), 0)
    start = sum(len(one) + 1 for one in lines[: number - 1])
    longer = sum(by for at, by in sql.changes if start <= at < start + column)
    return f"{number}:{max(column - longer, 0) + 1}"
