"""The gates: what can keep a candidate of a rule from being sent, in their order (rules.md, section 4).

Asked by `kernel.run.eligibility`; which of them a rule has is computed when its program is built.
"""

from __future__ import annotations

from typing import Final

from kittiwake.kernel.plan.policy import Policy
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.reasons import Reason

GATES: Final = (
    Reason.NOT_READY,
    Reason.NO_CONSENT,
    Reason.REENTRY,
    Reason.QUIET_HOURS,
    Reason.ARBITRATION,
    Reason.OUTRANKED,
    Reason.FREQUENCY_CAP,
    Reason.EXPIRED,
    Reason.HOLDOUT,
    Reason.SHADOW,
)
"""In the order of the language: the last two are asked of what would fire, and only keep it from being sent."""


def gates_of(rule: RuleProgram, policy: Policy) -> tuple[Reason, ...]:
    """The gates that can refuse a candidate of a rule, in their order: a trace shows those."""
    in_quiet_hours = policy.quiet_hours is not None and not rule.transactional
    in_a_round = policy.arbitration is not None and not rule.transactional
    can_refuse = {
        Reason.NOT_READY: rule.ready_us is not None or bool(rule.look_backs),
        Reason.NO_CONSENT: policy.consent is not None,
        Reason.REENTRY: rule.reentry is not None,
        Reason.QUIET_HOURS: in_quiet_hours,
        Reason.ARBITRATION: in_a_round,
        Reason.OUTRANKED: in_a_round and rule.mode is Mode.LIVE,
        Reason.FREQUENCY_CAP: bool(policy.frequency) and not rule.transactional,
        Reason.EXPIRED: in_quiet_hours or in_a_round,
        Reason.HOLDOUT: policy.holdout is not None and rule.holdout,
        Reason.SHADOW: rule.mode is Mode.SHADOW,
    }
    return tuple(gate for gate in GATES if can_refuse[gate])
