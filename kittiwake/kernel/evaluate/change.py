"""Changes of attributes: what a `contact.updated` made of one, against what it was before (semantics.md, section 3).

Pure. Only programs that ask for a change keep the attributes before an event, and only at a `contact.updated`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from kittiwake.kernel.plan.change import Change, ChangeKind
from kittiwake.values import EXACT, Number, canonical, is_number, is_scalar, lookup, same_scalar

Test: TypeAlias = Callable[[Any, Any], bool | None]
"""Whether it is such a change, of the value before (None: there was none) and the value now; None: it is not, for the
value now is of a type of which that never holds."""


class Updated(dict[str, Any]):
    """The attributes after a `contact.updated`, which know those before it."""

    __slots__ = ("before",)

    def __init__(self, after: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        super().__init__(after)
        self.before = dict(before)


def changing(change: Change) -> Callable[[Mapping[str, Any], Mapping[str, Any]], bool | None]:
    """Whether a `contact.updated` changes an attribute so, of its properties and the attributes, which are `Updated`.

    None: it does not, for what the attribute is now is of a type of which that never holds.
    """
    path, passes, was = change.path, test_of(change), change.before
    name = path[0]

    def changed(properties: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool | None:
        assert isinstance(attributes, Updated), "asked at a contact.updated of a program that keeps what was before it"
        if properties.get(name) is None:
            return False
        after = lookup(attributes, path)
        if after is None:
            return False
        before = lookup(attributes.before, path)
        if was and not any(is_scalar(before) and same_scalar(before, one) for one in was):
            return False
        return passes(before, after)

    return changed


def same_value(one: Any, other: Any) -> bool:
    """Equality of any two values, objects and lists included."""
    if is_scalar(one) or is_scalar(other):
        return is_scalar(one) and is_scalar(other) and same_scalar(one, other)
    return canonical(one) == canonical(other)


def _becoming(change: Change) -> Test:
    operand = change.operand

    def becomes(before: Any, after: Any) -> bool | None:
        if not is_scalar(after) or not _alike(after, operand):
            return None
        return same_scalar(after, operand) and not (is_scalar(before) and same_scalar(before, after))

    return becomes


def _alike(value: object, other: object) -> bool:
    return (is_number(value) and is_number(other)) or type(value) is type(other)


def _differing(_: Change) -> Test:
    return lambda before, after: before is None or not same_value(before, after)


def _moving(change: Change) -> Test:
    """Whether a number moved far enough; by a percentage only from above zero. Where there was none, it did not move.

    Whole numbers, as most prices and stocks are, are compared as they are: four times as fast as by `EXACT`.
    """
    amount, percent, falls = _bound(change), change.percent, change.kind is ChangeKind.DROPS_BY
    whole = type(amount) is int

    def moves(before: Any, after: Any) -> bool | None:
        if whole and type(before) is int and type(after) is int:
            moved = before - after if falls else after - before
            return bool(before > 0 and moved * 100 >= amount * before if percent else moved >= amount)
        if not is_number(after):
            return None
        if not is_number(before):
            return False
        by = EXACT.subtract(before, after) if falls else EXACT.subtract(after, before)
        if not percent:
            return by >= amount
        return bool(before > 0) and EXACT.multiply(by, 100) >= EXACT.multiply(amount, before)

    return moves


def _crossing(change: Change) -> Test:
    bound, falls = _bound(change), change.kind is ChangeKind.DROPS_BELOW

    def crosses(before: Any, after: Any) -> bool | None:
        if not is_number(after):
            return None
        return is_number(before) and bool(after < bound <= before if falls else before <= bound < after)

    return crosses


def _bound(change: Change) -> Number:
    bound = change.operand
    assert isinstance(bound, (int, Decimal)), "the rule was checked when it was read"
    return bound


_TESTS: Final[dict[ChangeKind, Callable[[Change], Test]]] = {
    ChangeKind.DROPS_BY: _moving,
    ChangeKind.RISES_BY: _moving,
    ChangeKind.DROPS_BELOW: _crossing,
    ChangeKind.RISES_ABOVE: _crossing,
    ChangeKind.BECOMES: _becoming,
    ChangeKind.CHANGES: _differing,
}
"""From a change to its test."""


def test_of(change: Change) -> Test:
    """What tests whether two values, before and now, are such a change."""
    return _TESTS[change.kind](change)
