"""Imports of the code base, read from its source: who imports which module, and which names of it.

Used by `test_layers`. Imports inside functions and under `TYPE_CHECKING` count as all others do.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.repo.sources import LINKED


class Import(NamedTuple):
    """One name that one module takes from another."""

    importer: str
    line: int
    module: str
    name: str
    """Empty where the module itself is imported, and no name of it."""


def module_of(path: Path, root: Path) -> str:
    """The dotted name by which a file is imported; that of the package for its `__init__.py`."""
    parts = path.relative_to(root).with_suffix("").parts
    below = ("kittiwake",) if parts[0] in LINKED else ()
    return ".".join((*below, *parts)).removesuffix(".__init__")


def imports_of(source: str, importer: str, modules: frozenset[str]) -> Iterator[Import]:
    """Everything that a module imports of `modules`, attributes of imported modules among them."""
    tree = ast.parse(source)
    aliases = {}
    for node in ast.walk(tree):
        for found, bound in _imported(node, importer, modules):
            yield found
            if not found.name:
                aliases[bound] = found.module
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            yield Import(importer, node.lineno, aliases[node.value.id], node.attr)


def _imported(node: ast.AST, importer: str, modules: frozenset[str]) -> Iterator[tuple[Import, str]]:
    """The imports of one statement, each with the name it binds."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name in modules:
                yield Import(importer, node.lineno, alias.name, ""), alias.asname or alias.name
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            full, bound = f"{node.module}.{alias.name}", alias.asname or alias.name
            if full in modules:
                yield Import(importer, node.lineno, full, ""), bound
            elif node.module in modules:
                yield Import(importer, node.lineno, node.module, alias.name), bound


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private(imports: Iterable[Import], packages: frozenset[str]) -> list[Import]:
    """Private names that are taken from a module of another package."""
    return [
        found
        for found in imports
        if _is_private(found.name) and _package(found.importer, packages) != _package(found.module, packages)
    ]


def _package(module: str, packages: frozenset[str]) -> str:
    """The folder that a module stands in; a package stands in itself."""
    return module if module in packages else module.rpartition(".")[0]


def circles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Sets of more than one node of which each leads to each other."""
    leads: dict[str, set[str]] = {}
    for a, b in edges:
        leads.setdefault(a, set()).add(b)
    reached = {node: _reached(node, leads) for node in leads}
    together = {frozenset({a, *(b for b in reached[a] if a in reached.get(b, ()))}) for a in leads}
    return sorted(sorted(found) for found in together if len(found) > 1)


def _reached(node: str, leads: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for following in leads.get(waiting.pop(), set()) - found:
            found.add(following)
            waiting.append(following)
    return found
