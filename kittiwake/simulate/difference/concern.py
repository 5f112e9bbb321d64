"""Which events can matter to what differs between two rule sets: a contact without them is decided alike by both.

Pure. Called by `comparison`, which then decides such a contact once. Two rule sets that differ in nothing but some
rules decide alike until one of these is armed: what is never armed is no candidate, so it is sent to nobody, counts for
no cap and takes no turn in a round. Whether only rules differ is asked of the compiled programs, field by field; in
doubt everything can matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from kittiwake.kernel.plan.match import Match
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.rules.compile.accounts import Plan

OF_RULES: Final = frozenset(
    {"ruleset_version", "rules", "routes", "texts", "state_keys", "gates", "asked", "dated", "readied"}
)
"""Fields of a program that say something of each of its rules, or of the rule set. In all others no rule may count."""


def concern_of(old: Plan, new: Plan) -> frozenset[str] | None:
    """The types of events without which an account's contact is decided alike; None: it may differ without any."""
    if len(old.versions.programs) > 1 or len(new.versions.programs) > 1:
        return None
    if old.versions.frozen_at_us != new.versions.frozen_at_us or old.catalog is not None or new.catalog is not None:
        return None
    before, after = old.versions.newest, new.versions.newest
    if not _is_alike_beside_rules(before, after):
        return None
    known, coming = ({rule.state_key: rule for rule in program.rules} for program in (before, after))
    differing = [*_others(before, coming), *_others(after, known)]
    kept = [[rule.state_key for rule in one.rules if rule not in differing] for one in (before, after)]
    arming = [_arming(rule) for rule in differing]
    needed = _needed_by_one(old, new)
    if kept[0] != kept[1] or needed is None or None in arming:
        return None
    return _with_parents(before, needed.union(*(types for types in arming if types is not None)))


def _is_alike_beside_rules(before: Program, after: Program) -> bool:
    names = (name for name in Program.__struct_fields__ if name not in OF_RULES)
    routes = before.routes, after.routes
    return (
        all(getattr(before, name) == getattr(after, name) for name in names)
        and routes[0].own_types == routes[1].own_types
        and routes[0].preparation == routes[1].preparation
        and routes[0].takes_any == routes[1].takes_any
    )


def _others(program: Program, known: dict[str, RuleProgram]) -> Iterator[RuleProgram]:
    """The rules that the other program has not, or not so."""
    return (rule for rule in program.rules if known.get(rule.state_key) != rule)


def _arming(rule: RuleProgram) -> frozenset[str] | None:
    """The types of events that can arm a rule, or that it counts; None: it may be armed by any, or by none at all."""
    if rule.audience is not None or rule.catalog is not None:
        return None
    steps = rule.sequence.steps if rule.sequence is not None else ()
    return _types_of(chain(rule.when, *steps, *(condition.of for condition in rule.conditions)))


def _types_of(matches: Iterable[Match]) -> frozenset[str] | None:
    types = [match.types for match in matches]
    return frozenset[str]().union(*types) if all(types) else None


def _needed_by_one(old: Plan, new: Plan) -> frozenset[str] | None:
    """The types of events that one rule set needs and the other does not: they would be counted by one only."""
    if old.wanted is None or new.wanted is None:
        return frozenset() if old.wanted is new.wanted else None
    return old.wanted ^ new.wanted


def _with_parents(program: Program, types: frozenset[str]) -> frozenset[str] | None:
    """With the types from which events are derived: from which of them, and in how many steps, is not asked."""
    parents = _types_of(program.routes.preparation.parents())
    return None if parents is None else types | parents
