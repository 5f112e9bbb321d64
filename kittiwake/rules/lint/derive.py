"""Lint of rules beside `derive`: a rule on an order that asks in `given` for the order's own lines.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kittiwake.rules.check.conditions import histories
from kittiwake.rules.check.history import measured
from kittiwake.rules.compile.match import matches_of
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import LintCode
from kittiwake.rules.lint.queries import arming
from kittiwake.rules.model.derive import DeriveObject
from kittiwake.rules.model.rule import Rule


def lint_given_of_derived(rule: Rule, derivations: Iterable[DeriveObject]) -> Iterator[Diagnostic[LintCode]]:
    """Conditions of `given` on what is derived from the event that asks: it is derived only after it."""
    types = {name for match in arming(rule) for name in match.types}
    parents = {one.event: {name for match in matches_of(one.from_) for name in match.types} for one in derivations}
    for path, condition in histories(rule.given, ("given",)):
        key, match = measured(condition)
        for name in sorted({name for of in matches_of(match) for name in of.types}):
            own = types & parents.get(name, set())
            if own and name not in types:
                parent = min(own)
                message = f"given is asked of {parent} before any {name} is derived from it, and does not count those"
                advice = f"Arm on {name}, or ask the list of {parent} with contains in where"
                yield Diagnostic((*path, key), LintCode.GIVEN_BEFORE_DERIVED, message, advice)
