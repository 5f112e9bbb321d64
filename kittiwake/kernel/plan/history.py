"""Questions about a contact's history, compiled: those of `given` and the leaves of `audience`.

Read by `kernel.evaluate.history`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from kittiwake.kernel.plan.match import Matches, Operator
from kittiwake.kernel.plan.periods import Period
from kittiwake.values import EXACT, Number, Path, Scalar, is_number, same_scalar

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
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    LAST = "last"
    PRESENT = "present"
    ABSENT = "absent"


class Condition(msgspec.Struct, frozen=True):
    """A question about a contact's history: of `given`, or a leaf of `audience`."""

    measure: Measure
    of: Matches
    """Their `same` is empty; the condition's stands below."""
    within_us: int | None
    """Look-back; None = ever. Of a `period` and of a range back, for how long a matching event is remembered."""
    path: Path | None = None
    """The property that is summed, distinguished, averaged and so on; None of COUNT, PRESENT and ABSENT."""
    operator: Operator | None = None
    """One of EQ GT GTE LT LTE, of LAST also IN; None of PRESENT and ABSENT."""
    bound: Number = 0
    """What is measured is compared with it; of LAST see `operand`."""
    same: tuple[Path, ...] = ()
    """Properties of the event that asks which those that count have to share."""
    memory: str = ""
    """What its history remembers, see `layouts`; filled in when the program is built."""
    other: tuple[Path, ...] = ()
    """Their names in the events that count; empty: they bear one name in both."""
    operand: Scalar | tuple[Scalar, ...] | None = None
    """LAST: what the value is compared with; several for IN."""
    period: Period | None = None
    """`within` a calendar period: of that what lies in the one of the instant that asks."""
    near_us: int = 0
    """`between`: of that what lies so far back at least."""
    plain: bool = True
    """Whether it is the number of all that is remembered, which costs least to ask; filled in as `memory` is."""

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


VALUES: Final = frozenset({Measure.AVG, Measure.MIN, Measure.MAX, Measure.LAST})
"""Measures that are nothing where nothing is recorded, whereupon no comparison holds."""


class Average(NamedTuple):
    """An average, which is compared without division: its total against so many times the bound."""

    total: Decimal
    number: int


Measured: TypeAlias = Number | Average | str | bool | None
"""What a condition measures: a number, of LAST a scalar; None where it is nothing."""


def is_plain(condition: Condition) -> bool:
    """Whether a condition measures the number of all that is remembered of it."""
    return condition.measure not in VALUES and condition.period is None and not condition.near_us


def kind_of(value: object) -> str:
    """The kind of a scalar; empty of what is none."""
    if isinstance(value, bool):
        return "bool"
    return "text" if isinstance(value, str) else "number" if is_number(value) else ""


def kinds_of(condition: Condition) -> frozenset[str]:
    """The kinds of values that a `last` can be compared with: of others it remembers nothing."""
    operand = condition.operand
    return frozenset(map(kind_of, operand if isinstance(operand, tuple) else (operand,)))


def nothing_of(condition: Condition) -> Measured:
    """What a condition measures where nothing is recorded."""
    return None if condition.measure in VALUES else 0


def answer(condition: Condition, value: Measured) -> bool:
    """Whether the condition holds of what was measured."""
    order, bound = test_of(condition)
    return order(value, bound)


def test_of(condition: Condition) -> tuple[Order, Any]:
    """How, and with what, to compare what was measured; presence is 1 and absence 0."""
    if condition.measure in VALUES:
        return _test_of_value(condition)
    if condition.operator is not None:
        return ORDERS[condition.operator], condition.bound
    return operator.eq, (1 if condition.measure is Measure.PRESENT else 0)


def _test_of_value(condition: Condition) -> tuple[Order, Any]:
    """The comparison of a measure that may be nothing; what is recorded is of a type that it may hold of."""
    assert condition.operator is not None
    if condition.operator is Operator.IN:
        return _is_one_of, condition.operand
    order = ORDERS[condition.operator]
    if condition.measure is Measure.AVG:
        return _average_test(order), Decimal(condition.bound)
    bound = condition.operand if condition.measure is Measure.LAST else condition.bound
    return (lambda value, bound: value is not None and order(value, bound)), bound


def _average_test(order: Order) -> Order:
    return lambda value, bound: value is not None and order(value.total, EXACT.multiply(bound, Decimal(value.number)))


def _is_one_of(value: Any, operand: Any) -> bool:
    return value is not None and any(same_scalar(value, one) for one in operand)
