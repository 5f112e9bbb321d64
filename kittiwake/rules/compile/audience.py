"""From `audience` to the kernel's tree and its conditions.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.audience import Audience
from kittiwake.kernel.plan.history import Condition
from kittiwake.rules.compile.conditions import tree_of
from kittiwake.rules.model.rule import Rule


def audience_of(rule: Rule, conditions: list[Condition]) -> Audience | None:
    """The tree of an audience rule; the conditions its leaves point at are added to `conditions`."""
    tree = tree_of(rule.audience, conditions)
    return None if tree is None else Audience(tree, emits_exit="exited" in (rule.emits or ()))
