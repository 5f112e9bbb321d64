"""What can be asked of histories: which rule sets decide them, and what is counted of each contact.

Pure. A study travels to every process that shares a run; what is counted there is added up. So it may neither depend
on the order in which contacts come, beyond that all of one contact comes at once, nor on which process had which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Rows
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.simulate.sampling import Sample

if TYPE_CHECKING:
    from kittiwake.simulate.histories import Side


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
