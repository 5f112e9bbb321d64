"""Simulate: what rules would have done with the events of an input; nothing is written, nothing sent.

Reads files. Called by `kittiwake simulate`. Bounded memory: one contact is counted after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kittiwake.batch.counts import PendingRule
from kittiwake.batch.event_rows import Row, Subject
from kittiwake.batch.gathering import Rows
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.replay import OnProgress, files_to_decide
from kittiwake.batch.settings import RunSettings
from kittiwake.errors import UnusableError
from kittiwake.event_types import ENDINGS, UPDATED
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.simulate.counting import Counting
from kittiwake.simulate.goals import GoalReader
from kittiwake.simulate.histories import Histories, Side
from kittiwake.simulate.model import Goal, Question, RuleFigures, Simulation
from kittiwake.simulate.sampling import Sample


def simulate(
    programs: Programs,
    inputs: Sequence[str],
    settings: RunSettings,
    question: Question,
    on_progress: OnProgress = lambda _: None,
) -> Simulation:
    """What rules would have done with everything that the files `inputs` name, or the query of the settings gives.

    Raises:
        UnusableError: an input cannot be read, or the goal is an event that the rules derive.
    """
    if question.goal is not None:
        refuse_derived(programs, question.goal)
    files = files_to_decide(inputs, settings)
    sample = Sample(question.sample_percent)
    types = frozenset[str]() if question.goal is None else question.goal.types
    with gc_paused(), Histories([programs], sample, types) as histories:
        histories.read(files, settings, on_progress)
        (side,) = histories.sides
        counted = SideCounting(side, question, sample.share)
        for subject, rows in histories.by_contact(settings, on_progress):
            counted.add(subject, rows)
        summary, counting = side.summary(settings, histories.counts), counted.counting
    return Simulation(
        summary, question, counting.goal_events, tuple(counted.rules()), counting.loads(), counting.taken()
    )


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
        self._side, self._question, self._share = side, question, share
        self._counting: Counting | None = None
        self._readers: dict[str, GoalReader] = {}

    @property
    def counting(self) -> Counting:
        """What was counted; only once all is read it is known until when."""
        if self._counting is None:
            self._counting = Counting(self._question.goal, self._side.until_us, self._share)
        return self._counting

    def add(self, subject: Subject, rows: Rows) -> None:
        """Decide a contact, and count it."""
        side, goal = self._side, self._question.goal
        account_id, plan, kept = subject[0], side.programs.plan(subject[0]), _Kept(goal)
        needed = side.needed(subject, kept.of(rows))
        found = self.counting.add(account_id, plan, side.decide(subject, needed), kept.rows)
        if goal is not None:
            reader = self._readers.get(account_id) or GoalReader(goal, plan, side.until_us)
            self._readers[account_id] = reader
            traced = needed if isinstance(needed, list) else ()
            self.counting.add_goal(account_id, found, reader.of(subject[1], kept.rows, traced))

    def rules(self) -> list[RuleFigures]:
        """Every rule; one of every account that has done nothing stands once, under "*"."""
        pending, counting = self._side.counts.pending, self.counting
        found = counting.rules() | {(one.account_id, one.rule_id) for one in pending}
        ids = {rule_id for _, rule_id in found}
        for one in self._side.programs.needs():
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
