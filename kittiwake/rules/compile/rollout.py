"""From `rollout` to its program.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.rollout import Rollout
from kittiwake.rules.model.rollout import salt_of_rollout
from kittiwake.rules.model.rule import Rule


def rollout_of(rule: Rule) -> Rollout | None:
    """The rollout of a rule; None: it is sent to every contact."""
    written = rule.rollout
    return None if written is None else Rollout(written.percent, salt_of_rollout(rule.id, written))
