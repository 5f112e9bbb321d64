"""How an explanation says the parts of a rule: matches, comparisons, conditions, waits, caps.

Pure. Called by the files that word the timeline and the near misses.
"""

from __future__ import annotations

from typing import Any, Final

from kittiwake.explain.values import found_words, misfits
from kittiwake.explain.wording import listed, path_words, value_words
from kittiwake.kernel.evaluate.match import Attributes, holds
from kittiwake.kernel.plan.history import Condition, Measure
from kittiwake.kernel.plan.match import AllOf, Comparison, Match, Matches, Not, Operator, Predicate
from kittiwake.kernel.plan.policy import Cap
from kittiwake.time.durations import format_duration
from kittiwake.values import Path, lookup

SIGNS: Final = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GTE: "≥",
    Operator.LT: "<",
    Operator.LTE: "≤",
    Operator.IN: "in",
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
    same = f" with the same {listed([path_words(path) for path in match.same])}" if match.same else ""
    return types_words((match,)) + where + same


def predicate_words(predicate: Predicate) -> str:
    """A `where` in one line."""
    if isinstance(predicate, Comparison):
        return _comparison_words(predicate)
    if isinstance(predicate, Not):
        return f"not ({predicate_words(predicate.part)})"
    word = "and" if isinstance(predicate, AllOf) else "or"
    return f" {word} ".join(_bracketed(part) for part in predicate.parts)


def _bracketed(part: Predicate) -> str:
    text = predicate_words(part)
    return text if isinstance(part, (Comparison, Not)) else f"({text})"


def _comparison_words(comparison: Comparison) -> str:
    name = ("contact." if comparison.of_contact else "") + path_words(comparison.path)
    operand = comparison.operand
    if comparison.operator is Operator.EXISTS:
        return f"{name} {'exists' if operand else 'does not exist'}"
    shown = listed([value_words(one) for one in operand], "or") if isinstance(operand, tuple) else value_words(operand)
    return f"{name} {SIGNS[comparison.operator]} {shown}"


def unmet_words(predicate: Predicate, properties: dict[str, Any], attributes: Attributes) -> str:
    """What of a `where` that does not hold an event lacks: the comparison, and the value it found."""
    if isinstance(predicate, AllOf):
        first = next(part for part in predicate.parts if not holds(part, properties, attributes))
        return unmet_words(first, properties, attributes)
    other = list(misfits(predicate, properties, attributes))
    if not isinstance(predicate, Comparison):
        return f"{predicate_words(predicate)} does not hold" + (f" ({'; '.join(other)})" if other else "")
    if other:
        return other[0]
    values, of = (attributes, "contact.") if predicate.of_contact else (properties, "")
    found = lookup(values, predicate.path)
    was = found_words(values, predicate.path, of) if found is None else _was(of, predicate.path, found)
    return f"{was}, the rule wants {_comparison_words(predicate)}"


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
    return of + within_words(condition) + same_words(condition.same)


_NOUNS: Final = {Measure.COUNT: "count of ", Measure.SUM: "sum of ", Measure.DISTINCT: "number of different "}


def within_words(condition: Condition) -> str:
    """` within 24h`, or nothing for ever."""
    return "" if condition.within_us is None else f" within {format_duration(condition.within_us)}"


def same_words(same: tuple[Path, ...]) -> str:
    """` with the same product_id`, or nothing."""
    return f" with the same {listed([path_words(path) for path in same])}" if same else ""


def cap_words(cap: Cap) -> str:
    """`1 per day`, `4 per 7d of group intent`, `1 per day on push`."""
    per = str(cap.calendar) if cap.calendar is not None else format_duration(cap.within_us)
    of_group, on = f" of group {cap.group}" if cap.group else "", f" on {cap.channel}" if cap.channel else ""
    return f"{cap.max_fired} per {per}{of_group}{on}"
