"""From `include` to the kernel's fields.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.include import Include
from kittiwake.rules.compile.about import said_of
from kittiwake.rules.compile.match import of_contact
from kittiwake.rules.model.rule import Rule


def include_of(rule: Rule) -> tuple[Include, ...]:
    """The fields copied into the trigger, by name."""
    written = sorted((rule.include or {}).items())
    return tuple(
        Include(name, *of_contact(source))
        if isinstance(source, str)
        else Include(name, said=said_of(rule, source.rule))
        for name, source in written
    )
