"""The programs of a simulated account, as a machine knows them: so many versions, frozen or not.

Compiled once each. Called by `machines` and by the checks.
"""

from __future__ import annotations

from msgspec.structs import replace

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.versions import Versions
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.rules.ruleset import RuleSet
from tests.simulation.engine.model import Account


class Programs:
    """The versions of one account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._rulesets: list[tuple[int | None, RuleSet]] = [
            (effective_us, load_document(document)) for effective_us, document in account.versions
        ]
        self._known: dict[int, Versions] = {}

    @property
    def count(self) -> int:
        """How many versions there are."""
        return len(self._rulesets)

    def known(self, number: int, frozen_at_us: int | None = None) -> Versions:
        """The first so many versions."""
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = compile_versions(
                self._rulesets[:number],
                self.account.account_id,
                allowed_lateness_us=self.account.horizon_us,
                limits=DEFAULT_LIMITS._replace(**self.account.limits),
                whole_history=self.account.whole_history,
            )
        return found if frozen_at_us is None else replace(found, frozen_at_us=frozen_at_us)

    def needed_at(self, time_us: int) -> int:
        """How many versions a machine has to know that settles an instant, or reads an event of it."""
        return max(1, sum(effective_us is None or effective_us <= time_us for effective_us, _ in self._rulesets))
