"""Lints of scenarios beside event plans: of the rules they test, and of events of theirs that never come so.

Pure. Called by `kittiwake test`: a test passes with a property that no event has, and the rule it tests never fires.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kittiwake.event_plan.check.document import check_rules, plan_of
from kittiwake.event_plan.check.event import check_event
from kittiwake.event_plan.known import Known, known_of
from kittiwake.event_plan.model import PlanObject
from kittiwake.event_types import UPDATED
from kittiwake.rules.errors import Lint
from kittiwake.rules.ruleset import RuleSet
from kittiwake.scenarios.cases import Case


def lints_of_cases(cases: Iterable[Case], plans: Sequence[PlanObject]) -> list[Lint]:
    """What the plans say of cases and of all their rules, each once, in reading order."""
    found: set[Lint] = set()
    checked: dict[str, RuleSet] = {}
    for case in cases:
        for _, ruleset in case.book.published:
            if ruleset.version not in checked:
                checked[ruleset.version] = ruleset
                found.update(check_rules(ruleset, plans))
        plan = plan_of(case.book.account_id, plans)
        if plan is not None:
            found.update(_of_case(case, known_of(plan, case.book.newest.preparing(case.book.account_id))))
    return sorted(found)


def _of_case(case: Case, known: Known) -> Iterator[Lint]:
    sent = known.before_rules()
    events = [
        (step.mark, step.event.event_type, step.event.properties) for step in case.steps if step.event is not None
    ]
    for mark, event_type, properties in [(case.mark, UPDATED, case.contact or {}), *events]:
        if properties or event_type != UPDATED:
            for one in check_event(event_type, properties, sent):
                yield Lint(case.file, mark.line, mark.column, "", one.message, one.advice, one.code)
