"""Every lint of a rule set against event plans, located in the rules.

Pure. Called by the commands that check rules. A lint says what was seen; where the plan does not know, it is silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kittiwake.event_plan.check.following import check_following, check_spans
from kittiwake.event_plan.check.keys import check_missing, check_shared, check_unique
from kittiwake.event_plan.check.names import check_properties, check_types
from kittiwake.event_plan.check.rhythm import check_rhythms
from kittiwake.event_plan.check.totals import check_totals
from kittiwake.event_plan.check.values import check_values
from kittiwake.event_plan.known import Known, known_of
from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.uses import types_named, uses_in
from kittiwake.event_plan.uses_before import types_before, uses_before
from kittiwake.event_plan.uses_items import item_uses
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import Lint, LintCode
from kittiwake.rules.lint.document import located
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.ruleset import EVERY_ACCOUNT, AccountRules, RuleSet


def plan_of(account_id: str, plans: Iterable[PlanObject]) -> PlanObject | None:
    """The plan that holds for an account: its own, else that of every account."""
    by_account = {plan.account or EVERY_ACCOUNT: plan for plan in plans}
    return by_account.get(account_id, by_account.get(EVERY_ACCOUNT))


def check_rules(ruleset: RuleSet, plans: Iterable[PlanObject]) -> list[Lint]:
    """Every lint of a rule set, in reading order.

    Rules of every account are held against the plan of every account; where there is none, against those of all
    accounts that have one, and only what none of them has is reported.
    """
    plans = list(plans)
    found: set[Lint] = set()
    for account_id, account in ruleset.accounts.items():
        own = plan_of(account_id, plans)
        if own is not None:
            found.update(_of_account(account, known_of(own, ruleset.preparing(account_id))))
        elif account_id == EVERY_ACCOUNT:
            found.update(_of_every_account(account, plans, ruleset))
    return sorted(found)


def _of_every_account(account: AccountRules, plans: list[PlanObject], ruleset: RuleSet) -> Iterator[Lint]:
    by_plan = []
    for plan in plans:
        preparing = ruleset.preparing(plan.account or EVERY_ACCOUNT)
        lints = _of_account(account, known_of(plan, preparing))
        by_plan.append({(one.file, one.line, one.column, one.path, one.code): one for one in lints})
    for key, one in by_plan[0].items() if by_plan else ():
        if all(key in lints for lints in by_plan):
            yield one


def _of_account(account: AccountRules, known: Known) -> Iterator[Lint]:
    for authored in account.rules:
        if authored.rule.mode != "off":
            yield from located(_of_rule(authored.written, known), authored.location)
    if account.policy is not None and account.policy_location is not None:
        yield from located(check_rhythms(account.policy, known), account.policy_location)
    for key, location in account.preparing.locations.items():
        uses = list(uses_before(account.preparing, key))
        found = [*check_types(types_before(account.preparing, key), known), *check_properties(uses, known)]
        yield from located([*found, *check_values(uses, known), *check_missing(uses, known)], location)


def _of_rule(rule: Rule, known: Known) -> Iterator[Diagnostic[LintCode]]:
    uses = [*uses_in(rule), *item_uses(rule)]
    yield from check_types(types_named(rule), known)
    yield from check_properties(uses, known)
    yield from check_values(uses, known)
    yield from check_missing(uses, known)
    yield from check_unique(rule, known)
    yield from check_shared(rule, known)
    yield from check_totals(rule, known)
    yield from check_following(rule, known)
    yield from check_spans(rule, known)
