"""Event plans that stand beside rules: all of them read, one an account.

Reads files. Called by the commands that check rules, where `paths` has found plans.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.reading import load_plan
from kittiwake.rules.errors import Code, RuleError, RulesError
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.rules.source.tree import NOWHERE


class PlanFile(NamedTuple):
    """A plan, and the file it stands in."""

    path: Path
    plan: PlanObject

    @property
    def account_id(self) -> str:
        """Whose it is; `"*"`: it holds for every account without one of its own."""
        return self.plan.account or EVERY_ACCOUNT


def load_plans(paths: Iterable[Path]) -> list[PlanFile]:
    """The plans of these files.

    Raises:
        RulesError: with everything that is wrong with them; two are of one account.
    """
    found: list[PlanFile] = []
    errors: list[RuleError] = []
    for path in paths:
        try:
            found.append(PlanFile(path, load_plan(path)))
        except RulesError as error:
            errors.extend(error.errors)
    first: dict[str, PlanFile] = {}
    for one in found:
        other = first.setdefault(one.account_id, one)
        if other is not one:
            whose = "every account" if one.account_id == EVERY_ACCOUNT else f"account {one.account_id}"
            message = f"{other.path} is an event plan of {whose} too"
            advice = "Give each its account, or move one of them away"
            errors.append(RuleError(str(one.path), *NOWHERE, "", message, advice, Code.ACCOUNT_DISAGREES))
    if errors:
        raise RulesError(errors)
    return found
