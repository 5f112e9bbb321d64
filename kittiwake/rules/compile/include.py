"""From `include`, and from what a rule says of itself, to the kernel's fields.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.about import About, Said
from kittiwake.kernel.plan.include import Include
from kittiwake.rules.compile.match import of_contact
from kittiwake.rules.model.rule import Rule


def include_of(rule: Rule) -> tuple[Include, ...]:
    """The fields copied into the trigger, by name."""
    written = sorted((rule.include or {}).items())
    return tuple(
        Include(name, *of_contact(source))
        if isinstance(source, str)
        else Include(name, said=_said_of(rule, source.rule))
        for name, source in written
    )


def about_of(rule: Rule) -> About | None:
    """What a rule says of itself; None if it says nothing."""
    if rule.description is None and rule.owner is None and rule.tags is None:
        return None
    return About(rule.description, rule.owner, tuple(rule.tags or ()))


def _said_of(rule: Rule, key: str) -> Said:
    """One of its texts, by the author's key; checked to be there."""
    said = getattr(rule, key)
    return tuple(said) if isinstance(said, list) else said
