"""The checked rules of all accounts: what the loader makes and the compiler reads.

Pure, immutable, picklable: hosts may carry it to workers.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kittiwake.rules.fingerprint import fingerprint_of_rules
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.source.tree import Location

EVERY_ACCOUNT: Final = "*"


class AuthoredRule(msgspec.Struct, frozen=True):
    """A checked rule and where it stands."""

    rule: Rule
    location: Location
    version: str
    """Fingerprint of the rule's text after defaults and recipes."""


class NamedMatch(msgspec.Struct, frozen=True):
    """The name of an event match: matches are written out in rules, so that only lints ask for names."""

    name: str
    location: Location
    """Of `matches`."""
    used: bool


class AccountRules(msgspec.Struct, frozen=True):
    """What the documents of one account say."""

    account_id: str
    timezone: str | None = None
    policy: PolicyObject | None = None
    policy_location: Location | None = None
    rules: tuple[AuthoredRule, ...] = ()
    matches: tuple[NamedMatch, ...] = ()


class RuleSet(msgspec.Struct, frozen=True):
    """Checked documents: of "*" and of any number of accounts."""

    accounts: dict[str, AccountRules] = {}
    version: str = ""
    """`ruleset_version`: fingerprint of all that the documents say, however it is split into files."""

    def account(self, account_id: str) -> AccountRules:
        """What its own documents say of an account; nothing, if there are none."""
        return self.accounts.get(account_id, AccountRules(account_id))

    def rules_of(self, account_id: str) -> tuple[AuthoredRule, ...]:
        """The rules that apply to an account: those of "*" and its own."""
        shared = self.account(EVERY_ACCOUNT).rules
        return shared if account_id == EVERY_ACCOUNT else shared + self.account(account_id).rules

    def match_names_of(self, account_id: str) -> frozenset[str]:
        """The names of matches that an account may use: those of "*" and its own."""
        return frozenset(one.name for whose in (EVERY_ACCOUNT, account_id) for one in self.account(whose).matches)

    def policy_of(self, account_id: str) -> PolicyObject | None:
        """The policy that holds for an account: its own, whole, else that of "*"."""
        return self.account(account_id).policy or self.account(EVERY_ACCOUNT).policy

    def timezone_of(self, account_id: str) -> str:
        """The account's zone, else that of "*", else UTC."""
        return self.account(account_id).timezone or self.account(EVERY_ACCOUNT).timezone or "UTC"


def rule_set(accounts: dict[str, AccountRules]) -> RuleSet:
    """The rule set of these accounts, fingerprinted."""
    texts = {
        name: {
            "policy": account.policy,
            "rules": {authored.rule.id: authored.rule for authored in account.rules},
            "timezone": account.timezone,
        }
        for name, account in accounts.items()
    }
    return RuleSet(accounts, fingerprint_of_rules(texts))
