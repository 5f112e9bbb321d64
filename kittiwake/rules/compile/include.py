"""From `include` to the kernel's fields.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.include import Include
from kittiwake.rules.compile.match import of_contact
from kittiwake.rules.model.rule import Rule


def include_of(rule: Rule) -> tuple[Include, ...]:
    """The fields copied into the trigger, by name."""
    return tuple(Include(name, *of_contact(path)) for name, path in sorted((rule.include or {}).items()))
