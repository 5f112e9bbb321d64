"""Rules account by account: what is wrong with those of one keeps nobody else's from being run.

Called by hosts that run many accounts. Who is about to publish, or to validate, wants all or nothing (`loader`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from kittiwake.rules.documents import accounts_of, bounded
from kittiwake.rules.errors import Code, RuleError, RulesError
from kittiwake.rules.loader import owners_of, read_files, read_locations
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet, rule_set


class ByAccount(NamedTuple):
    """The rules that can be run, and the accounts whose rules cannot."""

    ruleset: RuleSet
    """Of the accounts that are not refused."""
    refused: dict[str, tuple[RuleError, ...]]
    """What is wrong, by account; nothing of such an account is run, the rules of "*" neither."""


def load_by_account(*paths: Path | str) -> ByAccount:
    """The rules of files and of directories, account by account.

    Raises:
        RulesError: as `read_by_account`.
    """
    errors: list[RuleError] = []
    return read_by_account(read_files(paths, errors), errors)


def read_by_account(
    contents: Mapping[str, bytes], errors: Iterable[RuleError] = (), forgiven: frozenset[Code] = frozenset()
) -> ByAccount:
    """The rules of files already fetched, account by account; `errors` are of files that could not be.

    Errors of the codes in `forgiven` are none.

    Raises:
        RulesError: with everything that is wrong, where it concerns everybody: the rules of "*", or a file whose
            account cannot be read (it may hold anybody's policy, without which nobody may be sent anything); or where
            no account is left.
    """
    found = list(errors)
    accounts = accounts_of(read_locations(contents, found), found)
    found = [error for error in found if error.code not in forgiven]
    owners = {name: owners_of(name, contents) for name in {error.file for error in found} if name in contents}
    refused: dict[str | None, list[RuleError]] = defaultdict(list)
    for error in found:
        for owner in owners.get(error.file, (None,)):
            refused[owner].append(error)
    good = {name: rules for name, rules in accounts.items() if name not in refused}
    if not refused.keys().isdisjoint({None, EVERY_ACCOUNT}) or (refused and not good):
        raise RulesError(bounded(error for some in refused.values() for error in some))
    return ByAccount(
        rule_set(good), {name: tuple(bounded(some)) for name, some in sorted(refused.items()) if name is not None}
    )
