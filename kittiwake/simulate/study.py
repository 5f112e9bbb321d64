"""What can be asked of histories: which rule sets decide them, and what is counted of each contact.

Pure. A study travels to every process that shares a run; what is counted there is added up. So it may neither depend
on the order in which contacts come, beyond that all of one contact comes at once, nor on which process had which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Protocol, Self, TypeVar

from kittiwake.batch.counts import Counts
from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Rows
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.simulate.sampling import Sample
from kittiwake.simulate.sides import Side, ways_of


class Found(Protocol):
    """What was counted; plain data, which travels."""

    def add_all(self, other: Self) -> None:
        """Add what was counted of other contacts."""


F_co = TypeVar("F_co", bound=Found, covariant=True)


class Counter(Protocol[F_co]):
    """Counts contacts. It is made when all is read, so that it is known up to when is decided."""

    @property
    def found(self) -> F_co:
        """What it has counted, once it is finished."""

    def add(self, subject: Subject, rows: Rows) -> None:
        """Decide a contact by the sides, and count it. Rows in a list may be sorted in place."""

    def finish(self) -> None:
        """No contact comes any more."""


class Study(Protocol[F_co]):
    """What is asked."""

    @property
    def rule_sets(self) -> Sequence[Programs]:
        """Each decides every contact, as one of the sides."""

    @property
    def sample(self) -> Sample:
        """Of which contacts."""

    @property
    def others(self) -> frozenset[str]:
        """Types of events that are wanted beside those that rules need."""

    def settings_of(self, side: int, settings: RunSettings) -> RunSettings:
        """Up to when one of the rule sets decides, if not up to when the run does."""

    def counter(self, sides: Sequence[Side]) -> Counter[F_co]:
        """What counts contacts, by the sides that are ready to decide."""


class Asked:
    """What most studies have in common."""

    def __init__(self, rule_sets: Sequence[Programs], sample: Sample, others: frozenset[str] = frozenset()) -> None:
        self.rule_sets, self.sample, self.others = rule_sets, sample, others

    def settings_of(self, side: int, settings: RunSettings) -> RunSettings:  # noqa: ARG002 - as of Study
        """Those of the run."""
        return settings


AnyStudy = Study[Any]


def begin(sides: Sequence[Side], study: AnyStudy, settings: RunSettings, read: Counts) -> None:
    """All is read: the sides are ready to decide."""
    for number, side in enumerate(sides):
        side.begin(study.settings_of(number, settings), read)


# ---------------------------------------------------------------- several at once


class Together(Asked):
    """Studies of the same contacts; what is found is found by each."""

    def __init__(self, studies: Sequence[AnyStudy]) -> None:
        """They have one sample."""
        rule_sets = [programs for one in studies for programs in one.rule_sets]
        others = frozenset[str]().union(*(one.others for one in studies))
        super().__init__(rule_sets, studies[0].sample, others)
        self._studies = studies

    def settings_of(self, side: int, settings: RunSettings) -> RunSettings:
        """As the study says whose rule set it is."""
        for study, own in self._sides_of(range(len(self.rule_sets))):
            if side in own:
                return study.settings_of(side - own[0], settings)
        raise AssertionError("every side is of some study")

    def counter(self, sides: Sequence[Side]) -> _Counters:
        """Counts for each study."""
        return _Counters([study.counter(own) for study, own in self._sides_of(sides)])

    def _sides_of(self, sides: Sequence[Any]) -> Iterator[tuple[AnyStudy, Sequence[Any]]]:
        at = 0
        for study in self._studies:
            end = at + len(study.rule_sets)
            yield study, sides[at:end]
            at = end


class Each:
    """What each study has found."""

    def __init__(self, found: Sequence[Any]) -> None:
        self.found = found

    def add_all(self, other: Each) -> None:
        """Add what each has found of other contacts."""
        for one, more in zip(self.found, other.found, strict=True):
            one.add_all(more)


class _Counters:
    def __init__(self, counters: Sequence[Counter[Any]]) -> None:
        self._counters = counters

    @property
    def found(self) -> Each:
        """As each has found it."""
        return Each([one.found for one in self._counters])

    def add(self, subject: Subject, rows: Rows) -> None:
        """Decide a contact, and count it, for each."""
        with ExitStack() as opened:
            for one, way in zip(self._counters, ways_of(rows, len(self._counters), opened), strict=True):
                one.add(subject, way)

    def finish(self) -> None:
        """No contact comes any more."""
        for one in self._counters:
            one.finish()
