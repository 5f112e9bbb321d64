"""Lint of `derive` and of rules beside it: lines that nobody reads, or asked too early, or looked for in their order.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kittiwake.rules.check.conditions import histories
from kittiwake.rules.check.history import measured
from kittiwake.rules.compile.match import matches_of
from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.lint.queries import arming, matches_in
from kittiwake.rules.model.derive import DeriveObject
from kittiwake.rules.model.match import EventMatch, MatchObject
from kittiwake.rules.model.rule import Rule

_NUMBERS: Final = ("length", "size", "count")
"""How other systems ask how many elements a list has."""
_MEASURED: Final = ("sum", "avg", "min", "max", "last", "distinct")
"""Keys of a condition that name a property of its events."""


def lint_unread(
    derivations: Iterable[DeriveObject] | None, types: frozenset[str] | None
) -> Iterator[Diagnostic[LintCode]]:
    """Derived types that are none of `types`, which rules name; None: some rule names every type."""
    for i, one in enumerate(derivations or () if types is not None else ()):
        if types is not None and one.event not in types:
            message, advice = f"no rule names {one.event}", "Check how it is spelled in the rules, or delete this entry"
            yield Diagnostic(("derive", i, "event"), LintCode.DERIVED_FOR_NOBODY, message, advice)


def lint_paths_into_lists(rule: Rule, derivations: Iterable[DeriveObject]) -> Iterator[Diagnostic[LintCode]]:
    """Paths that go on where `derive` says that the event has a list: they lead nowhere."""
    for path, text, types, at_key in _paths_of_events(rule):
        for one in derivations:
            parents = {name for match in matches_of(one.from_) for name in match.types}
            if text.startswith(f"{one.each}.") and types and types <= parents:
                message = f"{one.each} is a list in {min(types)}, and a path does not go on into a list"
                rest = text.removeprefix(f"{one.each}.")
                advice = f"Write {rest}, of {one.event}; or ask the list: {one.each}: {{contains: {{{rest}: …}}}}"
                if rest in _NUMBERS:
                    advice = f"Count the elements, {{count: {one.event}, gte: 3}}, or ask {one.each}: {{empty: false}}"
                yield Diagnostic(path, LintCode.PATH_INTO_LIST, message, advice, at_key=at_key)


def _paths_of_events(rule: Rule) -> Iterator[tuple[KeyPath, str, frozenset[str], bool]]:
    """Properties that conditions measure and matches ask, each with the types of the events that should have it."""
    for clause in ("given", "still", "audience"):
        for path, condition in histories(getattr(rule, clause), (clause,)):
            _, match = measured(condition)
            for key in _MEASURED:
                if isinstance(named := getattr(condition, key, None), str):
                    yield (*path, key), named, _types_of(match), False
    for path, match in matches_in(rule):
        for where, entry in each(match, path):
            if isinstance(entry, MatchObject) and entry.where is not None:
                for name in entry.where.tests():
                    yield (*where, "where", name), name, _types_of(entry), True


def _types_of(match: EventMatch) -> frozenset[str]:
    """The types of a match; none where an alternative has every type."""
    found = [one.types for one in matches_of(match)]
    return frozenset().union(*found) if all(found) else frozenset()


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
