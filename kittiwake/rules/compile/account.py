"""From a checked rule set to the program of one account.

Pure. Called by every host; what it is given has passed the loader, so nothing is refused.
"""

from __future__ import annotations

from kittiwake.kernel.plan.build import build_program
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS, Limits
from kittiwake.kernel.plan.program import Program
from kittiwake.rules.compile.policy import policy_of
from kittiwake.rules.compile.preparation import preparation_of
from kittiwake.rules.compile.recurrence import ordinals_of
from kittiwake.rules.compile.rule import compile_rule, not_off
from kittiwake.rules.ruleset import RuleSet
from kittiwake.time.instants import HOUR_US


def compile_account(
    ruleset: RuleSet,
    account_id: str,
    *,
    allowed_lateness_us: int = HOUR_US,
    limits: Limits = DEFAULT_LIMITS,
) -> Program:
    """The program of an account: the rules of "*" and its own, its policy or else that of "*".

    An account the rule set does not know gets the rules of "*" alone.
    """
    policy = ruleset.policy_of(account_id)
    authored = not_off(ruleset.rules_of(account_id))
    holidays = ordinals_of(ruleset.holidays_of(account_id))
    return build_program(
        account_id,
        [compile_rule(rule, policy, holidays=holidays) for rule in authored],
        ruleset_version=ruleset.version,
        policy=policy_of(policy),
        preparation=preparation_of(ruleset, account_id),
        timezone=ruleset.timezone_of(account_id),
        allowed_lateness_us=allowed_lateness_us,
        limits=limits,
    )
