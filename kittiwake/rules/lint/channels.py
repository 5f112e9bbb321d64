"""Lint of channels: those that no rule is on, and rules that are on none.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import LintCode
from kittiwake.rules.lint.quiet_hours import lint_quiet_hours
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Rule


def lint_channel_of(rule: Rule, policies: Sequence[PolicyObject]) -> Iterator[Diagnostic[LintCode]]:
    """A rule on no channel though every account it applies to has some. What an audience says is no message."""
    if rule.channel is None and rule.audience is None and policies and all(policy.channels for policy in policies):
        names = ", ".join(policies[0].channels or {})
        message = f"{rule.id} is on no channel: only what holds for all is asked of it"
        yield Diagnostic(("id",), LintCode.RULE_WITHOUT_CHANNEL, message, f"Name one of {names}")


def lint_channels(policy: PolicyObject, rules: Iterable[Rule]) -> Iterator[Diagnostic[LintCode]]:
    """Lints of a policy's channels, given all rules that it may govern."""
    used = {rule.channel for rule in rules}
    for name, channel in (policy.channels or {}).items():
        path = ("channels", name)
        if name not in used:
            message = f"no rule is on channel {name}"
            yield Diagnostic(path, LintCode.CHANNEL_WITHOUT_RULES, message, "Check its name", at_key=True)
        yield from lint_quiet_hours(channel.quiet_hours, (*path, "quiet_hours"))
