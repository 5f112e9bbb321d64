"""Questions that several lints ask of a rule.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.event_types import UNMATCHED_BY_ANY
from kittiwake.kernel.plan.match import Match, Matches
from kittiwake.rules.check.conditions import Written, histories, leaves
from kittiwake.rules.check.history import measured
from kittiwake.rules.compile.match import matches_of
from kittiwake.rules.diagnostics import each, numbered
from kittiwake.rules.errors import KeyPath
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.conditions import AllOfConditions, Conditions
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.sequence import SequenceObject


def matches_in(rule: Rule) -> Iterator[tuple[KeyPath, EventMatch]]:
    """Every event match of a rule, with its path."""
    if isinstance(rule.when, SequenceObject):
        yield from numbered(rule.when.sequence, ("when", "sequence"))
    elif rule.when is not None and not isinstance(rule.when, ItemObject):
        yield ("when",), rule.when
    for path, condition in (found for written, at in clauses_of(rule) for found in histories(written, at)):
        key, match = measured(condition)
        yield (*path, key), match
    if rule.unless is not None:
        yield ("unless",), rule.unless
    if rule.interest is not None:
        yield ("interest", "events"), rule.interest.events


def clauses_of(rule: Rule) -> tuple[tuple[Conditions | None, KeyPath], ...]:
    """The clauses that hold conditions, with their paths."""
    return (rule.given, ("given",)), (rule.still, ("still",)), (rule.audience, ("audience",))


def together(written: Conditions | None, path: KeyPath) -> Iterator[tuple[KeyPath, Written]]:
    """The leaves of conditions all of which have to hold."""
    for where, tree in each(written, path):
        if isinstance(tree, AllOfConditions):
            yield from together(tree.all, (*where, "all"))
        else:
            yield from ((at, leaf) for at, leaf in leaves(tree, where) if leaf is tree)


def arming(rule: Rule) -> Matches:
    """What arms a rule: `when`, or the last step of its sequence; nothing for the other kinds."""
    if isinstance(rule.when, SequenceObject):
        return matches_of(rule.when.sequence[-1])
    return () if rule.when is None or isinstance(rule.when, ItemObject) else matches_of(rule.when)


def covers(wide: Matches, narrow: Matches) -> bool:
    """Whether whatever matches `narrow` surely matches `wide`, `same` apart."""
    return bool(narrow) and all(any(_covers(w, n) for w in wide) for n in narrow)


def _covers(wide: Match, narrow: Match) -> bool:
    if wide.where is not None and wide.where != narrow.where:
        return False
    if wide.types:
        return bool(narrow.types) and narrow.types <= wide.types
    return not any(name.startswith(UNMATCHED_BY_ANY) for name in narrow.types)
