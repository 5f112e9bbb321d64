"""Which events several rule sets need together, so that an input is read once for all of them.

Pure. Stands for the programs of one rule set before `kittiwake.batch.intake`.
"""

from __future__ import annotations

from collections.abc import Sequence

from kittiwake.kernel.plan.feeds import FeedsOfRules
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.ruleset import EVERY_ACCOUNT


class SharedNeeds:
    """What some rule set needs, and types that are wanted besides."""

    def __init__(self, rule_sets: Sequence[Programs], others: frozenset[str]) -> None:
        self._rule_sets = rule_sets
        self._others = others
        self.refused = frozenset[str].intersection(*(one.refused for one in rule_sets))
        """Accounts of which no rule set runs anything."""
        types = [one.named_types for one in rule_sets]
        self.named_types = None if None in types else frozenset[str]().union(*(one for one in types if one))
        """Types that rules of some account name; None: some need every type."""

    @property
    def feeds(self) -> FeedsOfRules:
        """The feeds of all rule sets."""
        return FeedsOfRules.of_all([one.feeds for one in self._rule_sets])

    def wanted(self, account_id: str) -> frozenset[str] | None:
        """The types of events that are wanted of an account; None: all."""
        return _union([*(one.wanted(account_id) for one in self._rule_sets), self._others])

    def wanted_of_items(self, account_id: str) -> frozenset[str] | None:
        """The types of events of items that are wanted of an account; None: all."""
        return _union([one.wanted_of_items(account_id) for one in self._rule_sets])

    def named(self, account_id: str) -> tuple[str, frozenset[str]]:
        """The types that rules of an account name, and under which account they are: "*" if no rules name it."""
        found = [one.named(account_id) for one in self._rule_sets]
        is_named = any(name == account_id for name, _ in found)
        return account_id if is_named else EVERY_ACCOUNT, frozenset[str]().union(*(types for _, types in found))


def _union(wanted: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    if any(types is None for types in wanted):
        return None
    return frozenset[str]().union(*(types for types in wanted if types is not None))
