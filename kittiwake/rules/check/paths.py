"""The check that no path walks into a list, wherever in a rule a path may stand.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.model.base import Model
from kittiwake.rules.model.catalog import ItemPaths
from kittiwake.rules.model.change import AttributeChanges
from kittiwake.rules.model.match import Where
from kittiwake.rules.model.text import list_index_problem

PATH_KEYS: Final = frozenset(
    {"avg", "distinct", "field", "item", "last", "max", "min", "path", "per", "same", "sum", "until"}
)
"""Keys whose value is a path or a list of paths; beside them stand the values of `include` and the keys of `where`."""


def check_paths(written: Any, base: KeyPath = ()) -> Iterator[Diagnostic[Code]]:
    """Every path of a rule, or of a part of one that stands at `base`, that names an index of a list."""
    for path, text, at_key in paths_in(written, base):
        found = list_index_problem(text)
        if found:
            yield Diagnostic(path, Code.LIST_PATH, *found, at_key=at_key)


def paths_in(written: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str, bool]]:
    """The paths in a part of a rule, where each stands, and whether it is a key there."""
    if isinstance(written, list):
        for where, entry in each(written, path):
            yield from paths_in(entry, where)
    elif isinstance(written, Model):
        for key, value in _entries(written).items():
            yield from _paths_at(key, value, (*path, key))
        if isinstance(written, (Where, ItemPaths, AttributeChanges)):
            for name, test in written.own_keys.items():
                yield (*path, name), name, True
                yield from paths_in(test, (*path, name))


def _paths_at(key: str, value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str, bool]]:
    if key == "include" and isinstance(value, dict):
        yield from (((*path, name), text, False) for name, text in value.items() if isinstance(text, str))
    elif key in PATH_KEYS:
        for where, text in each(value, path):
            if isinstance(text, str):
                yield where, text, False
            elif isinstance(text, dict):
                yield from (((*where, name), name, True) for name in text)
                yield from (((*where, name), other, False) for name, other in text.items())
            else:
                yield from paths_in(text, where)
    else:
        yield from paths_in(value, path)


def _entries(written: Model) -> Mapping[str, Any]:
    """What an object says under the author's keys, but for the properties that it names."""
    return {info.key: getattr(written, name) for name, info in type(written).model_fields.items()}
