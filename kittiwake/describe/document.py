"""Rule sets in sentences, account by account: as data, as text, as Markdown.

Pure. Called by `kittiwake describe`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from kittiwake.describe.policy import account_words
from kittiwake.describe.rules import rule_words
from kittiwake.printable import visible
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet

_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
"""What means something in Markdown."""


@dataclass(frozen=True, slots=True)
class DescribedRule:
    """A rule."""

    rule_id: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DescribedAccount:
    """An account."""

    account_id: str
    """"*": what holds for every account without rules of its own."""
    says: tuple[str, ...]
    """What holds for all its rules."""
    rules: tuple[DescribedRule, ...]


def describe(ruleset: RuleSet) -> tuple[DescribedAccount, ...]:
    """Every account of a rule set, rules of "*" included in each.

    Raises:
        RulesError: a rule is of a kind that this release does not run.
    """
    programs = Programs(ruleset)
    return tuple(_account(ruleset, programs, account_id) for account_id in sorted(ruleset.accounts))


def _account(ruleset: RuleSet, programs: Programs, account_id: str) -> DescribedAccount:
    program = programs.of(account_id).newest
    running = {rule.rule_id: rule for rule in program.rules}
    rules = []
    for authored in ruleset.rules_of(account_id):
        rule_id = authored.rule.id
        is_off = rule_id not in running
        says = ["It is off, and does nothing."] if is_off else rule_words(program, running[rule_id])
        rules.append(DescribedRule(rule_id, tuple(says)))
    return DescribedAccount(account_id, tuple(account_words(program)), tuple(rules))


def lines_of(accounts: tuple[DescribedAccount, ...]) -> Iterator[str]:
    """For a terminal."""
    for account in accounts:
        yield account_title(account)
        yield from (f"  {visible(one)}" for one in account.says)
        for rule in account.rules:
            yield ""
            yield f"{visible(rule.rule_id)}"
            yield from (f"  {visible(one)}" for one in rule.says)
        yield ""


def markdown_of(accounts: tuple[DescribedAccount, ...]) -> Iterator[str]:
    """For a page, or a pull request. What is an author's means nothing in it."""
    for account in accounts:
        yield from (f"## {_plain(account_title(account))}", "")
        yield from (f"- {_plain(one)}" for one in account.says)
        yield ""
        for rule in account.rules:
            yield from (f"### {_plain(rule.rule_id)}", "")
            yield from (f"- {_plain(one)}" for one in rule.says)
            yield ""


def as_data(accounts: tuple[DescribedAccount, ...]) -> dict[str, Any]:
    """For programs."""
    return {
        "accounts": [
            {
                "account_id": account.account_id,
                "says": list(account.says),
                "rules": [{"rule_id": rule.rule_id, "says": list(rule.says)} for rule in account.rules],
            }
            for account in accounts
        ]
    }


def account_title(account: DescribedAccount) -> str:
    """A heading for it."""
    return "Every account" if account.account_id == EVERY_ACCOUNT else f"Account {visible(account.account_id)}"


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", visible(text))
