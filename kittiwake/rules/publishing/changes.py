"""What a new rule set changes against another: by account and rule, for whoever is about to publish.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from kittiwake.rules.model.about import ABOUT
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.ruleset import PREPARING, RuleSet


class What(StrEnum):
    """What becomes of a rule, or of an account's settings."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class Change(NamedTuple):
    """One difference."""

    account_id: str
    rule_id: str | None
    """None: it is the account's `setting`."""
    setting: str | None
    """`calendar`, `policy`, `timezone`, a key of `PREPARING`; of a rule: `description`, `owner`, `tags`, which decide
    nothing."""
    what: What
    before: str | None = None
    """`rule_version` of a rule."""
    after: str | None = None


def changes(before: RuleSet, after: RuleSet) -> tuple[Change, ...]:
    """Every difference, by account, settings first, then by rule id. Empty if both say the same."""
    accounts = sorted({*before.accounts, *after.accounts})
    return tuple(
        change for name in accounts for change in (*_settings(name, before, after), *_rules(name, before, after))
    )


def _settings(account_id: str, before: RuleSet, after: RuleSet) -> Iterator[Change]:
    old, new = before.account(account_id), after.account(account_id)
    prepared = ((key, getattr(old.preparing, key), getattr(new.preparing, key)) for key in PREPARING)
    calendars = ("calendar", old.calendar, new.calendar)
    settings = (calendars, ("policy", old.policy, new.policy), ("timezone", old.timezone, new.timezone), *prepared)
    for setting, was, is_now in settings:
        if was != is_now:
            yield Change(account_id, None, setting, _what(was, is_now))


def _rules(account_id: str, before: RuleSet, after: RuleSet) -> Iterator[Change]:
    old, new = ({authored.rule.id: authored for authored in side.account(account_id).rules} for side in (before, after))
    for rule_id in sorted({*old, *new}):
        was, is_now = old.get(rule_id), new.get(rule_id)
        old_version, new_version = was.version if was else None, is_now.version if is_now else None
        if old_version != new_version:
            yield Change(account_id, rule_id, None, _what(old_version, new_version), old_version, new_version)
        if was is not None and is_now is not None:
            yield from _about(account_id, was.rule, is_now.rule)


def _about(account_id: str, was: Rule, is_now: Rule) -> Iterator[Change]:
    for key in ABOUT:
        said, says = getattr(was, key), getattr(is_now, key)
        if said != says:
            yield Change(account_id, is_now.id, key, _what(said, says))


def _what(was: object | None, is_now: object | None) -> What:
    if was is None:
        return What.ADDED
    return What.REMOVED if is_now is None else What.CHANGED
