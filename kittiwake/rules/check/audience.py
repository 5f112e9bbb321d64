"""Checks of `audience`: the tree and its bounds.

Pure. Called by `check.document`; lints ask for its leaves.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.history import check_condition
from kittiwake.rules.diagnostics import Diagnostic, check_list, numbered
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import (
    CONDITIONS_MAX,
)
from kittiwake.rules.model.audience import AllOfAudience, AnyOfAudience, AudienceTree, NotOfAudience
from kittiwake.rules.model.history import HistoryCondition


def check_audience(tree: AudienceTree, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """The tree of an audience."""
    found = list(leaves(tree, path))
    if len(found) > CONDITIONS_MAX:
        message = f"this audience has {len(found)} conditions, more than {CONDITIONS_MAX}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Split it into several audiences", at_key=True)
    for where, condition in found:
        yield from check_condition(condition, where, "an audience has no event that asks")
    yield from _empty_nodes(tree, path)


def _empty_nodes(tree: AudienceTree, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    for where, node in _children(tree, path):
        yield from _empty_nodes(node, where)
    parts = tree.all if isinstance(tree, AllOfAudience) else tree.any if isinstance(tree, AnyOfAudience) else None
    key = "all" if isinstance(tree, AllOfAudience) else "any"
    yield from check_list(parts, (*path, key), CONDITIONS_MAX, "conditions")


def _children(tree: AudienceTree, path: KeyPath) -> Iterator[tuple[KeyPath, AudienceTree]]:
    if isinstance(tree, AllOfAudience):
        yield from numbered(tree.all, (*path, "all"))
    elif isinstance(tree, AnyOfAudience):
        yield from numbered(tree.any, (*path, "any"))
    elif isinstance(tree, NotOfAudience):
        yield (*path, "not"), tree.not_


def leaves(tree: AudienceTree, path: KeyPath = ()) -> Iterator[tuple[KeyPath, HistoryCondition]]:
    """The conditions of an audience, with their paths."""
    if not isinstance(tree, (AllOfAudience, AnyOfAudience, NotOfAudience)):
        yield path, tree
    for where, node in _children(tree, path):
        yield from leaves(node, where)
