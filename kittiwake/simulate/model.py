"""What a simulation is asked, and what it finds: plain values.

Pure. Filled in by `simulation`, written by `data` and `report`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kittiwake.batch.summary import Summary

FIRED: Final = "fired"
HOLDOUT: Final = "holdout"
ROLLOUT: Final = "rollout"
SHADOW: Final = "shadow"


@dataclass(frozen=True, slots=True)
class Goal:
    """What contacts are hoped to do: an event of one of these types, less than `within_us` after the instant."""

    types: frozenset[str]
    within_us: int


@dataclass(frozen=True, slots=True)
class Question:
    """What a simulation is asked beside the rules and the input."""

    goal: Goal | None = None
    sample_percent: Decimal | None = None
    """Part of the contacts that is decided; None: all."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of all contacts, from those that were decided; `low` and `high` are where it lies 19 times of 20.

    Without a sample all three are what was counted.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figure:
    """Decisions of a sort that were counted, and of how many contacts they are."""

    number: int
    contacts: int
    in_all: Estimate
    """The number in all contacts."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Candidates of a rule that did not fire, by what kept them."""

    decision: str
    reason: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Day:
    """What fired on a day by the account's clock."""

    day: date
    figure: Figure


@dataclass(frozen=True, slots=True)
class Arm:
    """Contacts of a rule by what became of the first of its candidates that passed the gates before the rollout.

    Of each contact its first such candidate counts, and no other. Its instant is when it fired, or would have.
    """

    name: str
    """`fired` (or the variant), `holdout`, `rollout` (outside of it), `shadow`."""
    contacts: int
    did_before: int
    """Who reached the goal after the episode had opened and before the candidate fell due."""
    watched: int
    """Of whom is known what they did within the time: it was over when the run ended."""
    did_after: int
    """Who of these reached the goal after the instant, within the time."""


@dataclass(frozen=True, slots=True)
class Uplift:
    """By how much more of an arm reached the goal than of the other, as parts of one.

    `low` and `high`: the interval of 95 percent, by Newcombe's method for two independent parts.
    """

    arm: str
    against: str
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GoalOfRule:
    """How contacts of a rule came to the goal."""

    did_anyway: int
    """Episodes that the goal ended before anything fell due (`unless`)."""
    arms: tuple[Arm, ...]
    uplifts: tuple[Uplift, ...]


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """What one rule would have done."""

    account_id: str
    rule_id: str
    candidates: int
    fired: Figure
    losses: tuple[Loss, ...]
    """In the order of the gates."""
    days: tuple[Day, ...]
    pending: int
    """Episodes that wait when the run ends."""
    goal: GoalOfRule | None
    """None: no goal was asked for, or none of its candidates passed the gates and none was ended by the goal."""


@dataclass(frozen=True, slots=True)
class Load:
    """How many contacts were sent so many triggers in one ISO week; over all rules."""

    triggers: int
    contact_weeks: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Candidates that a cap, or the round of arbitration, refused, by who had used it up.

    A cap of several counts for each rule of which a firing stands in it.
    """

    account_id: str
    rule_id: str
    reason: str
    by: str
    """The rule that fired instead."""
    number: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """What rules would have done with the events of an input."""

    summary: Summary
    """As of a replay: what was read and decided."""
    question: Question
    goal_events: int
    """Events of the goal's types that came, of the contacts that were decided."""
    rules: tuple[RuleFigures, ...]
    """By account and id; those that did nothing too."""
    loads: tuple[Load, ...]
    """By number of triggers, of the weeks in which a contact was sent any."""
    taken: tuple[Taken, ...]

    @property
    def findings(self) -> tuple[str, ...]:
        """Messages about what somebody has to check, beyond those of the summary."""
        goal = self.question.goal
        if goal is None or self.goal_events or self.summary.stopped is not None:
            return ()
        return (f"no event of the goal came: {', '.join(sorted(goal.types))}",)

    def is_fine(self, *, allow_empty: bool) -> bool:
        """Whether nobody has to check anything."""
        return self.summary.is_fine(allow_empty=allow_empty) and (allow_empty or not self.findings)
