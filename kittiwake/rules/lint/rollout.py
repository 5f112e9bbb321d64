"""Lint of `rollout`: one that everyone is in, or nobody; draws that are not independent.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import LintCode
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rollout import salt_of_rollout
from kittiwake.rules.model.rule import Rule

_OWN_SALT = "Write a salt of its own, so that the two draws are independent"


def lint_rollout(rule: Rule, policies: Sequence[PolicyObject]) -> Iterator[Diagnostic[LintCode]]:
    """Lints of a rule's rollout under the policies of the accounts it applies to."""
    rollout = rule.rollout
    if rollout is None:
        return
    if rollout.percent in (0, 100):
        message = f"{'everyone' if rollout.percent else 'nobody'} is in the rollout"
        advice = "Delete rollout: it has come to everyone" if rollout.percent else "Write mode: shadow, or a percentage"
        yield Diagnostic(("rollout", "percent"), LintCode.ROLLOUT_OF_ALL_OR_NONE, message, advice)
    salt = salt_of_rollout(rule.id, rollout)
    if rule.holdout is None and any(one.holdout is not None and one.holdout.salt == salt for one in policies):
        message = f"the holdout is drawn by the salt {salt} too: those whom it is sent to first are those held out"
        yield Diagnostic(("rollout",), LintCode.SALT_OF_THE_HOLDOUT, message, _OWN_SALT, at_key=True)
    if rule.variants is not None and (rule.variants.salt or rule.id) == salt:
        message = f"its variants are drawn by the salt {salt} too: those whom it is sent to first get the first of them"
        yield Diagnostic(("rollout",), LintCode.SALT_OF_THE_VARIANTS, message, _OWN_SALT, at_key=True)
