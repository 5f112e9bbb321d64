"""How an explanation says the parts of a rule: matches, comparisons, conditions, waits, caps.

Pure. Called by the files that word the timeline and the near misses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from kittiwake.explain.changes import change_words, changed_words
from kittiwake.explain.values import found_words, misfits
from kittiwake.explain.wording import counted, listed, path_words, value_words
from kittiwake.kernel.evaluate.match import Attributes, holds
from kittiwake.kernel.plan.change import Change
from kittiwake.kernel.plan.history import Condition, Measure
from kittiwake.kernel.plan.match import AllOf, AnyOf, Comparison, Match, Matches, Not, Operator, Other, Predicate
from kittiwake.kernel.plan.periods import Period
from kittiwake.kernel.plan.policy import Cap
from kittiwake.time.durations import format_duration
from kittiwake.values import Path, Scalar, lookup

SIGNS: Final = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GTE: "≥",
    Operator.LT: "<",
    Operator.LTE: "≤",
    Operator.IN: "in",
    Operator.EMPTY: "is empty",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "starts with",
}


def types_words(matches: Matches, last: str = "or") -> str:
    """The types an event match takes, its `where` left out."""
    names = [name for match in matches for name in (sorted(match.types) or ["any event"])]
    return listed(list(dict.fromkeys(names)), last)


def match_words(matches: Matches) -> str:
    """An event match with its `where` and `same`."""
    return listed([_one_match(match) for match in matches], "or")


def _one_match(match: Match) -> str:
    where = f" where {predicate_words(match.where)}" if match.where is not None else ""
    return types_words((match,)) + where + same_words(match.same, match.other)


def predicate_words(predicate: Predicate) -> str:
    """A `where` in one line."""
    if isinstance(predicate, Comparison):
        return _comparison_words(predicate)
    if isinstance(predicate, Not):
        return f"not ({predicate_words(predicate.part)})"
    if isinstance(predicate, Change):
        return change_words(predicate)
    word = "and" if isinstance(predicate, AllOf) else "or"
    return f" {word} ".join(_bracketed(part) for part in predicate.parts)


def _bracketed(part: Predicate) -> str:
    text = predicate_words(part)
    return text if isinstance(part, (Comparison, Change, Not)) else f"({text})"


def _comparison_words(comparison: Comparison) -> str:
    name = ("contact." if comparison.of_contact else "") + path_words(comparison.path)
    operand = comparison.operand
    if comparison.operator is Operator.EXISTS:
        return f"{name} {'exists' if operand else 'does not exist'}"
    if comparison.operator is Operator.EMPTY:
        return f"{name} {SIGNS[Operator.EMPTY] if operand else 'is not empty'}"
    return f"{name} {SIGNS[comparison.operator]} {_operand_words(operand)}"


def _operand_words(operand: Scalar | tuple[Scalar, ...] | Other | Predicate) -> str:
    if isinstance(operand, Other):
        return ("contact." if operand.of_contact else "") + path_words(operand.path)
    if isinstance(operand, msgspec.Struct):
        return f"an object with {predicate_words(operand)}"
    return listed([value_words(one) for one in operand], "or") if isinstance(operand, tuple) else value_words(operand)


def unmet_words(predicate: Predicate, properties: dict[str, Any], attributes: Attributes) -> str:
    """What of a `where` that does not hold an event lacks: the comparison, and the value it found."""
    if isinstance(predicate, AllOf):
        first = next(part for part in predicate.parts if not holds(part, properties, attributes))
        return unmet_words(first, properties, attributes)
    if isinstance(predicate, Change):
        return f"{changed_words(predicate, properties, attributes)}, the rule wants {change_words(predicate)}"
    other = list(misfits(predicate, properties, attributes))
    if not isinstance(predicate, Comparison):
        return f"{predicate_words(predicate)} does not hold" + (f" ({'; '.join(other)})" if other else "")
    if other:
        return other[0]
    values, of = (attributes, "contact.") if predicate.of_contact else (properties, "")
    found, operand = lookup(values, predicate.path), predicate.operand
    if isinstance(found, list) and isinstance(operand, (Comparison, AllOf, AnyOf, Not)):
        return f"{_elements_words(of + path_words(predicate.path), found, operand)}"
    was = [_found_or_was(values, of, predicate.path)]
    if isinstance(operand, Other):
        beside, whose = (attributes, "contact.") if operand.of_contact else (properties, "")
        was.append(_found_or_was(beside, whose, operand.path))
    return f"{listed(was)}, the rule wants {_comparison_words(predicate)}"


def _elements_words(name: str, elements: list[Any], wanted: Predicate) -> str:
    """Why none of the elements is one of which `wanted` holds: of the nearest, what it lacks."""
    objects = [(n, one) for n, one in enumerate(elements) if isinstance(one, dict)]
    wants = f"the rule wants {name} {SIGNS[Operator.CONTAINS]} {_operand_words(wanted)}"
    if not objects:
        return f"{name} has {counted(len(elements), 'element')}, none of which is an object, {wants}"
    parts = wanted.parts if isinstance(wanted, AllOf) else (wanted,)
    at, nearest = max(objects, key=lambda one: (sum(holds(part, one[1], {}) for part in parts), -one[0]))
    of = f"of {counted(len(elements), 'element')} of {name} none fits"
    return f"{of}, the nearest is number {at + 1}: {unmet_words(wanted, nearest, {})}"


def _found_or_was(values: Mapping[str, Any], of: str, path: Path) -> str:
    found = lookup(values, path)
    return found_words(values, path, of) if found is None else _was(of, path, found)


def _was(of: str, path: Path, found: Any) -> str:
    return f"{of}{path_words(path)} was {value_words(found)}"


def condition_words(condition: Condition) -> str:
    """What a history condition measures: `count of product.viewed within 1d`."""
    return _NOUNS.get(condition.measure, "") + counted_words(condition)


def counted_words(condition: Condition) -> str:
    """What a history condition reads: `product.viewed within 1d with the same product_id`."""
    of = match_words(condition.of)
    if condition.path is not None:
        of = f"{path_words(condition.path)} of {of}"
    return of + within_words(condition) + same_words(condition.same, condition.other)


_NOUNS: Final = {
    Measure.COUNT: "count of ",
    Measure.SUM: "sum of ",
    Measure.DISTINCT: "number of different ",
    Measure.AVG: "average ",
    Measure.MIN: "smallest ",
    Measure.MAX: "greatest ",
    Measure.LAST: "newest ",
}


def within_words(condition: Condition) -> str:
    """` within 24h`, ` this week`, ` between 30d and 7d ago`, or nothing for ever."""
    if condition.period is not None:
        return period_words(condition.period)
    if condition.near_us and condition.within_us is not None:
        return f" between {format_duration(condition.within_us)} and {format_duration(condition.near_us)} ago"
    return "" if condition.within_us is None else f" within {format_duration(condition.within_us)}"


def period_words(period: Period | None) -> str:
    """` this week`, or nothing for all time."""
    return "" if period is None else f" {period.replace('_', ' ')}"


def same_words(same: tuple[Path, ...], other: tuple[Path, ...] = ()) -> str:
    """` with the same product_id`, ` with the same sku as product_id`, or nothing."""
    named = [*zip(map(path_words, same), map(path_words, other or same), strict=True)]
    words = [ours if ours == theirs else f"{theirs} as {ours}" for ours, theirs in named]
    return f" with the same {listed(words)}" if words else ""


def cap_words(cap: Cap) -> str:
    """`1 per day`, `4 per 7d of group intent`, `1 per day on push`."""
    per = str(cap.calendar) if cap.calendar is not None else format_duration(cap.within_us)
    of_group, on = f" of group {cap.group}" if cap.group else "", f" on {cap.channel}" if cap.channel else ""
    return f"{cap.max_fired} per {per}{of_group}{on}"
