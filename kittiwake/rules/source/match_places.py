"""Where in a rule an event match may stand, in the tree of what its author wrote.

Pure. Called by `kittiwake.rules.named`, before a rule is read: a key that is no clause, or not of the shape it ought to
have, is left as it is, and refused when the rule is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from kittiwake.rules.source.tree import Location, Node

Rewrite: TypeAlias = Callable[[Location], Node]
"""From a match as it is written to what takes its place; the node itself, if nothing does."""

_NESTED: Final = ("all", "any", "not")
_MEASURED: Final = ("count", "present", "absent", "of")
"""Keys of a condition under which a match stands."""


def with_matches(rule: Location, rewrite: Rewrite) -> Location:
    """The rule with each of its matches rewritten."""
    clauses = {key: rewritten(at, rewrite) for key, rewritten in _CLAUSES.items() if (at := rule.at(key)) is not None}
    return Location(rule.file, _with(rule.node, clauses), rule.base)


def with_matches_of_header(document: Location, rewrite: Rewrite) -> Location:
    """A document, its rules left alone, with each of its matches rewritten: what `derive` derives from."""
    derive = document.at("derive")
    if derive is None or not isinstance(derive.node.value, list):
        return document
    found = _listed(derive, lambda entry: _part(entry, "from", rewrite))
    return Location(document.file, _with(document.node, {"derive": found}), document.base)


def _part(at: Location, key: str, rewrite: Rewrite) -> Node:
    """An object with the match under a key rewritten."""
    part = at.at(key)
    return at.node if part is None else _with(at.node, {key: rewrite(part)})


def _with(node: Node, parts: Mapping[str, Node]) -> Node:
    """An object with some of its values replaced; the object itself where none is another."""
    if all(node.value[key] is part for key, part in parts.items()):
        return node
    return Node({**node.value, **parts}, node.mark, node.keys, node.origin)


def _listed(at: Location, rewrite: Rewrite) -> Node:
    """Each entry of a list."""
    entries = [rewrite(entry) for i in range(len(at.node.value)) if (entry := at.at(i)) is not None]
    unchanged = all(new is old for new, old in zip(entries, at.node.value, strict=True))
    return at.node if unchanged else Node(entries, at.node.mark, {}, at.node.origin)


def _when(at: Location, rewrite: Rewrite) -> Node:
    steps = at.at("sequence")
    if steps is None:
        return rewrite(at)
    return _with(at.node, {"sequence": _listed(steps, rewrite)}) if isinstance(steps.node.value, list) else at.node


def _interest(at: Location, rewrite: Rewrite) -> Node:
    return _part(at, "events", rewrite)


def _conditions(at: Location, rewrite: Rewrite) -> Node:
    """Conditions, one or a list, and the tree of an audience."""
    if isinstance(at.node.value, list):
        return _listed(at, lambda entry: _conditions(entry, rewrite))
    nested = {key: _conditions(part, rewrite) for key in _NESTED if (part := at.at(key)) is not None}
    measured = {key: rewrite(part) for key in _MEASURED if (part := at.at(key)) is not None}
    return _with(at.node, {**nested, **measured})


def _match(at: Location, rewrite: Rewrite) -> Node:
    return rewrite(at)


_CLAUSES: Final[dict[str, Callable[[Location, Rewrite], Node]]] = {
    "when": _when,
    "given": _conditions,
    "still": _conditions,
    "unless": _match,
    "interest": _interest,
    "audience": _conditions,
}
