"""Values of which a `where` holds: every path is given what the comparisons name, and what lies beside it.

Pure. Called by `building`. What comes out is checked by the kernel's own question, but for changes of attributes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice, pairwise, product
from math import prod
from typing import Any, Final, NamedTuple, TypeAlias

from kittiwake.kernel.evaluate.match import holds
from kittiwake.kernel.plan.change import Change, ChangeKind
from kittiwake.kernel.plan.match import Comparison, Operator, Other, Predicate, asks_of_change, leaves_of
from kittiwake.values import Path, is_number

COMBINATIONS_MAX: Final = 4_000
"""Of values that are tried of one `where`: it names a few paths, and each has a few values of interest."""

Spot: TypeAlias = tuple[bool, Path]
"""Whether it is an attribute of the contact, and its path."""

ABSENT: Final = object()


class Asked(NamedTuple):
    """What an event, and its contact, have to be."""

    properties: Mapping[str, Any] = {}
    attributes: Mapping[str, Any] = {}
    before: Mapping[str, Any] = {}
    """Attributes that the event has to change."""


def assignments(predicate: Predicate | None) -> Iterator[Asked]:
    """What the properties and attributes may be for a `where` to hold; the simplest first, and none if it cannot."""
    if predicate is None:
        yield Asked()
        return
    leaves = list(leaves_of(predicate))
    pools: dict[Spot, list[Any]] = {}
    for leaf in leaves:
        if isinstance(leaf, Comparison):
            pools.setdefault((leaf.of_contact, leaf.path), []).extend(_values(leaf))
            if isinstance(leaf.operand, Other):
                pools.setdefault((leaf.operand.of_contact, leaf.operand.path), []).extend([1, 2, "x", ABSENT])
    changes = [leaf for leaf in leaves if isinstance(leaf, Change)]
    is_checked = not asks_of_change(predicate)
    for chosen in islice(product(*(_distinct(_between(values)) for values in pools.values())), COMBINATIONS_MAX):
        found = _asked(dict(zip(pools, chosen, strict=True)), changes)
        if not is_checked or holds(predicate, found.properties, found.attributes):
            yield found


def is_complete_for(predicate: Predicate) -> bool:
    """Whether a `where` for which no values are found holds of none: all is tried that could make a difference.

    So it is where it compares with numbers, and is asked for equality and presence: every value that is named, every
    stretch between two, and a text, is tried of each path.
    """
    leaves = list(leaves_of(predicate))
    if not all(isinstance(leaf, Comparison) and _is_plain(leaf) for leaf in leaves):
        return False
    pools: dict[Path, int] = {}
    for leaf in leaves:
        assert isinstance(leaf, Comparison)
        pools[leaf.path] = pools.get(leaf.path, 0) + len(_values(leaf)) + 2
    is_flat = all(len(path) == 1 for path in pools)
    return is_flat and prod(2 * size for size in pools.values()) <= COMBINATIONS_MAX


def _is_plain(leaf: Comparison) -> bool:
    if leaf.operator in (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE):
        return is_number(leaf.operand)
    return leaf.operator in (Operator.EQ, Operator.IN, Operator.EXISTS) and not isinstance(leaf.operand, Other)


def _asked(values: Mapping[Spot, Any], changes: list[Change]) -> Asked:
    properties: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    before: dict[str, Any] = {}
    for (of_contact, path), value in values.items():
        if value is not ABSENT:
            put(attributes if of_contact else properties, path, value)
    for change in changes:
        old, new = old_and_new(change)
        put(before, change.path, old)
        put(properties, change.path, new)
    return Asked(properties, attributes, before)


def put(values: dict[str, Any], path: Path, value: Any) -> None:
    """Give a path a value; what stands in its way is replaced."""
    for name in path[:-1]:
        inner = values.get(name)
        values[name] = inner = dict(inner) if isinstance(inner, dict) else {}
        values = inner
    values[path[-1]] = value


def _values(leaf: Comparison) -> list[Any]:
    """What the comparison may be asked of: what it holds of first."""
    operand = leaf.operand
    match leaf.operator:
        case Operator.EXISTS:
            return ["x", ABSENT] if operand is True else [ABSENT, "x"]
        case Operator.EMPTY:
            return ["", [], ["x"]] if operand is True else [["x"], "x", ""]
        case Operator.IN:
            assert isinstance(operand, tuple)
            return [*operand, *_beside(operand[0]), ABSENT]
        case Operator.CONTAINS if not isinstance(operand, (str, int, Decimal, bool, tuple, Other)):
            return [[dict(one.properties)] for one in islice(assignments(operand), 3)] + [[], ABSENT]
        case Operator.CONTAINS:
            return [[operand], operand, ["x"], ABSENT]
        case Operator.STARTS_WITH:
            return [operand, "x", ABSENT]
    return [1, 2, "x", ABSENT] if isinstance(operand, Other) else [operand, *_beside(operand), ABSENT]


def _beside(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    return [value + 1, value - 1] if is_number(value) else [f"{value}-x", ""]


def _between(values: list[Any]) -> list[Any]:
    """Values, and of numbers what lies between each two that stand beside each other; a text at the end."""
    numbers = sorted({Decimal(one) for one in values if is_number(one)})
    middles = [_plain((low + high) / 2) for low, high in pairwise(numbers)]
    return [*values, *middles, *(["x"] if numbers else [])]


def _distinct(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(type(one) is type(value) and one == value for one in found):
            found.append(value)
    return found


def old_and_new(change: Change) -> tuple[Any, Any]:
    """Values of which the second is the change that is asked for of the first."""
    operand: Any = change.operand
    found: tuple[Any, Any] = ("a", "b")
    match change.kind:
        case ChangeKind.DROPS_BY | ChangeKind.RISES_BY:
            sign = -1 if change.kind is ChangeKind.DROPS_BY else 1
            old = Decimal(100) if change.percent else Decimal(operand) * 10
            by = old * Decimal(operand) / 100 if change.percent else Decimal(operand)
            found = (_plain(old), _plain(old + sign * by))
        case ChangeKind.DROPS_BELOW:
            found = (operand + 1, operand - 1)
        case ChangeKind.RISES_ABOVE:
            found = (operand - 1, operand + 1)
        case ChangeKind.BECOMES:
            found = (_beside(operand)[0], operand)
    return (change.before[0], found[1]) if change.before else found


def _plain(value: Decimal) -> Any:
    return int(value) if value == value.to_integral_value() else value.normalize()
