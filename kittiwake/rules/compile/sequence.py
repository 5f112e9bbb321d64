"""From `sequence` to the kernel's.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.sequence import Sequence
from kittiwake.rules.compile.match import matches_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.sequence import SequenceObject


def sequence_of(rule: Rule) -> Sequence | None:
    """The chain that arms the rule; None if one event does."""
    if not isinstance(rule.when, SequenceObject):
        return None
    return Sequence(tuple(map(matches_of, rule.when.sequence)), span_us(rule.when.within))
