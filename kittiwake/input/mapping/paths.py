"""Paths into records: read from the text that an author writes, and compiled into functions.

Pure. Called by `kittiwake.shape_files`, which checks paths, and by what compiles a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias

from kittiwake.input.mapping.spec import FieldPath

PATH_CHARS_MAX: Final = 256
PATH_KEYS_MAX: Final = 12
"""Deeper than any export of a vendor; every key is a step for every record."""

WHOLE: Final = "."
"""How the path of the record itself is written."""

_KEY: Final = re.compile(r'"([^"]+)"|([^".]+)')

View: TypeAlias = Any
"""A record as a mapping sees it: an object with an attribute `f0`, `f1`, … for each field that a path begins with."""
Get: TypeAlias = Callable[[View], Any]
"""From a view to a value; None: absent."""
Lookup: TypeAlias = Callable[[FieldPath], Get]
"""From a path to the function that walks it in views of one kind."""


def parse_path(text: str) -> FieldPath | None:
    """The path that a text says; None: it says none.

    >>> parse_path('customer.id'), parse_path('"order.total".0'), parse_path("."), parse_path("a..b")
    (('customer', 'id'), ('order.total', '0'), (), None)
    """
    if text == WHOLE:
        return ()
    if not text.isprintable() or "\\" in text:
        return None
    keys, at = [], 0
    while found := _KEY.match(text, at):
        keys.append(found[1] or found[2])
        at = found.end()
        if at == len(text):
            return tuple(keys) if len(keys) <= PATH_KEYS_MAX and len(text) <= PATH_CHARS_MAX else None
        if text[at] != ".":
            return None
        at += 1
    return None


def path_text(path: FieldPath) -> str:
    """A path as its author writes it."""
    return ".".join(f'"{key}"' if "." in key else key for key in path) or WHOLE


def is_absent(value: object) -> bool:
    """Whether a value counts as none."""
    return value is None or value == ""


def walk(value: Any, keys: FieldPath) -> Any:
    """What stands at keys below a value; None where they lead nowhere."""
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def lookup_in(fields: Sequence[str]) -> Lookup:
    """Paths in views that have `fields`, each of any value."""
    return lambda path: _getter(path, fields)


def _getter(path: FieldPath, fields: Sequence[str]) -> Get:
    """The function for a path; the empty path is the attribute `whole`."""
    if not path:
        return attrgetter("whole")
    head = attrgetter(f"f{fields.index(path[0])}")
    if len(path) == 1:
        return head
    if len(path) == 2:
        (key,) = path[1:]

        def get_two(view: View) -> Any:
            value = head(view)
            return value.get(key) if type(value) is dict else walk(value, (key,))

        return get_two
    rest = path[1:]
    return lambda view: walk(head(view), rest)


def first_of(gets: Sequence[Get]) -> Get:
    """The function for the first of several that is not absent."""
    if len(gets) == 1:
        (only,) = gets
        return only

    def get(view: View) -> Any:
        for one in gets:
            value = one(view)
            if value is not None and value != "":
                return value
        return None

    return get
