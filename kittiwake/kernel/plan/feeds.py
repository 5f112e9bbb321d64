"""Feeds, compiled: which types of events have a rhythm in an account, who relies on them, and when they were silent.

Read by `kernel.run.feeds`. What is silent is a fact about all events of an account, which a host computes
(`kernel.evaluate.feeds`) and gives to the kernel beside the versions of the rules (ADR 0031). Breakers are known in the
same way: when there were too many events of a type (ADR 0034).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from kittiwake.kernel.plan.conditions import of_history
from kittiwake.kernel.plan.derive import Derivation
from kittiwake.kernel.plan.policy import Feed, Rhythm
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import UntilWait

Span: TypeAlias = tuple[int, int]
"""A stretch of time, half open."""


class Silences:
    """When feeds of an account were silent, and types flooded, as far as a host knows. Never changed."""

    def __init__(self, by_rhythm: Mapping[Rhythm, Sequence[Span]]) -> None:
        """Stretches that rise and do not overlap, by rhythm; of one that is not there nothing was silent."""
        self._ends_us = {rhythm: [end for _, end in spans] for rhythm, spans in by_rhythm.items()}
        self.by_rhythm = {rhythm: tuple(spans) for rhythm, spans in by_rhythm.items()}

    def is_silent(self, rhythm: Rhythm, at_us: int) -> bool:
        """Whether a feed is silent at an instant, or a type flooded."""
        spans = self.by_rhythm.get(rhythm)
        if not spans:
            return False
        found = bisect_right(self._ends_us[rhythm], at_us)
        return found < len(spans) and spans[found][0] <= at_us

    def since_us(self, rhythm: Rhythm, at_us: int) -> int:
        """Since when a feed is silent that is silent at an instant, or a type flooded."""
        return self.by_rhythm[rhythm][bisect_right(self._ends_us[rhythm], at_us)][0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Silences) and self.by_rhythm == other.by_rhythm

    def __hash__(self) -> int:
        return hash(frozenset(self.by_rhythm.items()))


NEVER_SILENT: Final = Silences({})
"""What is known where no feed was silent, or nobody has notified."""


class FeedsOfRules(msgspec.Struct, frozen=True):
    """Which feeds the rules of a run have; asked of every account that events come from."""

    types: frozenset[str]
    """Of all accounts: an event of no other type is of a feed."""
    of_account: Mapping[str, Sequence[Rhythm]]
    """Of accounts that rules name."""
    of_others: Sequence[Rhythm]
    """Of every other account."""

    def of(self, account_id: str) -> Sequence[Rhythm]:
        """The feeds of an account."""
        return self.of_account.get(account_id, self.of_others)

    @staticmethod
    def of_all(rule_sets: Sequence[FeedsOfRules]) -> FeedsOfRules:
        """Those of several sets of rules together."""
        names = sorted({name for one in rule_sets for name in one.of_account})
        return FeedsOfRules(
            frozenset[str]().union(*(one.types for one in rule_sets)),
            {name: _once(one.of(name) for one in rule_sets) for name in names},
            _once(one.of_others for one in rule_sets),
        )


NO_FEEDS: Final = FeedsOfRules(frozenset(), {}, ())


def _once(several: Iterable[Sequence[Rhythm]]) -> Sequence[Rhythm]:
    return sorted({rhythm for rhythms in several for rhythm in rhythms})


def relies_on(rule: RuleProgram, feeds: Sequence[Feed], derivations: Iterable[Derivation]) -> tuple[Feed, ...]:
    """The feeds that have to be alive when a candidate of a rule is due (semantics 18.3), and its breakers (19.4)."""
    if not feeds or rule.audience is not None or _repeats(rule):
        return ()
    derived = tuple(derivations)
    absent = _with_parents(_silent_types(rule), derived)
    arming = _with_parents(() if _is_moved(rule) else _arming_types(rule), derived)
    return tuple(feed for feed in feeds if feed.type in (arming if feed.is_breaker else absent))


def _with_parents(types: Iterable[str], derivations: Sequence[Derivation]) -> frozenset[str]:
    """Types, and those that they are derived from."""
    named = frozenset(types)
    parents = (match for one in derivations if one.event in named for match in one.parents)
    return named.union(*(match.types for match in parents))


def _arming_types(rule: RuleProgram) -> Iterator[str]:
    """The types of the events that arm a rule."""
    for match in rule.when:
        yield from match.types
    for step in rule.sequence.steps[-1:] if rule.sequence else ():
        for match in step:
            yield from match.types


def _silent_types(rule: RuleProgram) -> Iterator[str]:
    """The types whose absence is asked for when a candidate is due."""
    for match in rule.unless:
        yield from match.types
    for index in of_history(rule.still):
        for match in rule.conditions[index].of:
            yield from match.types


def _is_moved(rule: RuleProgram) -> bool:
    """Whether a change of the contact moves what waits, for as long as there are any."""
    return isinstance(rule.wait, UntilWait) and rule.wait.of_contact


def _repeats(rule: RuleProgram) -> bool:
    return isinstance(rule.wait, UntilWait) and rule.wait.repeat is not None
