"""What an event must be, compiled: types and predicates.

Read by `kernel.evaluate.match`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias

import msgspec

from kittiwake.event_types import UNMATCHED_BY_ANY
from kittiwake.kernel.plan.change import Change
from kittiwake.values import Path, Scalar


class Operator(StrEnum):
    """Comparisons of `where`. NE and NOT_IN do not exist here: the compiler writes `Not(EQ)` and `Not(IN)`."""

    EQ = "eq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    EXISTS = "exists"
    EMPTY = "empty"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"


class Other(msgspec.Struct, frozen=True):
    """In place of an operand: what stands at another path of the same event, element or contact."""

    path: Path
    of_contact: bool = False


class Comparison(msgspec.Struct, frozen=True):
    """One property (or, `of_contact`, one attribute) against one operand.

    IN: a tuple; EXISTS and EMPTY: a bool; CONTAINS: a scalar, or what one element of the list has to meet, itself an
    object, in which no comparison is `of_contact`; EQ, GT, GTE, LT and LTE: a scalar, or another path.
    """

    path: Path
    operator: Operator
    operand: Scalar | tuple[Scalar, ...] | Other | Predicate
    of_contact: bool = False


class AllOf(msgspec.Struct, frozen=True):
    parts: tuple[Predicate, ...]


class AnyOf(msgspec.Struct, frozen=True):
    parts: tuple[Predicate, ...]


class Not(msgspec.Struct, frozen=True):
    part: Predicate


Predicate: TypeAlias = Comparison | Change | AllOf | AnyOf | Not


def leaves_of(predicate: Predicate) -> Iterator[Comparison | Change]:
    """Every single question of a predicate, in its order."""
    match predicate:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves_of(part)
        case Not(part):
            yield from leaves_of(part)
        case Comparison() | Change():
            yield predicate


def asks_of_change(predicate: Predicate) -> bool:
    """Whether it depends on what an attribute was before the event."""
    return any(isinstance(one, Change) for one in leaves_of(predicate))


class Match(msgspec.Struct, frozen=True):
    """One alternative of an event match. `types` empty: every type but `contact.*` and `consent.*` ("*")."""

    types: frozenset[str]
    where: Predicate | None = None
    same: tuple[Path, ...] = ()
    """Only in `unless`: properties of the newest arming event that must equal those of this one."""
    other: tuple[Path, ...] = ()
    """Their names in this event; empty: they bear one name in both."""
    of_item: bool = False
    """Whether `same` is the id of the item, which a number names as well (`unless` with `item`)."""

    @property
    def own_same(self) -> tuple[Path, ...]:
        """The properties of an event of this match that `same` compares."""
        return self.other or self.same

    def covers(self, event_type: str | None) -> bool:
        """Whether it is about events of this type; None: of a type no rule names (nor about contact or consent)."""
        if self.types:
            return event_type in self.types
        return event_type is None or not event_type.startswith(UNMATCHED_BY_ANY)


Matches: TypeAlias = tuple[Match, ...]
"""Alternatives: an event matches if it matches one."""
