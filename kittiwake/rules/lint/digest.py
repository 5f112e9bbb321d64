"""Lint of `digest`: instances that hardly ever fall due together.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kittiwake.rules.compile.policy import is_transactional
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import LintCode
from kittiwake.rules.model.policy import ChannelObject, PolicyObject
from kittiwake.rules.model.rule import Rule


def lint_digest(rule: Rule, policies: Sequence[PolicyObject]) -> Iterator[Diagnostic[LintCode]]:
    """A digest of a rule that nothing holds back, under the policies of the accounts it applies to."""
    if rule.digest is None or rule.mode == "off":
        return
    if not is_transactional(rule) and any(_holds_back(rule, policy) for policy in policies):
        return
    message = "nothing holds the rule back, so a digest lists only what falls due at the very same instant"
    advice = "Write arbitration: {within: 2h} into the policy, or quiet_hours"
    if is_transactional(rule):
        advice = "Delete transactional: true, so that arbitration and quiet hours hold it"
    yield Diagnostic(("digest",), LintCode.DIGEST_OF_AN_INSTANT, message, advice, at_key=True)


def _holds_back(rule: Rule, policy: PolicyObject) -> bool:
    """Whether several instances of a rule may be released together."""
    channels: dict[str, ChannelObject] = policy.channels or {}
    channel = channels.get(rule.channel or "")
    quiet = channel is not None and channel.quiet_hours is not None
    return policy.arbitration is not None or policy.quiet_hours is not None or quiet
