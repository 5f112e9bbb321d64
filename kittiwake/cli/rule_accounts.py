"""Which account a command means by the id of a rule. Called by commands about one rule: tune and witness."""

from __future__ import annotations

from kittiwake.errors import UnusableError
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet


def account_of_rule(ruleset: RuleSet, rule: str, account: str) -> str | None:
    """The account that is named, or the only one that has the rule; None: it is a rule of every account.

    Raises:
        UnusableError: there is no such rule, the account has none of this id, or several have one.
    """
    having = [name for name, one in sorted(ruleset.accounts.items()) if any(own.rule.id == rule for own in one.rules)]
    if not having:
        known = ", ".join(sorted({own.rule.id for one in ruleset.accounts.values() for own in one.rules}))
        raise UnusableError(f"there is no rule {rule}; there are {known or 'none'}")
    if account:
        if account not in having and EVERY_ACCOUNT not in having:
            raise UnusableError(f"--account: {account} has no rule {rule}; {', '.join(having)} has")
        return account
    if len(having) > 1:
        raise UnusableError(f"{', '.join(having)} have a rule {rule}: say which with --account")
    return None if having[0] == EVERY_ACCOUNT else having[0]
