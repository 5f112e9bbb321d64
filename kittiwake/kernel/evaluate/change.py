"""Changes of attributes: what a `contact.updated` made of one, against what it was before (semantics.md, section 3).

Pure. Only programs that ask for a change keep the attributes before an event, and only at a `contact.updated`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from kittiwake.kernel.plan.change import Change, ChangeKind
from kittiwake.values import EXACT, canonical, is_number, is_scalar, lookup, same_scalar


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
    path, passes, was = change.path, TESTS[change.kind], change.before
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
        return passes(change, before, after)

    return changed


def same_value(one: Any, other: Any) -> bool:
    """Equality of any two values, objects and lists included."""
    if is_scalar(one) or is_scalar(other):
        return is_scalar(one) and is_scalar(other) and same_scalar(one, other)
    return canonical(one) == canonical(other)


def _becomes(change: Change, before: Any, after: Any) -> bool | None:
    if not is_scalar(after) or not _alike(after, change.operand):
        return None
    return same_scalar(after, change.operand) and not (is_scalar(before) and same_scalar(before, after))


def _alike(value: object, other: object) -> bool:
    return (is_number(value) and is_number(other)) or type(value) is type(other)


def _changes(_: Change, before: Any, after: Any) -> bool | None:
    return before is None or not same_value(before, after)


def _moving(by: Callable[[Change, Decimal, Decimal], bool]) -> Callable[[Change, Any, Any], bool | None]:
    """A change of numbers; where there was none before, there is none."""

    def moves(change: Change, before: Any, after: Any) -> bool | None:
        if not is_number(after):
            return None
        return is_number(before) and by(change, Decimal(before), Decimal(after))

    return moves


def _by(change: Change, before: Decimal, moved: Decimal) -> bool:
    """Whether a value moved far enough; by a percentage only from above zero."""
    amount = Decimal(change.operand)
    if not change.percent:
        return moved >= amount
    return before > 0 and EXACT.multiply(moved, Decimal(100)) >= EXACT.multiply(amount, before)


TESTS: Final[dict[ChangeKind, Callable[[Change, Any, Any], bool | None]]] = {
    ChangeKind.DROPS_BY: _moving(lambda change, before, after: _by(change, before, EXACT.subtract(before, after))),
    ChangeKind.RISES_BY: _moving(lambda change, before, after: _by(change, before, EXACT.subtract(after, before))),
    ChangeKind.DROPS_BELOW: _moving(lambda change, before, after: after < Decimal(change.operand) <= before),
    ChangeKind.RISES_ABOVE: _moving(lambda change, before, after: before <= Decimal(change.operand) < after),
    ChangeKind.BECOMES: _becomes,
    ChangeKind.CHANGES: _changes,
}
"""From a change, the value before (None: there was none) and the value now to whether it is such a change."""
