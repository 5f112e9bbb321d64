"""Rules that no test arms: a suite that never shows a rule an event of its type says nothing about it.

Pure. Called by `kittiwake test` with all cases of a run; the same words as of a replay (`batch.coverage`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kittiwake.batch.counts import Counts
from kittiwake.batch.coverage.comparison import Coverage, coverage_of, unmet_messages
from kittiwake.event_types import UPDATED
from kittiwake.kernel.plan.versions import Versions
from kittiwake.rules.compile.needs import RuleNeeds, needs_of
from kittiwake.scenarios.cases import Case


def unarmed_messages(cases: Sequence[Case]) -> list[str]:
    """What is said of rules that saw no event of their type in any case, and of accounts without rules."""
    counts, needs = Counts(), dict[tuple[str, str], RuleNeeds]()
    for case in cases:
        account_id = case.book.account_id
        counts.types.setdefault(account_id, set()).update(_types(case))
        for versions in _versions(case):
            needs.update(((account_id, one.rule_id), one) for one in needs_of(account_id, versions))
    named = {name for one in needs.values() for name in one.types}
    for types in counts.types.values():
        counts.other_types |= types - named
    counts.other_accounts.update(counts.types.keys() - {account_id for account_id, _ in needs})
    found: Coverage = coverage_of(list(needs.values()), counts)
    return list(unmet_messages(found))


def _types(case: Case) -> Iterable[str]:
    if case.contact is not None:
        yield UPDATED
    for step in case.steps:
        if step.event is not None:
            yield step.event.event_type


def _versions(case: Case) -> Iterable[Versions]:
    """Of the rules at the start, and of those that steps publish."""
    book = case.book
    yield book.versions()
    for step in case.steps:
        if step.published is not None:
            yield book._replace(published=((None, step.published.edition.ruleset),)).versions()
