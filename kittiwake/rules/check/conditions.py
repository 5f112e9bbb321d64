"""Checks of trees of conditions: their bounds, and what their leaves ask.

Pure. Called by `check.document` for `given` and `still`, and by `check.audience`; others ask for the leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from kittiwake.rules.check.history import check_condition
from kittiwake.rules.check.match import check_where
from kittiwake.rules.diagnostics import Diagnostic, check_list, each, numbered
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import CONDITIONS_MAX
from kittiwake.rules.model.conditions import (
    AllOfConditions,
    AnyOfConditions,
    Conditions,
    ConditionTree,
    ContactCondition,
    InAudience,
    NotCondition,
)
from kittiwake.rules.model.history import HistoryCondition
from kittiwake.rules.model.rule import Rule

Written: TypeAlias = HistoryCondition | ContactCondition | InAudience
"""A leaf as it is written."""


def check_conditions(written: Conditions | None, path: KeyPath, no_same: str) -> Iterator[Diagnostic[Code]]:
    """The conditions of `given` or `still`; `no_same` says why `same` cannot stand in them, if it cannot."""
    yield from check_list(written, path, CONDITIONS_MAX, "conditions")
    found = list(leaves(written, path))
    if len(found) > CONDITIONS_MAX and not (isinstance(written, list) and len(written) > CONDITIONS_MAX):
        message = f"there are {len(found)} conditions here, more than {CONDITIONS_MAX}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Name fewer", at_key=True)
    yield from check_leaves(written, path, no_same)


def check_leaves(written: Conditions | None, path: KeyPath, no_same: str) -> Iterator[Diagnostic[Code]]:
    """Every leaf, and every list of a tree."""
    for where, leaf in leaves(written, path):
        if isinstance(leaf, InAudience):
            continue  # whether there is such an audience is known when all documents are read
        if isinstance(leaf, ContactCondition):
            yield from check_where(leaf.contact, (*where, "contact"), of_contact=True)
        else:
            yield from check_condition(leaf, where, no_same)
    for where, tree in each(written, path):
        yield from _check_lists(tree, where)


def _check_lists(tree: ConditionTree, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    for where, node in _children(tree, path):
        yield from _check_lists(node, where)
    if isinstance(tree, AllOfConditions):
        yield from check_list(tree.all, (*path, "all"), CONDITIONS_MAX, "conditions")
    elif isinstance(tree, AnyOfConditions):
        yield from check_list(tree.any, (*path, "any"), CONDITIONS_MAX, "conditions")


def _children(tree: ConditionTree, path: KeyPath) -> Iterator[tuple[KeyPath, ConditionTree]]:
    if isinstance(tree, AllOfConditions):
        yield from numbered(tree.all, (*path, "all"))
    elif isinstance(tree, AnyOfConditions):
        yield from numbered(tree.any, (*path, "any"))
    elif isinstance(tree, NotCondition):
        yield (*path, "not"), tree.not_


def leaves(written: Conditions | None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Written]]:
    """The leaves of conditions, in their order, with their paths."""
    for where, tree in each(written, path):
        if isinstance(tree, (AllOfConditions, AnyOfConditions, NotCondition)):
            for inside, node in _children(tree, where):
                yield from leaves(node, inside)
        else:
            yield where, tree


def histories(written: Conditions | None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, HistoryCondition]]:
    """The leaves that are about history."""
    for where, leaf in leaves(written, path):
        if not isinstance(leaf, (ContactCondition, InAudience)):
            yield where, leaf


def references(rule: Rule) -> Iterator[tuple[KeyPath, InAudience]]:
    """The audiences that a rule names."""
    for written, path in ((rule.given, ("given",)), (rule.still, ("still",)), (rule.audience, ("audience",))):
        for where, leaf in leaves(written, path):
            if isinstance(leaf, InAudience):
                yield where, leaf
