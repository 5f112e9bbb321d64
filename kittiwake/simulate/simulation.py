"""Simulate: what rules would have done with the events of an input; nothing is written, nothing sent.

Reads files. Called by `kittiwake simulate`. Bounded memory: one contact is counted after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kittiwake.batch.counts import Counts, PendingRule
from kittiwake.batch.event_rows import Row, Subject
from kittiwake.batch.gathering import Rows
from kittiwake.errors import UnusableError
from kittiwake.event_types import ENDINGS, UPDATED
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.simulate.counting import Counting
from kittiwake.simulate.deciding import Hosted, decided
from kittiwake.simulate.goals import GoalReader
from kittiwake.simulate.model import Goal, Question, RuleFigures, Simulation
from kittiwake.simulate.sampling import Sample
from kittiwake.simulate.sides import Side
from kittiwake.simulate.study import Asked


def simulate(programs: Programs, inputs: Sequence[str], hosted: Hosted, question: Question) -> Simulation:
    """What rules would have done with everything that the files `inputs` name, or the query of the settings gives.

    Raises:
        UnusableError: an input cannot be read, or the goal is an event that the rules derive.
    """
    if question.goal is not None:
        refuse_derived(programs, question.goal)
    answer = decided(Simulating(programs, question), inputs, hosted)
    (summary,), counting = answer.summaries, answer.found
    rules = tuple(rules_of(programs, summary.counts, counting))
    return Simulation(summary, question, counting.goal_events, rules, counting.loads(), counting.taken())


class Simulating(Asked):
    """The study: one rule set decides, and what it does is counted."""

    def __init__(self, programs: Programs, question: Question) -> None:
        super().__init__([programs], Sample(question.sample_percent), types_of(question))
        self._question = question

    def counter(self, sides: Sequence[Side]) -> SideCounting:
        """Counts what the rule set does."""
        (side,) = sides
        return SideCounting(side, self._question, self.sample.share)


def types_of(question: Question) -> frozenset[str]:
    """The types of events that a question wants beside those that rules need."""
    return frozenset() if question.goal is None else question.goal.types


def refuse_derived(programs: Programs, goal: Goal) -> None:
    """Refuse a goal that is no event of the input.

    Raises:
        UnusableError: rules derive it from another.
    """
    for one in programs.needs():
        for program in programs.of(one.account_id).programs:
            for derivation in program.routes.preparation.derivations:
                if derivation.event in goal.types:
                    parents = ", ".join(sorted(name for match in derivation.parents for name in match.types))
                    message = f"--goal: {derivation.event} is derived from {parents}, and no event of the input"
                    raise UnusableError(f"{message}: name {parents}")


class SideCounting:
    """Counts what one rule set would have done, contact by contact."""

    def __init__(self, side: Side, question: Question, share: float) -> None:
        """`share`: the probability with which a contact is decided."""
        self._side, self._question = side, question
        self.found = Counting(question.goal, side.until_us, share)
        self._readers: dict[str, GoalReader] = {}

    def add(self, subject: Subject, rows: Rows) -> None:
        """Decide a contact, and count it."""
        side, goal = self._side, self._question.goal
        account_id, plan, kept = subject[0], side.programs.plan(subject[0]), _Kept(goal)
        needed = side.needed(subject, kept.of(rows))
        found = self.found.add(account_id, plan, side.decide(subject, needed), kept.rows)
        if goal is not None:
            reader = self._readers.get(account_id) or GoalReader(goal, plan, side.until_us)
            self._readers[account_id] = reader
            traced = needed if isinstance(needed, list) else ()
            self.found.add_goal(account_id, found, reader.of(subject[1], kept.rows, traced))

    def finish(self) -> None:
        """All is counted."""


def rules_of(programs: Programs, decided: Counts, counting: Counting) -> list[RuleFigures]:
    """Every rule; one of every account that has done nothing stands once, under "*"."""
    pending = decided.pending
    found = counting.rules() | {(one.account_id, one.rule_id) for one in pending}
    ids = {rule_id for _, rule_id in found}
    for one in programs.needs():
        if one.account_id != EVERY_ACCOUNT or one.rule_id not in ids:
            found.add((one.account_id, one.rule_id))
    waits = {rule: pending.get(PendingRule(*rule)) for rule in found}
    return [
        counting.rule(*rule, 0 if one is None else one.number)
        for rule, one in sorted(waits.items(), key=lambda item: item[0])
    ]


class _Kept:
    """The rows of a contact that are read again when it is decided: all of a list, of a stream what is needed."""

    def __init__(self, goal: Goal | None) -> None:
        self._types = ENDINGS | {UPDATED} | (frozenset[str]() if goal is None else goal.types)
        self.rows: list[Row] = []

    def of(self, rows: Rows) -> Rows:
        """The same rows."""
        if isinstance(rows, list):
            self.rows = rows
            return rows
        return self._passed(rows)

    def _passed(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            if row[2] in self._types:
                self.rows.append(row)
            yield row
