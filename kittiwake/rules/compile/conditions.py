"""From trees of conditions to the kernel's.

Pure. Called by `compile.rule` and `compile.audience`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.conditions import AllHold, AnyHolds, Leaf, NotHolds, OfContact, Tree
from kittiwake.kernel.plan.history import Condition
from kittiwake.rules.compile.history import condition_of
from kittiwake.rules.compile.match import predicate_of
from kittiwake.rules.model.conditions import (
    AllOfConditions,
    AnyOfConditions,
    Conditions,
    ConditionTree,
    ContactCondition,
    InAudience,
    NotCondition,
)


def tree_of(written: Conditions | None, conditions: list[Condition]) -> Tree | None:
    """A tree; the history conditions that its leaves point at are added to `conditions`."""
    if written is None:
        return None
    if isinstance(written, list):
        return AllHold(tuple(_tree(one, conditions) for one in written))
    return _tree(written, conditions)


def _tree(node: ConditionTree, conditions: list[Condition]) -> Tree:
    if isinstance(node, AllOfConditions):
        return AllHold(tuple(_tree(one, conditions) for one in node.all))
    if isinstance(node, AnyOfConditions):
        return AnyHolds(tuple(_tree(one, conditions) for one in node.any))
    if isinstance(node, NotCondition):
        return NotHolds(_tree(node.not_, conditions))
    if isinstance(node, ContactCondition):
        return OfContact(predicate_of(node.contact, of_contact=True))
    assert not isinstance(node, InAudience), "audiences that are named have been written out"
    conditions.append(condition_of(node))
    return Leaf(len(conditions) - 1)
