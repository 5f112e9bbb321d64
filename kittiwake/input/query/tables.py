"""The tables that the files of a run are in the SQL of a query, and their words in SQL.

Looks into folders. Called by `blocks`.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kittiwake.input.errors import InputError, shown
from kittiwake.regular_files import STANDARD_INPUT

_NAMED: Final = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<pattern>.+)", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_COMPRESSIONS: Final = (".gz", ".zst")
_READERS: Final = {
    ".csv": "read_csv({files}, all_varchar = true)",
    ".tsv": "read_csv({files}, all_varchar = true)",
    ".txt": "read_csv({files}, all_varchar = true)",
    ".parquet": "read_parquet({files})",
    ".json": "read_json({files})",
    ".jsonl": "read_json({files})",
    ".ndjson": "read_json({files})",
}
"""How a table is read, by the ending of its files. Fields of CSV stay texts: `00123` is an id and no number."""


def find_tables(inputs: Sequence[str]) -> dict[str, list[str]]:
    """The files of each table, by its name.

    Raises:
        InputError: a pattern names no file or no table, a table has two patterns, or its files are of no known kind.
    """
    tables: dict[str, list[str]] = {}
    for given in inputs:
        name, pattern = _named(given)
        if name in tables:
            raise InputError(f"--input {shown(given)}: there are two tables {name}: write other={shown(pattern)}")
        tables[name] = _files(given, pattern)
        reader_of(name, tables[name])
    return tables


def _named(given: str) -> tuple[str, str]:
    """The name and the pattern of a table."""
    if not os.path.lexists(given) and (found := _NAMED.fullmatch(given)):
        return found["name"], found["pattern"]
    name = Path(given).name.split(".")[0]
    if not _NAME.fullmatch(name):
        raise InputError(f"--input {shown(given)}: name the table that it is in the query: orders={shown(given)}")
    return name, given


def _files(given: str, pattern: str) -> list[str]:
    literal = not glob.has_magic(pattern) or os.path.lexists(pattern)
    found = [pattern] if literal else sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (as in `files`)
    if not found:
        raise InputError(f"no file matches {shown(pattern)}")
    for name in found:
        if name == STANDARD_INPUT:
            raise InputError(f"--input {shown(given)}: no ending says what standard input holds: write it into a file")
        if not Path(name).is_file():
            raise InputError(f"--input {shown(given)}: {shown(name)} is no file")
    return [str(Path(name).resolve()) for name in found]


def reader_of(table: str, files: Sequence[str]) -> str:
    """The words of SQL that read a table's files.

    Raises:
        InputError: their names do not say what they hold, or say different things.
    """
    endings = {_ending(name) for name in files}
    if len(endings) != 1 or (ending := next(iter(endings))) not in _READERS:
        kinds = ", ".join(_READERS)
        raise InputError(f"table {table}: files of one kind are read ({kinds}; .gz and .zst too): {shown(files[0])}")
    return _READERS[ending].format(files=list_of_texts(files))


def _ending(name: str) -> str:
    path = Path(name.lower())
    return path.with_suffix("").suffix if path.suffix in _COMPRESSIONS else path.suffix


def text(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"


def list_of_texts(values: Sequence[str]) -> str:
    """A list of texts in SQL."""
    return "[" + ", ".join(map(text, values)) + "]"
