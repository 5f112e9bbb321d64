"""The checked rules of all accounts: what the loader makes and the compiler reads.

Pure, immutable, picklable: hosts may carry it to workers.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kittiwake.rules.fingerprint import fingerprint_of_rules
from kittiwake.rules.model.cast import Casts
from kittiwake.rules.model.derive import Derivations
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.repeats import RepeatsList
from kittiwake.rules.model.rule import Header, Rule
from kittiwake.rules.source.tree import Location

EVERY_ACCOUNT: Final = "*"


class AuthoredRule(msgspec.Struct, frozen=True):
    """A checked rule and where it stands."""

    rule: Rule
    """What it says, with the audiences that it names written out."""
    location: Location
    version: str
    """Fingerprint of that, after defaults and recipes."""
    written: Rule
    """As its author wrote it."""
    shipped: frozenset[str] = frozenset()
    """Keys that are as a recipe has them, so that no lint of their text is the author's to follow."""


PREPARING: Final = ("cast", "repeats", "derive")
"""The keys beside `rules` that say what becomes of events before the rules see them; one document may have each."""


class Preparing(msgspec.Struct, frozen=True):
    """What the documents of one account say under `PREPARING`."""

    cast: Casts | None = None
    repeats: RepeatsList | None = None
    derive: Derivations | None = None
    locations: dict[str, Location] = {}
    """By key: the document that has it."""

    def joined(self, header: Header, location: Location) -> Preparing:
        """With what one more document says; of two that say something under one key, the first counts."""
        new = {key: value for key in PREPARING if getattr(self, key) is None and (value := getattr(header, key))}
        return msgspec.structs.replace(self, **new, locations={**dict.fromkeys(new, location), **self.locations})


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
    preparing: Preparing = Preparing()
    matches: tuple[NamedMatch, ...] = ()
    calendar: tuple[str, ...] | None = None
    """Dates that are no workdays, rising, each once."""


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

    def preparing(self, account_id: str) -> tuple[Preparing, ...]:
        """What is said of the account's events before the rules see them: that of "*", then its own."""
        shared = self.account(EVERY_ACCOUNT).preparing
        return (shared,) if account_id == EVERY_ACCOUNT else (shared, self.account(account_id).preparing)

    def match_names_of(self, account_id: str) -> frozenset[str]:
        """The names of matches that an account may use: those of "*" and its own."""
        return frozenset(one.name for whose in (EVERY_ACCOUNT, account_id) for one in self.account(whose).matches)

    def policy_of(self, account_id: str) -> PolicyObject | None:
        """The policy that holds for an account: its own, whole, else that of "*"."""
        return self.account(account_id).policy or self.account(EVERY_ACCOUNT).policy

    def timezone_of(self, account_id: str) -> str:
        """The account's zone, else that of "*", else UTC."""
        return self.account(account_id).timezone or self.account(EVERY_ACCOUNT).timezone or "UTC"

    def holidays_of(self, account_id: str) -> tuple[str, ...] | None:
        """The dates of the calendar that holds for an account: its own, whole, else that of "*"; None: it has none."""
        own = self.account(account_id).calendar
        return self.account(EVERY_ACCOUNT).calendar if own is None else own


def rule_set(accounts: dict[str, AccountRules]) -> RuleSet:
    """The rule set of these accounts, fingerprinted."""
    texts = {
        name: {
            "policy": account.policy,
            "rules": {authored.rule.id: authored.rule for authored in account.rules},
            "timezone": account.timezone,
            "calendar": account.calendar,
            **{key: getattr(account.preparing, key) for key in PREPARING},
        }
        for name, account in accounts.items()
    }
    return RuleSet(accounts, fingerprint_of_rules(texts))
