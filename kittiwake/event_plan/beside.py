"""Event plans that stand beside rules: which files they are, all of them read, one an account.

Reads files. Called by the commands that check rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.reading import load_plan
from kittiwake.rules.errors import Code, RuleError, RulesError
from kittiwake.rules.loader import is_plan_file, within
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


def plan_paths(rules: Iterable[Path]) -> list[Path]:
    """The event plans beside rules: those in a folder of rules and below, and those in the folder of a rules file."""
    found = [plan for path in rules for plan in _beside(path)]
    return list(dict.fromkeys(found))


def _beside(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(within(path, is_plan_file, []))  # what cannot be looked into is reported with the rules
    else:
        yield from sorted(one for one in path.parent.glob("*") if is_plan_file(one.name))


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
