"""From conditions on history to the kernel's.

Pure. Called by `compile.conditions`; its input has been checked.
"""

from __future__ import annotations

from typing import Final

from kittiwake.kernel.plan.history import Condition, Measure
from kittiwake.kernel.plan.match import Match, Matches, Operator
from kittiwake.kernel.plan.periods import PERIOD_SPAN_US, Period
from kittiwake.rules.check.history import comparisons, operands
from kittiwake.rules.compile.match import matches_of, names_of, path_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.history import (
    Absent,
    Avg,
    Count,
    Distinct,
    HistoryCondition,
    Last,
    Max,
    Min,
    Present,
    Sum,
)
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.time import PERIODS
from kittiwake.values import Number, Path, Scalar


def condition_of(written: HistoryCondition) -> Condition:
    """One question about history."""
    measure, match, path = _measured(written)
    of = matches_of(match)
    inside = next((one for one in of if one.same), _NOTHING)
    same, other = names_of(written.same)
    operator, bound = _bound(written)
    return Condition(
        measure=measure,
        of=_without_same(of),
        within_us=look_back_us(written),
        path=path,
        operator=operator,
        bound=bound,
        same=same or inside.same,
        other=other if same else inside.other,
        operand=_operand(written) if isinstance(written, Last) else None,
        period=Period(written.within) if written.within in PERIODS else None,
        near_us=span_us(written.between[1]) if written.between else 0,
    )


def look_back_us(written: HistoryCondition) -> int | None:
    """For how long a condition remembers its events; None: for ever."""
    if written.between:
        return span_us(written.between[0])
    if written.within in PERIODS:
        return PERIOD_SPAN_US[Period(written.within)]
    return span_us(written.within) if written.within else None


_NOTHING: Final = Match(frozenset())


def _without_same(of: Matches) -> Matches:
    return tuple(Match(match.types, match.where) for match in of)


def _measured(written: HistoryCondition) -> tuple[Measure, EventMatch, Path | None]:
    match written:
        case Count():
            return Measure.COUNT, written.count, None
        case Sum():
            return Measure.SUM, written.of, path_of(written.sum)
        case Distinct():
            return Measure.DISTINCT, written.of, path_of(written.distinct)
        case Avg():
            return Measure.AVG, written.of, path_of(written.avg)
        case Min():
            return Measure.MIN, written.of, path_of(written.min)
        case Max():
            return Measure.MAX, written.of, path_of(written.max)
        case Last():
            return Measure.LAST, written.of, path_of(written.last)
        case Present():
            return Measure.PRESENT, written.present, None
        case Absent():
            return Measure.ABSENT, written.absent, None


def _operand(written: Last) -> Scalar | tuple[Scalar, ...]:
    (operand,) = [operand for _, operand in operands(written)]
    return tuple(operand) if isinstance(operand, list) else operand


def _bound(written: HistoryCondition) -> tuple[Operator | None, Number]:
    if isinstance(written, Last):
        return Operator(operands(written)[0][0]), 0
    for name, bound in comparisons(written):
        return Operator(name), bound
    return None, 0
