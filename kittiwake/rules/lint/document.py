"""Lints: rules that can be used and hardly mean what they say.

Pure. Called by `kittiwake validate` after loading. A lint is never wrong about what it says
and never refuses anything; where it cannot be sure it is silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kittiwake.rules.compile.match import matches_of
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import Lint, LintCode, show_path
from kittiwake.rules.lint.arbitration import lint_priority, lint_rounds
from kittiwake.rules.lint.calendar import lint_local_days, lint_workdays
from kittiwake.rules.lint.channels import lint_channel_of, lint_channels
from kittiwake.rules.lint.derive import lint_given_of_derived, lint_paths_into_lists, lint_unread
from kittiwake.rules.lint.digest import lint_digest
from kittiwake.rules.lint.feeds import lint_feeds
from kittiwake.rules.lint.history import lint_history
from kittiwake.rules.lint.match import lint_where
from kittiwake.rules.lint.named import lint_names, lint_unused
from kittiwake.rules.lint.paths import lint_paths
from kittiwake.rules.lint.policy import lint_caps, lint_groups, lint_policy, lint_reentry, lint_under
from kittiwake.rules.lint.queries import matches_in
from kittiwake.rules.lint.rollout import lint_rollout
from kittiwake.rules.lint.rule import lint_rule
from kittiwake.rules.lint.texts import lint_texts
from kittiwake.rules.lint.thresholds import lint_thresholds
from kittiwake.rules.lint.variants import lint_variants
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.ruleset import EVERY_ACCOUNT, AccountRules, AuthoredRule, RuleSet
from kittiwake.rules.source.tree import Location


def find_lints(ruleset: RuleSet) -> list[Lint]:
    """Every lint of a rule set, in reading order."""
    found: set[Lint] = set()
    for account_id, account in ruleset.accounts.items():
        concerned = list(ruleset.accounts) if account_id == EVERY_ACCOUNT else [account_id]
        policies = [policy for name in concerned if (policy := ruleset.policy_of(name)) is not None]
        has_calendar = any(ruleset.holidays_of(name) is not None for name in concerned)
        types = _types_named(ruleset, concerned)
        for authored in account.rules:
            found.update(_of_rule(authored, policies, ruleset.match_names_of(account_id)))
            derived = [one for said in ruleset.preparing(account_id) for one in said.derive or ()]
            found.update(located(lint_given_of_derived(authored.rule, derived), authored.location))
            found.update(located(lint_paths_into_lists(authored.written, derived), authored.location))
            found.update(located(lint_paths(authored.written, types or frozenset()), authored.location))
            found.update(located(lint_workdays(authored.rule, has_calendar=has_calendar), authored.location))
        found.update(_of_first_priority(account, policies))
        found.update(_of_policy(account, ruleset))
        if "derive" in account.preparing.locations:
            found.update(located(lint_unread(account.preparing.derive, types), account.preparing.locations["derive"]))
        for location, unused in lint_unused(account):
            found.update(located([unused], location))
    return sorted(found)


def _of_rule(authored: AuthoredRule, policies: list[PolicyObject], names: frozenset[str]) -> Iterator[Lint]:
    rule = authored.written
    alone = [
        *lint_rule(rule, names),
        *lint_names(authored, names),
        *lint_where(rule),
        *lint_texts(rule),
        *lint_history(rule),
        *lint_thresholds(rule),
        *lint_reentry(rule),
        *(lint_local_days(rule) if "wait" not in authored.shipped else ()),
    ]
    under = [*lint_groups(rule, policies), *lint_under(rule, policies), *lint_variants(rule, policies)]
    under += [*lint_rounds(rule, policies), *lint_channel_of(rule, policies), *lint_digest(rule, policies)]
    under += lint_rollout(rule, policies)
    return located([*alone, *under], authored.location)


def _types_named(ruleset: RuleSet, concerned: Iterable[str]) -> frozenset[str] | None:
    """The types that rules of these accounts name; None where one of them names every type."""
    rules = [authored.rule for name in concerned for authored in ruleset.rules_of(name)]
    matches = [one for rule in rules for _, match in matches_in(rule) for one in matches_of(match)]
    return frozenset().union(*(one.types for one in matches)) if all(one.types for one in matches) else None


def _of_first_priority(account: AccountRules, policies: list[PolicyObject]) -> Iterator[Lint]:
    """Once an account: what is said of one priority holds of all."""
    for authored in account.rules:
        lints = [*located(lint_priority(authored.rule, policies), authored.location)]
        if lints:
            return iter(lints)
    return iter(())


def _of_policy(account: AccountRules, ruleset: RuleSet) -> Iterator[Lint]:
    """Of an account's own policy, for every account it holds for."""
    if account.policy is None or account.policy_location is None:
        return iter(())
    governed = [name for name in ruleset.accounts if ruleset.policy_of(name) is account.policy]
    rules = {name: [authored.rule for authored in ruleset.rules_of(name)] for name in governed}
    every = [rule for found in rules.values() for rule in found]
    of_accounts = [diagnostic for found in rules.values() for diagnostic in lint_caps(account.policy, found)]
    derived = [one for name in governed for said in ruleset.preparing(name) for one in said.derive or ()]
    of_types = lint_feeds(account.policy, every, derived)
    return located(
        [*lint_policy(account.policy, every), *lint_channels(account.policy, every), *of_types, *of_accounts],
        account.policy_location,
    )


def located(diagnostics: Iterable[Diagnostic[LintCode]], location: Location) -> Iterator[Lint]:
    """Lints at paths inside a rule, or a document, where they were written."""
    for diagnostic in diagnostics:
        at, rest = location.written_at(diagnostic.path)
        mark = at.mark(rest, diagnostic.at_key)
        path = show_path((*at.base, *rest))
        yield Lint(at.file, mark.line, mark.column, path, diagnostic.message, diagnostic.advice, diagnostic.code)
