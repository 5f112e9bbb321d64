"""Where the records of JSON lie: a line each, a document each, in a list, or in a list under a key.

Pure. Judges the beginning of a file, which may end anywhere.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from kittiwake.input.mapping.spec import FieldPath, Format
from kittiwake.inspect.values import is_time_name
from kittiwake.values import parse_json

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s"\[\]{},:]+', re.DOTALL)
DEPTH_MAX: Final = 4
"""Keys above a list of records: more stand above what belongs to one record."""


def is_json_start(text: str) -> bool:
    """Whether a text begins as JSON objects or lists do."""
    return text.lstrip()[:1] in ("{", "[")


def layout_of_json(text: str) -> tuple[Format, FieldPath, str]:
    """How records lie in JSON that begins so: the format, the path of their list, and that for people."""
    text = text.lstrip()
    if text.startswith("["):
        return Format.JSON, (), "a JSON array"
    at = _list_of_records(text)
    if at is not None:
        return Format.JSON, at, f"JSON with its records under {'.'.join(at)}"
    return (Format.JSON_LINES, (), "JSON lines") if _is_a_line(text) else (Format.JSON, (), "JSON over several lines")


def _is_a_line(text: str) -> bool:
    """Whether the first line is a whole object."""
    try:
        return isinstance(parse_json(text.split("\n", 1)[0].encode("utf-8", "replace")), dict)
    except (msgspec.DecodeError, ValueError, ArithmeticError):
        return False


_OF_AN_EXPORT: Final = re.compile(r"^(generated|exported|retrieved|fetched|report|since|until|from|to|start|end)")
"""Begins the names of times that are of the document, and of none of its records."""


def _list_of_records(text: str) -> FieldPath | None:
    """The path of the first list of objects in the first document, if that is no record of its own.

    A document that has a time is a record, and its lists belong to it.
    """
    opened: list[tuple[str, str]] = []  # each bracket, and the key whose value it begins
    key, found = "", None
    for token in _TOKEN.findall(text):
        if token in "{[":
            is_element = token == "{" and bool(opened) and opened[-1][0] == "["
            if is_element and found is None and len(opened) <= DEPTH_MAX:
                found = tuple(name for _, name in opened if name)
            opened.append((token, key))
            key = ""
        elif token in "]}":
            opened = opened[:-1]
            if not opened:
                return found
        elif token == ",":
            key = ""
        elif token.startswith('"') and not key and opened and opened[-1][0] == "{":
            key = _name(token)
            if len(opened) == 1 and is_time_name(key) and not _OF_AN_EXPORT.search(key):
                return None
    return found


def _name(token: str) -> str:
    try:
        return str(parse_json(token.encode()))
    except (msgspec.DecodeError, ValueError):
        return ""
