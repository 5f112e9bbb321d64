"""Lint of arbitration: what expires while a round holds it, and priorities that hardly decide anything without one.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kittiwake.rules.compile.policy import is_transactional
from kittiwake.rules.diagnostics import Diagnostic, span_us
from kittiwake.rules.errors import LintCode
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Rule
from kittiwake.time.durations import format_duration


def lint_rounds(rule: Rule, policies: Sequence[PolicyObject]) -> Iterator[Diagnostic[LintCode]]:
    """A rule whose candidates a whole round outlasts, under the policies of the accounts it applies to."""
    rounds = [span_us(policy.arbitration.within) for policy in policies if policy.arbitration is not None]
    if is_transactional(rule) or not rounds or span_us(rule.expires) > max(rounds):
        return
    lasting = format_duration(max(rounds))
    message = f"a round of arbitration lasts {lasting}: what opens one expires before it ends"
    yield Diagnostic(("expires",), LintCode.EXPIRES_IN_ROUND, message, f"Write more than {lasting}")


def lint_priority(rule: Rule, policies: Sequence[PolicyObject]) -> Iterator[Diagnostic[LintCode]]:
    """A priority that is written where nothing is held back, so that candidates of two instants never meet."""
    if "priority" not in rule.model_fields_set or is_transactional(rule) or rule.mode == "off":
        return
    if any(policy.arbitration is not None or policy.quiet_hours is not None for policy in policies):
        return
    if any(policy.frequency for policy in policies):
        message = "without arbitration a priority decides only between what falls due at the very same instant"
    else:
        message = "without caps and arbitration nothing competes, and a priority decides nothing"
    advice = "Write arbitration: {within: 2h} into the policy, or delete it"
    yield Diagnostic(("priority",), LintCode.PRIORITY_WITHOUT_EFFECT, message, advice, at_key=True)
