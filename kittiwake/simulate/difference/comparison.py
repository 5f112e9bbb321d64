"""Compare: two rule sets over the same events, read once; each candidate of the one beside that of the other.

Reads files. Called by `kittiwake diff` and by `kittiwake publish`. Candidates are the same if their `trigger_id` is.
Bounded memory: one contact is compared after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Final, NamedTuple

import msgspec

from kittiwake.batch.counts import Counts, add
from kittiwake.batch.event_rows import Row, Subject
from kittiwake.batch.gathering import Rows
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import Summary
from kittiwake.event_types import ENDINGS, UPDATED
from kittiwake.model import Decision
from kittiwake.reasons import Outcome
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.changes import Change, What, changes
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.simulate.caps import CAPPED, Caps, Firing, clocks_of
from kittiwake.simulate.deciding import Hosted, decided
from kittiwake.simulate.difference.concern import concern_of
from kittiwake.simulate.difference.model import (
    Became,
    Cause,
    CauseFigures,
    Difference,
    Example,
    RuleTotals,
    Through,
    Why,
)
from kittiwake.simulate.sampling import Sample
from kittiwake.simulate.sides import Side, ways_of
from kittiwake.simulate.study import Asked

EVERYBODY: Final = Sample(None)

NONE: Final = "none"
"""There was no such candidate."""

FIRED: Final = str(Outcome.FIRED)


def compare(
    old: RuleSetHistory,
    new: RuleSetHistory,
    inputs: Sequence[str],
    hosted: Hosted,
    examples_max: int,
    sample: Sample = EVERYBODY,
    *,
    only_affected: bool = False,
) -> Difference:
    """What two rule sets decide differently with everything that the files `inputs` name, or the query of the settings.

    `examples_max`: how many candidates are named of each cause. Contacts that are not in the sample are left out; with
    `only_affected` those too to which nothing that differs can matter.

    Raises:
        UnusableError: an input cannot be read.
    """
    study = Comparison.of(old, new, hosted.settings, examples_max, sample, only_affected=only_affected)
    answer = decided(study, inputs, hosted)
    return study.difference(answer.found, *answer.summaries)


class Comparison(Asked):
    """The study: each contact is decided by both, unless nothing that differs between them can matter to it."""

    def __init__(
        self,
        rule_sets: Sequence[Programs],
        edits: tuple[Change, ...],
        examples_max: int,
        sample: Sample,
        *,
        only_affected: bool = False,
    ) -> None:
        """`only_affected`: contacts to which nothing that differs can matter are left out, and counted."""
        super().__init__(rule_sets, sample)
        self._edits, self._examples_max, self._only_affected = edits, examples_max, only_affected

    @classmethod
    def of(
        cls,
        old: RuleSetHistory,
        new: RuleSetHistory,
        settings: RunSettings,
        examples_max: int,
        sample: Sample = EVERYBODY,
        *,
        only_affected: bool = False,
    ) -> Comparison:
        """Of two rule sets."""
        rule_sets = [Programs(one, settings.allowed_lateness_us, shape=settings.shape) for one in (old, new)]
        edits = changes(old.newest.ruleset, new.newest.ruleset)
        return cls(rule_sets, edits, examples_max, sample, only_affected=only_affected)

    def counter(self, sides: Sequence[Side]) -> ContactComparison:
        """Compares contacts."""
        return ContactComparison(
            sides, Differences(Edits(self._edits), self._examples_max), only_affected=self._only_affected
        )

    def difference(self, found: Differences, old: Summary, new: Summary) -> Difference:
        """What was found, of all contacts."""
        return found.result(old, new, self._edits, _rules(self.rule_sets))


def _rules(sides: Sequence[Programs]) -> set[tuple[str, str]]:
    return {(one.account_id, one.rule_id) for side in sides for one in side.needs() if one.account_id != EVERY_ACCOUNT}


# ---------------------------------------------------------------- a contact


class Outcomes(NamedTuple):
    """What one rule set has made of a contact."""

    by_id: dict[str, Candidate]
    firings: list[Firing]
    refused: dict[str, Decision]
    """By `trigger_id`, what a cap or a round has refused."""
    caps: Caps


class Candidate(NamedTuple):
    """What is compared of a decision."""

    rule_id: str
    became: str
    """`fired`, or the reason."""
    fired_us: int | None
    carries: tuple[str | None, ...]


class ContactComparison:
    """Compares contacts, one after the other."""

    def __init__(self, sides: Sequence[Side], found: Differences, *, only_affected: bool) -> None:
        self._sides, self.found, self._only_affected = sides, found, only_affected
        self._concerns: dict[str, frozenset[str] | None] = {}
        self._shared = Counts()
        """Of contacts that were decided once, for both."""

    def add(self, subject: Subject, rows: Rows) -> None:
        """Compare a contact."""
        if isinstance(rows, list) and self._is_decided_alike(subject[0], rows):
            self.found.alike += 1
            if not self._only_affected:
                self._decide_once(subject, rows)
            return
        with ExitStack() as opened:
            notes: list[Row] = []
            first, second = ways_of(rows, 2, opened)
            ways = (first if isinstance(first, list) else _noting(first, notes), second)
            old, new = (
                _outcomes(side, subject, side.needed(subject, way)) for side, way in zip(self._sides, ways, strict=True)
            )
        self.found.add(subject, old, new, rows if isinstance(rows, list) else notes)

    def finish(self) -> None:
        """What was decided once counts for both."""
        for side in self._sides:
            add(side.counts, self._shared)

    def _is_decided_alike(self, account_id: str, rows: Sequence[Row]) -> bool:
        if account_id not in self._concerns:
            self._concerns[account_id] = concern_of(*(side.programs.plan(account_id) for side in self._sides))
        concern = self._concerns[account_id]
        return concern is not None and concern.isdisjoint([row[2] for row in rows])

    def _decide_once(self, subject: Subject, rows: Rows) -> None:
        side = self._sides[0]
        own = side.count_into(self._shared)
        for _ in side.decide(subject, side.needed(subject, rows)):  # of very many events it counts while they come
            pass
        side.count_into(own)


def _noting(rows: Iterable[Row], notes: list[Row]) -> Iterator[Row]:
    """The rows; those that caps are measured by are added to `notes`."""
    for row in rows:
        if row[2] == UPDATED or row[2] in ENDINGS:
            notes.append(row)
        yield row


def _outcomes(side: Side, subject: Subject, needed: Rows) -> Outcomes:
    found = Outcomes({}, [], {}, Caps(side.programs.plan(subject[0]).versions))
    for decision in side.decide(subject, needed):
        became = str(decision.reason or decision.decision)
        carries = (decision.include, decision.variant, decision.channel)
        found.by_id[decision.trigger_id] = Candidate(decision.rule_id, became, decision.fired_at_us, carries)
        if (firing := found.caps.firing_of(decision)) is not None:
            found.firings.append(firing)
        if decision.reason in CAPPED:
            found.refused[decision.trigger_id] = decision
    return found


# ---------------------------------------------------------------- all contacts


class Edits:
    """Whose text was changed."""

    def __init__(self, edits: Iterable[Change]) -> None:
        self._rules: dict[tuple[str, str], Why] = {}
        self._settings: set[str] = set()
        whys = {What.ADDED: Why.ADDED, What.REMOVED: Why.REMOVED, What.CHANGED: Why.CHANGED}
        for one in edits:
            if one.rule_id is None:
                self._settings.add(one.account_id)
            elif one.setting is None:
                self._rules[one.account_id, one.rule_id] = whys[one.what]

    def why(self, account_id: str, rule_id: str) -> Why:
        """Why a candidate of a rule may differ."""
        own = [self._rules.get((name, rule_id)) for name in (account_id, EVERY_ACCOUNT)]
        if (found := own[0] or own[1]) is not None:
            return found
        return Why.SETTINGS if self._settings & {account_id, EVERY_ACCOUNT} else Why.OTHERS


class _Found(msgspec.Struct):
    number: int = 0
    contacts: int = 0
    newest_contact: str = ""
    examples: list[Example] = []
    """The first by contact; of one contact in their order."""

    def keep(self, more: Iterable[Example], examples_max: int) -> None:
        """Keep the first of those that are known and of more."""
        self.examples = sorted([*self.examples, *more], key=lambda one: one.contact_id)[:examples_max]


class Differences:
    """What differs, counted."""

    def __init__(self, edits: Edits, examples_max: int) -> None:
        self._edits, self._examples_max = edits, examples_max
        self.alike = 0
        """Contacts to which nothing that differs can matter."""
        self._causes: dict[Cause, _Found] = {}
        self._through: Counter[tuple[str, str, Became, str]] = Counter()

    def add(self, subject: Subject, old: Outcomes, new: Outcomes, rows: Iterable[Row]) -> None:
        """Compare a contact."""
        differing = [
            (trigger_id, became)
            for trigger_id in dict.fromkeys((*old.by_id, *new.by_id))
            if (became := became_of(old.by_id.get(trigger_id), new.by_id.get(trigger_id))) is not None
        ]
        for trigger_id, became in differing:
            self._count(subject, trigger_id, became, old.by_id.get(trigger_id), new.by_id.get(trigger_id))
        through = [
            (became, side, side.refused[trigger_id])
            for trigger_id, became in differing
            for side in (old if became is Became.GAINED else new,)
            if became in (Became.GAINED, Became.LOST) and trigger_id in side.refused
        ]
        clocks = clocks_of(rows) if through else []
        for became, side, refused in through:
            for by in side.caps.used_by(refused, side.firings, clocks):
                self._through[subject[0], refused.rule_id, became, by] += 1

    def _count(
        self, subject: Subject, trigger_id: str, became: Became, old: Candidate | None, new: Candidate | None
    ) -> None:
        either = new or old
        assert either is not None
        account_id, contact_id = subject
        before, after = (NONE if one is None else one.became for one in (old, new))
        why = self._edits.why(account_id, either.rule_id)
        found = self._causes.setdefault(Cause(account_id, either.rule_id, became, why, before, after), _Found())
        found.contacts += not found.number or found.newest_contact != contact_id
        found.number, found.newest_contact = found.number + 1, contact_id
        kept = found.examples
        if len(kept) < self._examples_max or (kept and contact_id < kept[-1].contact_id):
            times = [None if one is None else one.fired_us for one in (old, new)]
            found.keep([Example(contact_id, trigger_id, *times)], self._examples_max)

    def add_all(self, other: Differences) -> None:
        """Add what differs of other contacts."""
        self.alike += other.alike
        for cause, more in other._causes.items():
            found = self._causes.setdefault(cause, _Found())
            found.number += more.number
            found.contacts += more.contacts
            found.keep(more.examples, self._examples_max)
        self._through.update(other._through)

    def result(self, old: Summary, new: Summary, edits: tuple[Change, ...], rules: set[tuple[str, str]]) -> Difference:
        """What was counted."""
        fired = [_fired(summary) for summary in (old, new)]
        names = sorted(rules | fired[0].keys() | fired[1].keys() | {(c.account_id, c.rule_id) for c in self._causes})
        causes = sorted(self._causes.items(), key=_order)
        return Difference(
            old,
            new,
            edits,
            tuple(self._totals(*name, fired[0][name], fired[1][name]) for name in names),
            tuple(CauseFigures(cause, one.number, one.contacts, tuple(one.examples)) for cause, one in causes),
            tuple(Through(*key, number) for key, number in sorted(self._through.items())),
            self.alike,
        )

    def _totals(self, account_id: str, rule_id: str, before: int, after: int) -> RuleTotals:
        number = Counter[Became]()
        for cause, one in self._causes.items():
            if (cause.account_id, cause.rule_id) == (account_id, rule_id):
                number[cause.became] += one.number
        why = self._edits.why(account_id, rule_id) if number else None
        return RuleTotals(account_id, rule_id, why, before, after, dict(number))


def _order(item: tuple[Cause, _Found]) -> tuple[str | int, ...]:
    """By account and rule, of those the most frequent first."""
    cause, found = item
    return (
        cause.account_id,
        cause.rule_id,
        -found.number,
        *map(str, (cause.became, cause.why)),
        cause.before,
        cause.after,
    )


def _fired(summary: Summary) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    for verdict, number in summary.counts.verdicts.items():
        if verdict.decision == FIRED:
            found[verdict.account_id, verdict.rule_id] += number
    return found


def became_of(old: Candidate | None, new: Candidate | None) -> Became | None:
    """How a candidate differs; None: it does not."""
    fired = [one is not None and one.fired_us is not None for one in (old, new)]
    if fired[0] != fired[1]:
        return Became.GAINED if fired[1] else Became.LOST
    if old is None or new is None or not fired[0]:
        became = [None if one is None else one.became for one in (old, new)]
        return None if became[0] == became[1] else Became.REASON
    if old.fired_us != new.fired_us:
        return Became.MOVED
    return None if old.carries == new.carries else Became.ALTERED
