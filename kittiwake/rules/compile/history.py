"""From conditions on history to the kernel's.

Pure. Called by `compile.conditions`; its input has been checked.
"""

from __future__ import annotations

from typing import Final

from kittiwake.kernel.plan.history import Condition, Measure
from kittiwake.kernel.plan.match import Match, Matches, Operator
from kittiwake.rules.check.history import comparisons
from kittiwake.rules.compile.match import matches_of, names_of, path_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.history import Absent, Count, Distinct, HistoryCondition, Present, Sum
from kittiwake.rules.model.match import EventMatch
from kittiwake.values import Number, Path


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
        within_us=span_us(written.within) if written.within else None,
        path=path,
        operator=operator,
        bound=bound,
        same=same or inside.same,
        other=other if same else inside.other,
    )


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
        case Present():
            return Measure.PRESENT, written.present, None
        case Absent():
            return Measure.ABSENT, written.absent, None


def _bound(written: HistoryCondition) -> tuple[Operator | None, Number]:
    for name, bound in comparisons(written):
        return Operator(name), bound
    return None, 0
