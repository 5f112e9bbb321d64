"""Lint of feeds and breakers: types that no rule relies on, so that nothing is ever held for them.

Pure. What names a type in the clause that counts is taken for reliance, whatever else the rule says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kittiwake.rules.compile.match import matches_of
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import LintCode
from kittiwake.rules.lint.queries import matches_in
from kittiwake.rules.model.derive import DeriveObject
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Rule

_OF_FEEDS: Final = ("unless", "still")
_OF_BREAKER: Final = ("when",)


def lint_feeds(
    policy: PolicyObject, rules: Sequence[Rule], derived: Sequence[DeriveObject]
) -> Iterator[Diagnostic[LintCode]]:
    """Lints of a policy's feeds and breakers, given all rules that it may govern, and what is derived for them."""
    relied = _types_in(rules, _OF_FEEDS, derived) if policy.feeds else frozenset()
    for name in policy.feeds or {}:
        if name not in relied:
            message = f"no rule has {name} in unless or still: nothing is held while it is silent"
            yield Diagnostic(("feeds", name), LintCode.FEED_WITHOUT_RULES, message, "Check its name", at_key=True)
    arming = _types_in(rules, _OF_BREAKER, derived) if policy.breaker else frozenset()
    for name in policy.breaker or {}:
        if name not in arming:
            message = f"no rule has {name} in when: a flood of it holds nothing"
            yield Diagnostic(("breaker", name), LintCode.BREAKER_WITHOUT_RULES, message, "Check its name", at_key=True)


def _types_in(rules: Iterable[Rule], clauses: Sequence[str], derived: Sequence[DeriveObject]) -> frozenset[str]:
    """The types that rules name in some clauses, and those that these are derived from."""
    written = [match for rule in rules for path, match in matches_in(rule) if path[0] in clauses]
    named = frozenset(name for match in written for one in matches_of(match) for name in one.types)
    parents = [match for one in derived if one.event in named for match in matches_of(one.from_)]
    return named.union(*(match.types for match in parents))
