"""What commands that check rules share of event plans: their options, how they are found, what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from kittiwake.errors import UnusableError
from kittiwake.event_plan.paths import plan_paths
from kittiwake.rules.errors import Lint
from kittiwake.rules.loader import is_plan_file
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet
from kittiwake.terminal.printing import YELLOW, say
from kittiwake.time.instants import DAY_US, parse_instant

if TYPE_CHECKING:
    from kittiwake.event_plan.beside import PlanFile
    from kittiwake.scenarios.cases import Case

EventPlans = Annotated[
    list[Path] | None,
    typer.Option(
        "--events",
        help="Event plan against which rules are checked, several times if need be; left out: events.yaml beside them.",
        show_default=False,
    ),
]
NoEventPlans = Annotated[bool, typer.Option("--no-events", help="Check against no event plan.")]

OLD_US: Final = 30 * DAY_US
"""From this age on a plan is called old: what is sent changes within a month."""


def plans_for(rules: Sequence[Path], named: Iterable[Path] | None, *, none: bool) -> list[PlanFile]:
    """The event plans that are named, else those beside the rules.

    Raises:
        UnusableError: some are named, and none are wanted.
        RulesError: with everything that is wrong with them.
    """
    if none:
        if named:
            raise UnusableError("--events names a plan, and --no-events says that there is none: give one of them")
        return []
    paths = [*named] if named else plan_paths(rules)
    if not paths:
        return []
    from kittiwake.event_plan.beside import load_plans  # noqa: PLC0415 - 30 ms, where there are plans

    return load_plans(paths)


def without_plans(paths: Sequence[Path]) -> list[Path]:
    """Paths of rules without event plans among them: a glob of a folder names those too.

    Raises:
        UnusableError: nothing but plans is named.
    """
    rules = [path for path in paths if path.is_dir() or not is_plan_file(path.name)]
    if not rules:
        raise UnusableError(f"{paths[0]} is named as an event plan is: name the rules, or give it another name")
    return rules


def lints_beside(ruleset: RuleSet, plans: Sequence[PlanFile]) -> list[Lint]:
    """The lints of rules against plans."""
    if not plans:
        return []
    from kittiwake.event_plan.check.document import check_rules  # noqa: PLC0415 - likewise

    return check_rules(ruleset, [one.plan for one in plans])


def lints_of_tests(cases: Sequence[Case], plans: Sequence[PlanFile]) -> list[Lint]:
    """The lints of scenarios, and of the rules they test, against plans."""
    if not plans:
        return []
    from kittiwake.scenarios.beside_plans import lints_of_cases  # noqa: PLC0415 - likewise

    return lints_of_cases(cases, [one.plan for one in plans])


def say_plans(plans: Sequence[PlanFile], ruleset: RuleSet) -> None:
    """Which plans the rules were checked against, how old they are, and for which accounts there is none."""
    clock_us = _now_us() if plans else 0
    for one in plans:
        _say_plan(one, clock_us, only_old=False)
    missing = accounts_without(plans, ruleset)
    if plans and missing:
        say(f"no event plan holds for {', '.join(missing)}", YELLOW)


def say_old_plans(plans: Sequence[PlanFile]) -> None:
    """Which plans are old."""
    clock_us = _now_us() if plans else 0
    for one in plans:
        _say_plan(one, clock_us, only_old=True)


def _say_plan(one: PlanFile, clock_us: int, *, only_old: bool) -> None:
    age = _age_of(one, clock_us)
    whose = "every account" if one.account_id == EVERY_ACCOUNT else f"account {one.account_id}"
    words = f"event plan {one.path}: {whose}" + ("" if age is None else f", {age.words}")
    if age is not None and age.us >= OLD_US:
        say(f"{words}: what is sent may have changed, make it anew", YELLOW)
    elif not only_old:
        say(words)


def accounts_without(plans: Sequence[PlanFile], ruleset: RuleSet) -> list[str]:
    """Accounts with rules of their own for which no plan holds."""
    known = {one.account_id for one in plans}
    if EVERY_ACCOUNT in known:
        return []
    return sorted(name for name in ruleset.accounts if name not in known and name != EVERY_ACCOUNT)


def plan_data(plans: Sequence[PlanFile]) -> list[dict[str, Any]]:
    """The plans for programs."""
    clock_us = _now_us()
    found = []
    for one in plans:
        age = _age_of(one, clock_us)
        made = {} if one.plan.made_at is None else {"made_at": one.plan.made_at}
        since = {} if age is None else {**made, "age_days": age.us // DAY_US}
        found.append({"file": str(one.path), "account": one.account_id, **since})
    return found


def _now_us() -> int:
    from kittiwake.cli.options import now_us  # noqa: PLC0415 - the shapes of input, which nobody needs without a plan

    return now_us()


class _Age(NamedTuple):
    us: int
    words: str


def _age_of(one: PlanFile, clock_us: int) -> _Age | None:
    """How old a plan is, by when it was made, else by its last event; None if it says neither."""
    made, history = one.plan.made_at, one.plan.history
    last = history.last if history is not None else None
    since = made or last
    if since is None:
        return None
    us = max(clock_us - parse_instant(since), 0)
    days = us // DAY_US
    ago = "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
    return _Age(us, f"made {ago}" if made else f"its last event {ago}")
