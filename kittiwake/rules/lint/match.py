"""Lint of `where`: demands that no event can meet.

Pure. Works on compiled predicates, so that a contradiction is one however it is written. It
is sure of what it says: where it cannot be, it is silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Final, TypeAlias, TypeGuard

from kittiwake.kernel.evaluate.match import holds
from kittiwake.kernel.plan.change import Change
from kittiwake.kernel.plan.match import AllOf, AnyOf, Comparison, Not, Operator, Other, Predicate
from kittiwake.rules.compile.match import predicate_of
from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.lint.queries import clauses_of, matches_in, together
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.conditions import Conditions, ContactCondition
from kittiwake.rules.model.match import EventMatch, Where
from kittiwake.rules.model.rule import Rule
from kittiwake.values import is_number

Literal: TypeAlias = Comparison | Not
Conjunction: TypeAlias = tuple[Literal, ...]

_CONJUNCTIONS_MAX: Final = 64
"""Ways through nested alternatives that are tried: beyond it the lint is silent."""

_LOWER: Final = (Operator.GT, Operator.GTE)
_UPPER: Final = (Operator.LT, Operator.LTE)


def lint_where(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    """Contradictions in any `where` of a rule."""
    for path, match in matches_in(rule):
        yield from _of_match(match, path)
    for written, path in clauses_of(rule):
        yield from _of_contact(written, path)
    if isinstance(rule.when, ItemObject) and rule.when.where is not None:
        yield from _impossible_where(rule.when.where, ("when", "where"), "no item can be so")


def _of_match(match: EventMatch, path: KeyPath) -> Iterator[Diagnostic[LintCode]]:
    for where, entry in each(match, path):
        if not isinstance(entry, str) and entry.where is not None:
            yield from _impossible_where(entry.where, (*where, "where"), "no event can match this")


def _impossible_where(where: Where, path: KeyPath, what: str) -> Iterator[Diagnostic[LintCode]]:
    found = contradiction(predicate_of(where))
    if found is not None:
        message = f"{what}: what is asked of {found} contradicts itself"
        yield Diagnostic(path, LintCode.CONTRADICTION, message, "Mend or delete it", at_key=True)


def _of_contact(written: Conditions | None, path: KeyPath) -> Iterator[Diagnostic[LintCode]]:
    asked = [(where, leaf.contact) for where, leaf in together(written, path) if isinstance(leaf, ContactCondition)]
    found = contradiction(AllOf(tuple(predicate_of(one, of_contact=True) for _, one in asked)))
    if found is not None:
        message = f"no contact can be so: what is asked of {found} contradicts itself"
        yield Diagnostic(asked[-1][0], LintCode.CONTRADICTION, message, "Mend or delete it")


def contradiction(predicate: Predicate) -> str | None:
    """A path of which a predicate demands the impossible; None if it may hold."""
    ways = _conjunctions(predicate)
    if ways is None:
        return None
    found = [_impossible(way) for way in ways]
    return found[0] if found and all(found) else None


def _conjunctions(predicate: Predicate) -> list[Conjunction] | None:
    """The ways a predicate can hold; None if there are too many."""
    if isinstance(predicate, Comparison):
        return [(predicate,)] if _is_known(predicate) else [()]
    if isinstance(predicate, Not):
        # A negated alternative or conjunction is left out: what is left demands less, so no false alarm.
        return [(predicate,)] if _is_known(predicate.part) else [()]
    if isinstance(predicate, Change):
        return [()]
    parts = [_conjunctions(part) for part in predicate.parts]
    ways = [part for part in parts if part is not None]
    if len(ways) < len(parts):
        return None
    if isinstance(predicate, AnyOf):
        joined = [way for part in ways for way in part]
        return joined if len(joined) <= _CONJUNCTIONS_MAX else None
    return _all_of(ways)


def _is_known(predicate: Predicate) -> TypeGuard[Comparison]:
    """Whether it is a comparison that depends on one value: of another path nothing is known."""
    return isinstance(predicate, Comparison) and not isinstance(predicate.operand, Other)


def _all_of(parts: Sequence[list[Conjunction]]) -> list[Conjunction] | None:
    number = 1
    for part in parts:
        number *= len(part)
    if number > _CONJUNCTIONS_MAX:
        return None
    return [tuple(literal for way in ways for literal in way) for ways in product(*parts)]


def _impossible(way: Conjunction) -> str | None:
    """A path whose literals cannot hold together."""
    by_path: dict[tuple[bool, tuple[str, ...]], list[Literal]] = {}
    for literal in way:
        comparison = _comparison(literal)
        by_path.setdefault((comparison.of_contact, comparison.path), []).append(literal)
    for (of_contact, path), literals in by_path.items():
        if _cannot_hold(literals):
            return ("contact." if of_contact else "") + ".".join(path)
        inner = next((found for one in literals if (found := _impossible_element(one)) is not None), None)
        if inner is not None:
            return ("contact." if of_contact else "") + ".".join((*path, inner))
    return None


def _impossible_element(literal: Literal) -> str | None:
    """A path of an element of which `contains` demands the impossible."""
    if isinstance(literal, Not) or not isinstance(literal.operand, (Comparison, AllOf, AnyOf, Not)):
        return None
    return contradiction(literal.operand)


def _comparison(literal: Literal) -> Comparison:
    found = literal.part if isinstance(literal, Not) else literal
    assert isinstance(found, Comparison)
    return found


def _cannot_hold(literals: list[Literal]) -> bool:
    wanted = [literal for literal in literals if isinstance(literal, Comparison)]
    absent = [c for c in wanted if c.operator is Operator.EXISTS and c.operand is False]
    if absent:
        return len(absent) < len(wanted)
    candidates = next((_values(c) for c in wanted if c.operator in (Operator.EQ, Operator.IN)), None)
    if candidates is not None:
        return not any(all(_holds_of(literal, value) for literal in literals) for value in candidates)
    return _types_clash(wanted) or _bounds_clash(wanted) or _prefixes_clash(wanted) or _emptiness_clashes(wanted)


def _values(comparison: Comparison) -> tuple[Any, ...]:
    operand = comparison.operand
    return operand if isinstance(operand, tuple) else (operand,)


def _holds_of(literal: Literal, value: Any) -> bool:
    path = _comparison(literal).path
    properties: dict[str, Any] = {path[-1]: value}
    for segment in reversed(path[:-1]):
        properties = {segment: properties}
    return holds(literal, properties, properties)


def _types_clash(wanted: list[Comparison]) -> bool:
    ordered = [is_number(c.operand) for c in wanted if c.operator in (*_LOWER, *_UPPER)]
    starts = any(c.operator is Operator.STARTS_WITH for c in wanted)
    return len(set(ordered)) > 1 or (starts and True in ordered)


def _bounds_clash(wanted: list[Comparison]) -> bool:
    lower = [c for c in wanted if c.operator in _LOWER]
    upper = [c for c in wanted if c.operator in _UPPER]
    return any(_excludes(low, high) for low in lower for high in upper)


def _excludes(low: Comparison, high: Comparison) -> bool:
    a: Any = low.operand
    b: Any = high.operand
    both_closed = low.operator is Operator.GTE and high.operator is Operator.LTE
    return bool(a > b) or (bool(a == b) and not both_closed)


def _prefixes_clash(wanted: list[Comparison]) -> bool:
    prefixes = [str(c.operand) for c in wanted if c.operator is Operator.STARTS_WITH]
    return any(not a.startswith(b) and not b.startswith(a) for a, b in product(prefixes, prefixes))


def _emptiness_clashes(wanted: list[Comparison]) -> bool:
    asked = {c.operand for c in wanted if c.operator is Operator.EMPTY}
    holds_something = any(c.operator in (Operator.CONTAINS, Operator.STARTS_WITH) and c.operand != "" for c in wanted)
    return len(asked) > 1 or (True in asked and holds_something)
