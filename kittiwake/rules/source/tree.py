"""A document as a tree that remembers where everything stands.

Pure. Made by `sources` from text and by `node_of` from values already parsed; read by
`documents`. Trees may share branches (aliases), never contain themselves.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from kittiwake.rules.errors import Code, KeyPath, RuleError, show_path


class Mark(NamedTuple):
    """Where something stands in its file, from 1; (0, 0) where there is no text."""

    line: int
    column: int


class Node(msgspec.Struct, frozen=True):
    """A value: `value` is a scalar, a list of nodes, or a dict of nodes whose keys stand at `keys`."""

    value: Any
    mark: Mark
    keys: dict[str, Mark] = {}
    origin: Location | None = None
    """Where it was written, if it has been copied from there: from the definition of a named match."""


NOWHERE: Final = Mark(0, 0)


def node_of(data: Any, mark: Mark = NOWHERE) -> Node:
    """The tree of a value already parsed, all of it at `mark`."""
    if isinstance(data, dict):
        entries = {str(key): node_of(value, mark) for key, value in data.items()}
        return Node(entries, mark, dict.fromkeys(entries, mark))
    if isinstance(data, (list, tuple)):
        return Node([node_of(value, mark) for value in data], mark)
    return Node(data, mark)


def moved(node: Node, mark: Mark) -> Node:
    """A tree all of which stands at `mark`."""
    if isinstance(node.value, dict):
        entries = {key: moved(part, mark) for key, part in node.value.items()}
        return Node(entries, mark, dict.fromkeys(entries, mark), node.origin)
    if isinstance(node.value, list):
        return Node([moved(part, mark) for part in node.value], mark, {}, node.origin)
    return Node(node.value, mark, {}, node.origin)


def plain(node: Node) -> Any:
    """The value without its lines and columns; entries without a value (null) are left out."""
    if isinstance(node.value, dict):
        return {key: plain(part) for key, part in node.value.items() if part.value is not None}
    if isinstance(node.value, list):
        return [plain(part) for part in node.value if part.value is not None]
    return node.value


def size(node: Node) -> int:
    """How many values a tree has, itself included; shared branches count as if written out."""
    parts = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    return 1 + sum(map(size, parts))


def nulls(node: Node, path: KeyPath = ()) -> list[KeyPath]:
    """Where the tree has keys or list entries without a value."""
    if node.value is None:
        return [path]
    if isinstance(node.value, dict):
        return [found for key, part in node.value.items() for found in nulls(part, (*path, key))]
    if isinstance(node.value, list):
        return [found for i, part in enumerate(node.value) for found in nulls(part, (*path, i))]
    return []


def child(node: Node, part: str | int) -> Node | None:
    """The value under a key or at a position; None if there is none."""
    if isinstance(node.value, dict):
        found: Node | None = node.value.get(part)
        return found
    if isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
        entry: Node = node.value[part]
        return entry
    return None


def locate(node: Node, path: KeyPath, at_key: bool = False) -> Mark:
    """Where the value at `path` stands, or its key; as near as the tree goes.

    Parts of the path that the tree does not have are passed over: a text stands for a list of one.
    """
    mark = node.mark
    for part in path:
        found = child(node, part)
        if found is not None:
            mark = node.keys[str(part)] if at_key and isinstance(node.value, dict) else found.mark
            node = found
    return mark


class Location(msgspec.Struct, frozen=True):
    """A part of a document, able to say where errors in it stand."""

    file: str
    node: Node
    base: KeyPath = ()
    """Path of `node` in its document."""

    def at(self, *path: str | int) -> Location | None:
        """The location of the value at `path`, if there is one."""
        node: Node | None = self.node
        for part in path:
            node = child(node, part) if node else None
        return Location(self.file, node, (*self.base, *path)) if node else None

    def mark(self, path: KeyPath = (), at_key: bool = False) -> Mark:
        """Where the value at `path`, or its key, stands."""
        return locate(self.node, path, at_key)

    def written_at(self, path: KeyPath) -> tuple[Location, KeyPath]:
        """Where the value at `path` was written: in the definition from which it has been copied, or here."""
        found: tuple[Location, KeyPath] = (self, path)
        node: Node | None = self.node
        for i, part in enumerate(path):
            node = child(node, part) if node else None
            if node is not None and node.origin is not None:
                found = (node.origin, path[i + 1 :])
        return found

    def error(self, path: KeyPath, code: Code, message: str, advice: str, *, at_key: bool = False) -> RuleError:
        """An error at `path`."""
        mark = self.mark(path, at_key)
        return RuleError(self.file, mark.line, mark.column, show_path((*self.base, *path)), message, advice, code)
