"""Several studies of the same histories at once: the input is read once, and each contact is decided for each of them.

Pure. Called by `kittiwake.tune`, and by `kittiwake publish`, which asks for two things.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Rows
from kittiwake.batch.settings import RunSettings
from kittiwake.simulate.histories import Side, ways_of
from kittiwake.simulate.study import AnyStudy, Asked, Counter


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
