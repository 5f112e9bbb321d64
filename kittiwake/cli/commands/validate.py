"""`kittiwake validate`: every error of rules files at once, within half a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kittiwake.batch.gc_pause import gc_paused
from kittiwake.cli.console import (
    AsJson,
    NamedRules,
    complain_at,
    error_data,
    leave,
    named_rules,
    one_command,
    usable_input,
)
from kittiwake.cli.event_plans import (
    EventPlans,
    NoEventPlans,
    lints_beside,
    plan_data,
    plans_for,
    say_plans,
    without_plans,
)
from kittiwake.errors import UnusableError
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.errors import Lint
from kittiwake.rules.lint.document import find_lints
from kittiwake.rules.lint.policy import purposes_granted_by_default
from kittiwake.rules.loader import load
from kittiwake.rules.publishing.opening import is_target
from kittiwake.rules.ruleset import RuleSet
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import YELLOW, say, say_json

if TYPE_CHECKING:
    from kittiwake.event_plan.beside import PlanFile


def validate(
    words: Annotated[
        list[str] | None, typer.Argument(help="Rules files, and folders of them; - for a pipe.", metavar="RULES...")
    ] = None,
    rules: NamedRules = None,
    events: EventPlans = None,
    no_events: NoEventPlans = False,
    as_json: AsJson = False,
) -> None:
    """Check rules: every error at once, with its line and what to write instead.

    Rules are checked against the event plan beside them too, if there is one: types and properties that never come.

    Exit codes: 0 all is well, 1 the rules can be used and lints have something to say, 2 they cannot be used.
    """
    with usable_input(as_json=as_json), gc_paused():
        paths = [Path(one) for one in named_rules(words, rules)]
        for path in paths:
            if is_target(str(path)):
                advice = f"kittiwake versions {path} shows its versions; name the folder of the rules themselves"
                raise UnusableError(
                    f"{path} is a target, whose versions were checked when they were published: {advice}"
                )
        plans = plans_for(paths, events, none=no_events)
        ruleset = load(*without_plans(paths))
        for account_id in ruleset.accounts:
            compile_account(ruleset, account_id)
        lints = sorted([*find_lints(ruleset), *lints_beside(ruleset, plans)])
    _report(ruleset, lints, plans, as_json=as_json)
    leave(Exit.FINDINGS if lints else Exit.FINE)


def _report(ruleset: RuleSet, lints: list[Lint], plans: Sequence[PlanFile], *, as_json: bool) -> None:
    accounts = {name: len(account.rules) for name, account in sorted(ruleset.accounts.items())}
    if as_json:
        report: dict[str, Any] = {"ok": True, "ruleset_version": ruleset.version, "accounts": accounts}
        report |= {"event_plans": plan_data(plans)} if plans else {}
        report |= {"consenting_by_default": _consenting(ruleset)} if _consenting(ruleset) else {}
        say_json({**report, "findings": [error_data(one) for one in lints]})
        return
    for one in lints:
        complain_at(one, YELLOW)
    for name, number in accounts.items():
        whose = "every account" if name == "*" else f"account {name}"
        say(f"{whose}: {number} {'rule' if number == 1 else 'rules'}")
        if name in _consenting(ruleset):
            purposes = ", ".join(_consenting(ruleset)[name])
            say(f"{whose}: who has not said anything counts as consenting ({purposes}), as default: granted says")
    say(f"ruleset_version {ruleset.version}")
    say_plans(plans, ruleset)


def _consenting(ruleset: RuleSet) -> dict[str, list[str]]:
    """By account the purposes that its own policy grants by default: said once, and nothing that is wrong."""
    policies = {name: account.policy for name, account in sorted(ruleset.accounts.items())}
    found = {name: purposes_granted_by_default(policy) for name, policy in policies.items() if policy is not None}
    return {name: purposes for name, purposes in found.items() if purposes}


app = one_command(validate, "validate", "kittiwake validate rules")
