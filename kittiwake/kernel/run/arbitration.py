"""Arbitration: of what falls due in one round of a contact only the best may fire (rules.md, section 4).

A round is a span of time, held by the contact's state. What falls due in it is held back to its end like in quiet
hours, and released together. Called by `run.gating` and `run.eligibility`, where the policy in force asks for it.
"""

from __future__ import annotations

from typing import Final

from kittiwake.kernel.plan.policy import Arbitration
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.run.execution import Execution
from kittiwake.reasons import Reason

SHADOW: Final = Mode.SHADOW
HOLDOUT: Final = Reason.HOLDOUT


def hold_until_us(run: Execution, rule: RuleProgram) -> int:
    """Until when a candidate due now is held: to the end of the open round, or of one that it opens.

    A shadow rule's opens none: it is held as long by itself.
    """
    state, arbitration = run.state, run.program.policy.arbitration
    assert arbitration is not None
    if state.round_ends_us is not None and run.now_us < state.round_ends_us:
        return state.round_ends_us
    ends_us = run.now_us + arbitration.within_us
    if rule.mode is not SHADOW:
        state.round_ends_us = ends_us
    return ends_us


def is_outranked(run: Execution, arbitration: Arbitration, rule: RuleProgram) -> bool:
    """Whether as many as may fire have passed every gate at this instant; a shadow rule only watches."""
    return len(run.winners) >= arbitration.max_fired and rule.mode is not SHADOW


def count_winner(run: Execution, rule: RuleProgram, trigger_id: str) -> None:
    """Remember what has passed every gate at this instant; also of a contact in the holdout."""
    if not rule.transactional and rule.mode is not SHADOW:
        run.winners.append(trigger_id)
