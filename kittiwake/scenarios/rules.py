"""The rules that a scenario or a `Story` has published so far, and the programs they make.

Immutable, and pure but for `load_edition`. Made by `scenarios.files` and `Story`; a `Player` is handed the programs.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from kittiwake.kernel.plan.versions import Versions
from kittiwake.rules.compile.versions import Version, compile_versions
from kittiwake.rules.documents import rule_set_of
from kittiwake.rules.errors import RuleError
from kittiwake.rules.loader import read_files, read_locations
from kittiwake.rules.ruleset import RuleSet
from kittiwake.rules.source.tree import Location, Node
from kittiwake.time.instants import HOUR_US


class Edition(NamedTuple):
    """Rules, and the documents they stand in."""

    ruleset: RuleSet
    locations: tuple[Location, ...]


class RuleBook(NamedTuple):
    """Rising versions of the rules of one account."""

    account_id: str
    published: tuple[Version, ...]
    """The first is in force always."""
    locations: tuple[Location, ...]
    """The documents of the newest, as they are written."""
    allowed_lateness_us: int = HOUR_US
    whole_history: bool = True
    """Rules look back on what was before them, as in a batch and in a stream that began with a snapshot."""

    @property
    def newest(self) -> RuleSet:
        """The rules published last, whether in force or to come."""
        return self.published[-1][1]

    def publish(self, effective_us: int, edition: Edition) -> RuleBook:
        """With one more version, which comes into force after the others."""
        return self._replace(published=(*self.published, (effective_us, edition.ruleset)), locations=edition.locations)

    def versions(self) -> Versions:
        """The programs.

        Raises:
            RulesError: a rule is of a kind that this release does not run yet.
        """
        return compile_versions(
            self.published,
            self.account_id,
            allowed_lateness_us=self.allowed_lateness_us,
            whole_history=self.whole_history,
        )

    def timezone_at(self, time_us: int) -> str:
        """The account's zone at an instant."""
        begun = [ruleset for effective_us, ruleset in self.published if effective_us is None or effective_us <= time_us]
        return begun[-1].timezone_of(self.account_id)

    def rule_ids(self) -> list[str]:
        """The rules of all versions that are not off."""
        programs = self.versions().programs
        return list(dict.fromkeys(rule.rule_id for one in programs for rule in one.rules if not rule.foreseen))


def edition_of(locations: Iterable[Location], errors: Iterable[RuleError] = ()) -> Edition:
    """The rules of documents.

    Raises:
        RulesError: with `errors` and everything that is wrong with them.
    """
    locations = tuple(locations)
    return Edition(rule_set_of(locations, errors), locations)


def edition_at(location: Location, account_id: str) -> Edition:
    """Rules that are written in a scenario: what a rules file says, a list of rules, or one rule.

    Where they do not say whose they are they are those of an account.

    Raises:
        RulesError: with everything that is wrong with them, at that location.
    """
    node, base = location.node, location.base
    if not isinstance(node.value, dict) or "rules" not in node.value:
        rules = node if isinstance(node.value, list) else Node([node], node.mark)
        node, base = Node({"rules": rules}, node.mark, {"rules": node.mark}), base[:-1]
    if "account" not in node.value:
        account = Node(account_id, node.mark)
        node = Node({"account": account, **node.value}, node.mark, {"account": node.mark, **node.keys})
    return edition_of([Location(location.file, node, base)])


def load_edition(path: Path) -> Edition:
    """The rules of a file or a folder.

    Raises:
        RulesError: with everything that is wrong with them.
    """
    errors: list[RuleError] = []
    contents = read_files([path], errors)
    return edition_of(read_locations(contents, errors), errors)


def book_of(edition: Edition, account_id: str) -> RuleBook:
    """The book of rules that have been in force always."""
    return RuleBook(account_id, ((None, edition.ruleset),), edition.locations)
