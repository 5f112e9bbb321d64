"""Lint of named matches: names that nobody uses, and names that stand where a type is read.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.compile.match import types_of
from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import LintCode
from kittiwake.rules.lint.queries import matches_in
from kittiwake.rules.model.match import MatchObject
from kittiwake.rules.ruleset import AccountRules, AuthoredRule
from kittiwake.rules.source.tree import Location


def lint_names(authored: AuthoredRule, names: frozenset[str]) -> Iterator[Diagnostic[LintCode]]:
    """Types under `event` that are names of matches, but for those of the definition of that very name."""
    for path, match in matches_in(authored.written):
        for where, entry in each(match, path):
            inside = (*where, "event")
            for name in types_of(entry.event) if isinstance(entry, MatchObject) else ():
                defined, _ = authored.location.written_at(inside)
                if name in names and defined.base[:2] != ("matches", name):
                    message = f"event: {name} means events of the type {name}, and {name} is the name of a match"
                    yield Diagnostic(inside, LintCode.NAME_AS_TYPE, message, f"If that is meant, write match: {name}")


def lint_unused(account: AccountRules) -> Iterator[tuple[Location, Diagnostic[LintCode]]]:
    """Names that no rule and no other name uses, each with where it stands."""
    for one in account.matches:
        if not one.used:
            message = f"nothing uses the named match {one.name}"
            found = Diagnostic((one.name,), LintCode.UNUSED_MATCH, message, "Delete it", at_key=True)
            yield one.location, found
