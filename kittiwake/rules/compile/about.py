"""From `description`, `owner` and `tags` to what the kernel carries.

Pure. Called by `compile.rule` and `compile.include`.
"""

from __future__ import annotations

from kittiwake.kernel.plan.about import About, Said
from kittiwake.rules.model.rule import Rule


def about_of(rule: Rule) -> About | None:
    """What a rule says of itself; None if it says nothing."""
    if rule.description is None and rule.owner is None and rule.tags is None:
        return None
    return About(rule.description, rule.owner, tuple(rule.tags or ()))


def said_of(rule: Rule, key: str) -> Said:
    """One of its texts, by the author's key; checked to be there."""
    said = getattr(rule, key)
    return tuple(said) if isinstance(said, list) else said
