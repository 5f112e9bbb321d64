"""Layouts: what a rule's memory depends on, as short texts that show whether a state under one text fits another.

Pure. Made when a program is built; compared by `run.migration` when a version comes into force.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from hashlib import sha256
from typing import Any, Final

import msgspec

from kittiwake.kernel.plan.calendar import CalendarWait
from kittiwake.kernel.plan.catalog import Catalog
from kittiwake.kernel.plan.conditions import of_history
from kittiwake.kernel.plan.history import Condition, Measure, is_plain, kinds_of
from kittiwake.kernel.plan.repeats import Repeats
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import Delays, FieldWait, UntilWait, Wait
from kittiwake.values import Path, canonical

DIGITS: Final = 8
"""Hexadecimal digits: compared with the other texts of one rule only, of which a year has some hundred."""


FIRST_FIELDS: Final = {
    "AllHold": 1,
    "AllOf": 1,
    "AnyHolds": 1,
    "AnyOf": 1,
    "Audience": 2,
    "Comparison": 4,
    "Condition": 8,
    "Leaf": 1,
    "Match": 3,
    "Not": 1,
    "NotHolds": 1,
    "OfContact": 1,
    "Reaches": 2,
    "Sequence": 2,
}
"""Parts of a program → how many of their fields the first layouts had. A field that came later is written by its name,
and only where it is not its default: a text that does without it keeps the layout of the release before."""


def described(rule: RuleProgram) -> RuleProgram:
    """The rule, with its `layout` and the `memory` of each of its conditions."""
    if rule.layout:
        return rule
    replace = msgspec.structs.replace
    if rule.catalog is not None:
        rule = replace(rule, catalog=replace(rule.catalog, memory=memory_of_interest(rule.catalog)))
    conditions = tuple(replace(one, memory=memory_of(one), plain=is_plain(one)) for one in rule.conditions)
    return replace(rule, conditions=conditions, layout=layout_of(rule))


def layout_of(rule: RuleProgram) -> str:
    """Equal for two texts of a rule if what is pending under the one goes on under the other (semantics 11.3)."""
    of_audience = (rule.audience.tree, rule.conditions) if rule.audience else None
    return _digest(
        [
            rule.when,
            rule.sequence,
            of_audience,
            rule.per,
            rule.reaches,
            _kind_of_wait(rule.wait),
            paths_of_pending(rule),
            *([_asked_of_items(rule.catalog)] if rule.catalog else []),
        ]
    )


def _asked_of_items(catalog: Catalog) -> list[Any]:
    where = [catalog.where] if catalog.where is not None else []  # so that rules without it keep their layout
    return [catalog.change, catalog.interest, catalog.item, catalog.within_us, catalog.since_interest, *where]


def memory_of_interest(catalog: Catalog) -> str:
    """What is remembered of interest: equal where only the change that is asked about, or `include`, differs."""
    of_value = catalog.change.path if catalog.since_interest else None
    return _digest([catalog.interest, catalog.item, catalog.within_us, of_value])


def paths_of_pending(rule: RuleProgram) -> tuple[Path, ...]:
    """The paths that `same` names in `unless` and `still`, sorted: of what is pending no others are known."""
    of_unless = {path for match in rule.unless for path in match.same}
    return tuple(sorted(of_unless | {path for i in of_history(rule.still) for path in rule.conditions[i].same}))


def memory_of(condition: Condition) -> str:
    """What the history of a condition remembers; of a windowed count, behind a slash, how many instants."""
    parts: list[Any] = [condition.measure, condition.of, condition.within_us, condition.path, condition.own_same]
    if condition.measure is Measure.LAST:
        parts.append(sorted(kinds_of(condition)))
    if condition.period is not None or condition.near_us:
        parts += [condition.period, condition.near_us]
    measured = _digest(parts)
    if keeps_newest(condition):
        return f"{measured}/{instants_kept(condition)}"
    return measured


def memory_of_repeats(repeats: Repeats) -> str:
    """What is remembered of events that may come again: equal where only `within` differs."""
    return _digest([repeats.of, repeats.same])


def keeps_newest(condition: Condition) -> bool:
    """Whether it keeps only the newest instants: a count of a window that ends at the instant that asks."""
    return condition.measure is Measure.COUNT and condition.within_us is not None and not condition.near_us


def instants_kept(condition: Condition) -> int:
    """The newest instants that a windowed count keeps: above its bound it is above it whatever it is."""
    return max(1, int(condition.bound) + 1)


def serves(remembered: str, wanted: str) -> bool:
    """Whether what was remembered as `remembered` answers a condition whose memory is `wanted`."""
    (had, _, kept), (wants, _, needed) = remembered.partition("/"), wanted.partition("/")
    return had == wants and int(kept or 0) >= int(needed or 0)


def _kind_of_wait(wait: Wait | None) -> list[Any]:
    match wait:
        case None:
            return []
        case Delays(numbered=numbered):
            return ["list" if numbered else "duration"]
        case FieldWait():
            return ["field"]
        case UntilWait(of_contact=of_contact, repeat=repeat, numbered=numbered):
            return ["until", of_contact, repeat is not None, *(["list"] if numbered else [])]
        case CalendarWait(numbered=numbered):
            return ["local days" if numbered else "local day"]


def _digest(parts: Any) -> str:
    return sha256(canonical(_written(parts)).encode()).hexdigest()[:DIGITS]


def _written(value: Any) -> Any:
    """A part of a program as plain values that stand in one order on every machine."""
    if isinstance(value, msgspec.Struct):
        return [type(value).__name__, *_fields(value)]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, (tuple, list)):
        return [_written(part) for part in value]
    return str(value) if isinstance(value, Enum) else value


def _fields(part: msgspec.Struct) -> Iterator[Any]:
    names = part.__struct_fields__
    first = FIRST_FIELDS.get(type(part).__name__, len(names))
    yield from (_written(getattr(part, name)) for name in names[:first])
    defaults = dict(zip(reversed(names), reversed(part.__struct_defaults__), strict=False))
    for name in names[first:]:
        if (value := getattr(part, name)) != defaults[name]:
            yield [name, _written(value)]
