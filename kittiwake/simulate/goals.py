"""Goals: when a contact reached the goal, and how contacts of a rule came to it, with and without a trigger.

Pure. Called by `simulation` for every contact, if a goal is asked for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from kittiwake.batch.event_rows import Row, event_of
from kittiwake.batch.gathering import ROWS_AT_ONCE
from kittiwake.kernel import advance, new_state
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.model import Decision
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.rules.compile.accounts import Plan
from kittiwake.simulate.intervals import Part, difference
from kittiwake.simulate.model import FIRED, HOLDOUT, ROLLOUT, SHADOW, Arm, Goal, GoalOfRule, Uplift


class Reached(NamedTuple):
    """How a contact came to the goal."""

    times_us: Sequence[int]
    """When, rising."""
    did_anyway: Sequence[str]
    """The rule of each episode that the goal ended before anything fell due."""


NEVER: Final = Reached((), ())


class GoalReader:
    """Reads from a contact's rows when it reached the goal, by the programs of one account."""

    def __init__(self, goal: Goal, plan: Plan, until_us: int) -> None:
        self._types = goal.types
        self._plan = plan
        self._until_us = until_us
        programs = plan.versions.programs
        self._may_end = any(rule.unless and rule.wait for program in programs for rule in program.rules)
        self._may_repeat = any(
            match.covers(name)
            for program in programs
            for one in program.routes.preparation.repeats
            for match in one.of
            for name in goal.types
        )

    def of(self, contact_id: str, rows: Sequence[Row], needed: Sequence[Row]) -> Reached:
        """How a contact came to the goal, of all its rows, and of those that its rules need (none: they are too many).

        What it did is traced only if some of its rows is of the goal.
        """
        times_us = self.times_of(rows)
        if not times_us or not (self._may_end or self._may_repeat) or not 0 < len(needed) <= ROWS_AT_ONCE:
            return Reached(times_us, ())
        events = [event_of(row) for row in needed if row[0] < self._until_us]
        steps = advance(self._plan.versions, new_state(contact_id), events, self._until_us, trace=True).trace
        if self._may_repeat:
            counted = array("q", sorted(step.time_us for step in steps if _is_of(step, self._types)))
            times_us = counted if len(counted) < len(times_us) else times_us
        return Reached(times_us, [*_ended_by(steps, self._types)])

    def times_of(self, rows: Iterable[Row]) -> Sequence[int]:
        """When a contact reached the goal, rising: a duplicate is no event more."""
        horizon_us, until_us = self._plan.versions.horizon_us, self._until_us
        found, newest = array("q"), dict[tuple[str, str], int]()
        for time_us, event_id, event_type, _ in sorted(row for row in rows if row[2] in self._types):
            counted_us = newest.get((event_id, event_type))
            if time_us < until_us and (counted_us is None or time_us - counted_us > horizon_us):
                newest[event_id, event_type] = time_us
                found.append(time_us)
        return found


def _is_of(step: Step, types: frozenset[str]) -> bool:
    return step.kind is StepKind.EVENT and step.details["type"] in types


def _ended_by(steps: Iterable[Step], types: frozenset[str]) -> Iterator[str]:
    """The rules of episodes that an event of these types, or one derived from it, ended."""
    parent: Any = None
    ends = False
    for step in steps:
        if step.kind is StepKind.EVENT:
            if _is_of(step, types):
                parent, ends = step.details["event_id"], True
            else:
                ends = parent is not None and step.details.get("parent") == parent
        elif ends and step.kind is StepKind.DISARMED and step.details["why"] == Reason.UNLESS and step.rule_id:
            yield step.rule_id


# ---------------------------------------------------------------- a contact's first candidate that passed


class Passed(NamedTuple):
    """A candidate that fired, or would have but for the rollout, the holdout or shadow."""

    instant_us: int
    due_us: int
    opened_us: int | None
    arm: str


_ARMS: Final = {Reason.HOLDOUT: HOLDOUT, Reason.ROLLOUT: ROLLOUT, Reason.SHADOW: SHADOW}
_CONTROLS: Final = (HOLDOUT, ROLLOUT)
"""Arms that are sent nothing by a draw: the first of them that there is, the others are compared with."""


def passed_of(decision: Decision) -> Passed | None:
    """What a decision says of a rule's contacts; None: it did not pass the gates, or is an exit."""
    if decision.kind is Kind.EXITED:
        return None
    opened_us = None if decision.events is None else decision.events.first_us
    if decision.decision is Outcome.FIRED:
        assert decision.fired_at_us is not None
        return Passed(decision.fired_at_us, decision.time_us, opened_us, decision.variant or FIRED)
    arm = _ARMS.get(decision.reason) if decision.reason is not None else None
    return None if arm is None else Passed(decision.decided_us, decision.time_us, opened_us, arm)


class _ArmCounts(msgspec.Struct):
    contacts: int = 0
    did_before: int = 0
    watched: int = 0
    did_after: int = 0


class GoalCounts:
    """Counts how contacts of one rule came to the goal."""

    def __init__(self, goal: Goal, until_us: int) -> None:
        self._within_us = goal.within_us
        self._until_us = until_us
        self._arms: dict[str, _ArmCounts] = {}
        self.did_anyway = 0

    def add(self, first: Passed, times_us: Sequence[int]) -> None:
        """Count one contact, by the first of its candidates that passed."""
        arm = self._arms.setdefault(first.arm, _ArmCounts())
        arm.contacts += 1
        if first.opened_us is not None:
            at = bisect_right(times_us, first.opened_us)
            arm.did_before += at < bisect_left(times_us, first.due_us)
        if first.instant_us + self._within_us <= self._until_us:
            arm.watched += 1
            at = bisect_right(times_us, first.instant_us)
            arm.did_after += at < len(times_us) and times_us[at] < first.instant_us + self._within_us

    def add_all(self, other: GoalCounts) -> None:
        """Add what other contacts have come to."""
        for name, more in other._arms.items():
            arm = self._arms.setdefault(name, _ArmCounts())
            arm.contacts += more.contacts
            arm.did_before += more.did_before
            arm.watched += more.watched
            arm.did_after += more.did_after
        self.did_anyway += other.did_anyway

    def result(self) -> GoalOfRule | None:
        """What was counted; None: nothing."""
        if not self._arms and not self.did_anyway:
            return None
        arms = tuple(
            Arm(name, one.contacts, one.did_before, one.watched, one.did_after)
            for name, one in sorted(self._arms.items(), key=lambda item: (item[0] in _ARMS.values(), item[0]))
        )
        return GoalOfRule(self.did_anyway, arms, tuple(_uplifts(arms)))


def _uplifts(arms: Sequence[Arm]) -> Iterator[Uplift]:
    """Every arm that was sent something against a control; without one, every variant against the first."""
    watched = {arm.name: arm for arm in arms if arm.watched and arm.name != SHADOW}
    sent = [arm for name, arm in watched.items() if name not in _CONTROLS]
    control = next((watched[name] for name in _CONTROLS if name in watched), sent[0] if sent else None)
    for arm in sent:
        if control is not None and arm is not control:
            parts = Part(arm.did_after, arm.watched), Part(control.did_after, control.watched)
            yield Uplift(arm.name, control.name, *difference(*parts))
