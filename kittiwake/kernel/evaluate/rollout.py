"""Whether a rule only watches a contact: it is in shadow, or the contact is outside of its rollout (semantics.md, 7).

Pure. Called by `run.execution` for the rules in force, and by `run.migration` where one version follows another.
"""

from __future__ import annotations

from typing import Final

from kittiwake.kernel.evaluate.variants import draw
from kittiwake.kernel.plan.rollout import Rollout
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.plan.variants import draws_below

SHADOW: Final = Mode.SHADOW


def is_watching(rule: RuleProgram, account_id: str, contact_id: str) -> bool:
    """Whether nothing of the rule is sent to the contact, and its record is that of a shadow rule."""
    if rule.mode is SHADOW:
        return True
    return rule.rollout is not None and is_outside(rule.rollout, account_id, contact_id)


def is_outside(rollout: Rollout, account_id: str, contact_id: str) -> bool:
    """Whether the rollout has not come to the contact; it comes once, as the percentage rises under one salt."""
    return draw(rollout.salt, account_id, contact_id) >= draws_below(rollout.percent)
