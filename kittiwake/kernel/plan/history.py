"""Questions about a contact's history, compiled: those of `given` and the leaves of `audience`.

Read by `kernel.evaluate.history`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeAlias

import msgspec

from kittiwake.kernel.plan.match import Matches, Operator
from kittiwake.values import Number, Path

Order: TypeAlias = Callable[[Any, Any], bool]

ORDERS: Final[dict[Operator, Order]] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
    Operator.EQ: operator.eq,
}
"""The operators that compare numbers."""


class Measure(StrEnum):
    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"
    PRESENT = "present"
    ABSENT = "absent"


class Condition(msgspec.Struct, frozen=True):
    """A question about a contact's history: of `given`, or a leaf of `audience`."""

    measure: Measure
    of: Matches
    """Their `same` is empty; the condition's stands below."""
    within_us: int | None
    """Look-back; None = ever."""
    path: Path | None = None
    """SUM and DISTINCT: what is summed or distinguished."""
    operator: Operator | None = None
    """COUNT, SUM and DISTINCT: one of EQ GT GTE LT LTE."""
    bound: Number = 0
    """What the count, sum or number of distinct values is compared with."""
    same: tuple[Path, ...] = ()
    """Properties of the event that asks which those that count have to share."""
    memory: str = ""
    """What its history remembers, see `layouts`; filled in when the program is built."""
    other: tuple[Path, ...] = ()
    """Their names in the events that count; empty: they bear one name in both."""

    @property
    def own_same(self) -> tuple[Path, ...]:
        """The properties of an event that counts which `same` compares."""
        return self.other or self.same


class LookBack(msgspec.Struct, frozen=True):
    """Something a rule looks back on since a version introduced it (semantics 11.9)."""

    since_us: int
    """The `effective_from` of that version: a stream has remembered it from then on."""
    ready_us: int
    """From when on that is enough; `END_OF_TIME_US` for what has no `within`."""
    outlives: bool = False
    """Whether it outlives what the contact did: attributes, consent, used thresholds."""


def answer(condition: Condition, value: Number) -> bool:
    """Whether the condition holds of what was measured."""
    order, bound = test_of(condition)
    return order(value, bound)


def test_of(condition: Condition) -> tuple[Order, Number]:
    """How, and with what, to compare what was measured; presence is 1 and absence 0."""
    if condition.operator is not None:
        return ORDERS[condition.operator], condition.bound
    return operator.eq, (1 if condition.measure is Measure.PRESENT else 0)
