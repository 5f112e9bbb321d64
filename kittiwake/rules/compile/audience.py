"""From `audience` to the kernel's tree and its conditions.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.audience import AllHold, AnyHolds, Audience, Leaf, NotHolds, Tree
from kittiwake.kernel.plan.history import Condition
from kittiwake.rules.compile.history import condition_of
from kittiwake.rules.model.audience import AllOfAudience, AnyOfAudience, AudienceTree, NotOfAudience
from kittiwake.rules.model.rule import Rule


def audience_of(rule: Rule) -> tuple[Audience | None, tuple[Condition, ...]]:
    """The tree of an audience rule and the conditions its leaves point at."""
    if rule.audience is None:
        return None, ()
    conditions: list[Condition] = []

    def tree(node: AudienceTree) -> Tree:
        if isinstance(node, AllOfAudience):
            return AllHold(tuple(map(tree, node.all)))
        if isinstance(node, AnyOfAudience):
            return AnyHolds(tuple(map(tree, node.any)))
        if isinstance(node, NotOfAudience):
            return NotHolds(tree(node.not_))
        conditions.append(condition_of(node))
        return Leaf(len(conditions) - 1)

    audience = Audience(tree(rule.audience), emits_exit="exited" in (rule.emits or ()))
    return audience, tuple(conditions)
