"""Counts what rules would have done, contact by contact, in memory that does not grow with the contacts.

Pure. Filled by `simulation`, read into `model`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec

from kittiwake.batch.event_rows import Row
from kittiwake.kernel.plan.gates import GATES
from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason
from kittiwake.rules.compile.accounts import Plan
from kittiwake.simulate.caps import CAPPED, Caps, Firing, clocks_of
from kittiwake.simulate.goals import GoalCounts, Passed, Reached, passed_of
from kittiwake.simulate.intervals import scaled_up
from kittiwake.simulate.model import Day, Figure, Goal, Load, Loss, RuleFigures, Taken
from kittiwake.time.zones import local_day

ORDER: Final = {str(reason): at for at, reason in enumerate([*GATES, *(one for one in Reason if one not in GATES)])}


class Total(msgspec.Struct):
    """Something that contacts have: how often, how many of them, and the sum of the squares of how often."""

    number: int = 0
    contacts: int = 0
    squares: int = 0

    def add(self, number: int) -> None:
        """Add what one contact has."""
        self.number += number
        self.contacts += 1
        self.squares += number * number

    def add_all(self, other: Total) -> None:
        """Add what other contacts have."""
        self.number += other.number
        self.contacts += other.contacts
        self.squares += other.squares

    def figure(self, share: float) -> Figure:
        """As a result, where contacts were drawn with the probability `share`."""
        return Figure(self.number, self.contacts, scaled_up(self.number, self.squares, share))


class _Outcome(NamedTuple):
    rule_id: str
    decision: str
    reason: str


class OfContact:
    """What one contact's decisions come to."""

    def __init__(self, plan: Plan, zone: str, *, with_goal: bool) -> None:
        self._caps = Caps(plan.versions)
        self._zone = zone
        self._with_goal = with_goal
        self.outcomes: Counter[_Outcome] = Counter()
        self.days: Counter[tuple[str, int]] = Counter()
        self.weeks: Counter[int] = Counter()
        self.first: dict[str, Passed] = {}
        """By rule, the first candidate that passed."""
        self._firings: list[Firing] = []
        self._refused: list[Decision] = []

    def add(self, decision: Decision) -> None:
        """Count one decision."""
        rule_id = decision.rule_id
        self.outcomes[_Outcome(rule_id, str(decision.decision), str(decision.reason or ""))] += 1
        if decision.decision is Outcome.FIRED:
            assert decision.fired_at_us is not None
            day = local_day(self._zone, decision.fired_at_us)
            self.days[rule_id, day] += 1
            self.weeks[(day - 1) // 7] += 1
        if (firing := self._caps.firing_of(decision)) is not None:
            self._firings.append(firing)
        if decision.reason in CAPPED:
            self._refused.append(decision)
        passed = passed_of(decision) if self._with_goal else None
        if passed is not None and (rule_id not in self.first or passed.instant_us < self.first[rule_id].instant_us):
            self.first[rule_id] = passed

    def taken(self, rows: Sequence[Row]) -> Iterator[tuple[str, str, str]]:
        """Of each candidate that was refused for it: its rule, the reason, and who has used it up."""
        if self._refused:
            clocks = clocks_of(rows)
            for one in self._refused:
                for by in self._caps.used_by(one, self._firings, clocks):
                    yield one.rule_id, str(one.reason), by


class Counting:
    """What all contacts come to."""

    def __init__(self, goal: Goal | None, until_us: int, share: float) -> None:
        """`share`: the probability with which a contact was decided."""
        self._goal, self._until_us, self._share = goal, until_us, share
        self._outcomes: dict[tuple[str, _Outcome], Total] = {}
        self._days: dict[tuple[str, str, int], Total] = {}
        self._loads: Counter[int] = Counter()
        self._taken: Counter[tuple[str, str, str, str]] = Counter()
        self._goals: dict[tuple[str, str], GoalCounts] = {}
        self.goal_events = 0

    def add(self, account_id: str, plan: Plan, decisions: Iterable[Decision], rows: Sequence[Row]) -> OfContact:
        """Count a contact."""
        found = OfContact(plan, plan.versions.newest.timezone, with_goal=self._goal is not None)
        for decision in decisions:
            found.add(decision)
        for outcome, number in found.outcomes.items():
            self._outcomes.setdefault((account_id, outcome), Total()).add(number)
        for (rule_id, day), number in found.days.items():
            self._days.setdefault((account_id, rule_id, day), Total()).add(number)
        self._loads.update(found.weeks.values())
        self._taken.update((account_id, *one) for one in found.taken(rows))
        return found

    def add_goal(self, account_id: str, found: OfContact, reached: Reached) -> None:
        """Count how a contact came to the goal."""
        self.goal_events += len(reached.times_us)
        for rule_id, first in found.first.items():
            self._goal_of(account_id, rule_id).add(first, reached.times_us)
        for rule_id in reached.did_anyway:
            self._goal_of(account_id, rule_id).did_anyway += 1

    def add_all(self, other: Counting) -> None:
        """Add what other contacts come to."""
        for outcome, total in other._outcomes.items():
            self._outcomes.setdefault(outcome, Total()).add_all(total)
        for day, total in other._days.items():
            self._days.setdefault(day, Total()).add_all(total)
        self._loads.update(other._loads)
        self._taken.update(other._taken)
        for rule, goal in other._goals.items():
            self._goal_of(*rule).add_all(goal)
        self.goal_events += other.goal_events

    def _goal_of(self, account_id: str, rule_id: str) -> GoalCounts:
        key = account_id, rule_id
        if key not in self._goals:
            assert self._goal is not None
            self._goals[key] = GoalCounts(self._goal, self._until_us)
        return self._goals[key]

    # ------------------------------------------------------------ results

    def rules(self) -> set[tuple[str, str]]:
        """Account and id of every rule of which anything was counted."""
        return {(account_id, outcome.rule_id) for account_id, outcome in self._outcomes} | self._goals.keys()

    def rule(self, account_id: str, rule_id: str, pending: int) -> RuleFigures:
        """What was counted of a rule."""
        outcomes = {
            outcome: total
            for (account, outcome), total in self._outcomes.items()
            if (account, outcome.rule_id) == (account_id, rule_id)
        }
        fired = outcomes.pop(_Outcome(rule_id, str(Outcome.FIRED), ""), Total())
        losses = sorted(outcomes.items(), key=lambda item: (ORDER[item[0].reason], item[0].decision))
        days = sorted((day, total) for (*rule, day), total in self._days.items() if rule == [account_id, rule_id])
        goal = self._goals.get((account_id, rule_id))
        return RuleFigures(
            account_id,
            rule_id,
            fired.number + sum(total.number for _, total in losses),
            fired.figure(self._share),
            tuple(Loss(one.decision, one.reason, total.figure(self._share)) for one, total in losses),
            tuple(Day(date.fromordinal(day), total.figure(self._share)) for day, total in days),
            pending,
            None if goal is None else goal.result(),
        )

    def loads(self) -> tuple[Load, ...]:
        """How often a contact was sent so many triggers in a week."""
        return tuple(Load(triggers, number) for triggers, number in sorted(self._loads.items()))

    def taken(self) -> tuple[Taken, ...]:
        """Who took what from whom."""
        return tuple(Taken(*key, number) for key, number in sorted(self._taken.items()))
