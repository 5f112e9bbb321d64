"""Arbitration: of what falls due in one round of a contact only the best may fire (rules.md, section 4).

A round is a span of time, held by the contact's state. What falls due in it is held back to its end like in quiet
hours, and released together. Called by `run.gating` and `run.eligibility`, where the policy in force asks for it.
"""

from __future__ import annotations

from kittiwake.kernel.plan.policy import Arbitration
from kittiwake.kernel.run.execution import Execution


def hold_until_us(run: Execution, index: int) -> int:
    """Until when a candidate due now is held: to the end of the open round, or of one that it opens.

    Of a rule that only watches the contact it opens none: it is held as long by itself.
    """
    state, arbitration = run.state, run.program.policy.arbitration
    assert arbitration is not None
    if state.round_ends_us is not None and run.now_us < state.round_ends_us:
        return state.round_ends_us
    ends_us = run.now_us + arbitration.within_us
    if not run.is_watching(index):
        state.round_ends_us = ends_us
    return ends_us


def is_outranked(run: Execution, arbitration: Arbitration, index: int) -> bool:
    """Whether as many as may fire have passed every gate at this instant; a rule that only watches never is."""
    return len(run.winners) >= arbitration.max_fired and not run.is_watching(index)


def count_winner(run: Execution, index: int, trigger_id: str) -> None:
    """Remember what has passed every gate at this instant; also of a contact in the holdout."""
    if not run.program.rules[index].transactional and not run.is_watching(index):
        run.winners.append(trigger_id)
