"""Lint of `variants`: one that everyone gets, or nobody, or is hardly meant to be sent; draws that are not independent.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import LintCode
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Rule

_NOTHING_SENT: Final = frozenset({"control", "holdout", "none", "nothing", "nobody", "no_message", "not_sent"})
"""Names by which other systems call those that are sent nothing."""


def lint_variants(rule: Rule, policies: Sequence[PolicyObject]) -> Iterator[Diagnostic[LintCode]]:
    """Lints of a rule's variants under the policies of the accounts it applies to."""
    if rule.variants is None:
        return
    shares = rule.variants.shares()
    for name, share in shares.items():
        if share in (0, 100):
            message = f"{'everyone' if share else 'nobody'} gets variant {name}"
            advice = "Give another a share, or delete variants" if share else "Give it a share, or delete it"
            yield Diagnostic(("variants", name), LintCode.VARIANT_OF_ALL_OR_NONE, message, advice)
        elif name.lower() in _NOTHING_SENT:
            message = f"variant {name} is sent as any other: each variant is a message"
            advice = (
                "For some that are sent nothing write holdout: {percent: 10, salt: …} in the policy;"
                " name the usual message, say, usual"
            )
            yield Diagnostic(("variants", name), LintCode.VARIANT_THAT_IS_SENT, message, advice, at_key=True)
    salt = rule.variants.salt or rule.id
    if any(policy.holdout is not None and policy.holdout.salt == salt for policy in policies):
        message = f"the holdout is drawn by the salt {salt} too: those in it are all of the first variants"
        advice = "Write a salt of its own, so that the two draws are independent"
        yield Diagnostic(("variants",), LintCode.SALT_OF_THE_HOLDOUT, message, advice, at_key=True)
