"""What a version that comes into force does to what is pending then: kept, moved, cancelled, by rule.

Reads files. Called by `kittiwake publish`. The events of a history are decided twice, by the versions of a target alone
and with the new one after them, up to some weeks after it comes into force, as if nobody did anything more. What is
decided from that instant on is what was pending; before it both decide the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from msgspec.structs import replace

from kittiwake.batch.counts import Counts
from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Rows
from kittiwake.batch.report import table_lines
from kittiwake.batch.settings import RunSettings, stop_of
from kittiwake.errors import UnusableError
from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.simulate.report import name_of
from kittiwake.simulate.sampling import Sample
from kittiwake.simulate.sides import Side, ways_of
from kittiwake.simulate.study import Asked
from kittiwake.time.instants import DAY_US, format_instant

LOOK_AHEAD_US: Final = 92 * DAY_US
"""How long after the version what is pending is followed: longer waits are few, and by then events have come."""

CANCELLING: Final = frozenset({Reason.RULE_CHANGED, Reason.RULE_REMOVED})


class Fate(StrEnum):
    """What becomes of a trigger that was pending."""

    KEPT = "kept"
    """It fires when it would have fired."""
    MOVED = "moved"
    """It fires at another time."""
    CANCELLED = "cancelled"
    """The version ends it: its rule is gone, or not the same to what is pending."""
    REFUSED = "refused"
    """It falls due, and something of the new version keeps it from being sent."""
    ADDED = "added"
    """It would not have fired, and does."""


FATES: Final = {
    Fate.KEPT: "It goes out when it would have gone out.",
    Fate.MOVED: "It goes out at another time.",
    Fate.CANCELLED: "The version ends it: its rule is gone, or is not the same to what is pending.",
    Fate.REFUSED: "It falls due, and something of the new version keeps it from being sent.",
    Fate.ADDED: "It would not have gone out, and does.",
}
"""For people."""


@dataclass(frozen=True, slots=True)
class RulePending:
    """What becomes of the triggers of a rule."""

    account_id: str
    rule_id: str
    number: dict[Fate, int]


@dataclass(frozen=True, slots=True)
class PendingPlan:
    """What a version does to what is pending when it comes into force."""

    effective_us: int
    newest_us: int | None
    """Of the history: what has happened since is not known. None: it has no event."""
    rules: tuple[RulePending, ...]

    def number(self, fate: Fate) -> int:
        """How many triggers of all rules."""
        return sum(one.number.get(fate, 0) for one in self.rules)


class PendingStudy(Asked):
    """The study: each contact is decided by the versions of a target alone, and with a new one after them."""

    def __init__(self, before: RuleSetHistory, after: RuleSetHistory, settings: RunSettings) -> None:
        """The newest version of `after` is one that `before` has not."""
        rule_sets = [Programs(one, settings.allowed_lateness_us, shape=settings.shape) for one in (before, after)]
        super().__init__(rule_sets, Sample(None))
        effective_us = after.newest.effective_us
        assert effective_us is not None, "before the first version nothing is pending"
        self._effective_us = effective_us

    def settings_of(self, side: int, settings: RunSettings) -> RunSettings:  # noqa: ARG002 - as of Study
        """Beyond the instant at which the version comes into force."""
        return replace(settings, until_us=self._effective_us + LOOK_AHEAD_US)

    def counter(self, sides: Sequence[Side]) -> _PendingCounter:
        """Counts what becomes of triggers."""
        return _PendingCounter(sides, self._effective_us)

    def plan(self, found: Fates, read: Counts, settings: RunSettings) -> PendingPlan:
        """What was found, of all contacts.

        Raises:
            UnusableError: too many records were no events.
        """
        _refuse_unreadable(settings, read)
        rules = tuple(RulePending(*rule, dict(number)) for rule, number in sorted(found.by_rule.items()))
        return PendingPlan(self._effective_us, read.newest_us, rules)


class Fates:
    """What becomes of triggers, by account and rule."""

    def __init__(self) -> None:
        self.by_rule: dict[tuple[str, str], Counter[Fate]] = {}

    def add_all(self, other: Fates) -> None:
        """Add what becomes of those of other contacts."""
        for rule, number in other.by_rule.items():
            self.by_rule.setdefault(rule, Counter()).update(number)


class _PendingCounter:
    def __init__(self, sides: Sequence[Side], effective_us: int) -> None:
        self._sides, self._effective_us, self.found = sides, effective_us, Fates()

    def add(self, subject: Subject, rows: Rows) -> None:
        """Count what becomes of a contact's triggers."""
        for rule_id, fate in _fates(self._sides, subject, rows, self._effective_us):
            self.found.by_rule.setdefault((subject[0], rule_id), Counter())[fate] += 1

    def finish(self) -> None:
        """No contact comes any more."""


def _refuse_unreadable(settings: RunSettings, counts: Counts) -> None:
    if stop_of(settings, counts) is not None:
        dead = sum(counts.dead_letters.values())
        raise UnusableError(
            f"--history: {dead:,} of {counts.records:,} records are no events: nothing is planned by it"
        )


def _fates(sides: Sequence[Side], subject: Subject, rows: Rows, effective_us: int) -> Iterator[tuple[str, Fate]]:
    with ExitStack() as opened:
        old, new = (
            {
                one.trigger_id: one
                for one in side.decide(subject, side.needed(subject, way))
                if one.decided_us >= effective_us
            }
            for side, way in zip(sides, ways_of(rows, 2, opened), strict=True)
        )
    for trigger_id in dict.fromkeys((*old, *new)):
        was, is_now = old.get(trigger_id), new.get(trigger_id)
        fate = fate_of(was, is_now)
        if fate is not None:
            yield (was or new[trigger_id]).rule_id, fate


def fate_of(was: Decision | None, is_now: Decision | None) -> Fate | None:
    """What becomes of a candidate; None: it fires neither way, and no version ends it."""
    fires = [None if one is None or one.decision is not Outcome.FIRED else one.fired_at_us for one in (was, is_now)]
    if is_now is not None and is_now.reason in CANCELLING:
        return Fate.CANCELLED
    if fires[0] is not None:
        return Fate.REFUSED if fires[1] is None else Fate.KEPT if fires[0] == fires[1] else Fate.MOVED
    return None if fires[1] is None else Fate.ADDED


# ---------------------------------------------------------------- what is said of it


def pending_lines(plan: PendingPlan) -> Iterator[str]:
    """For a person, without ends of lines."""
    yield f"pending at {format_instant(plan.effective_us)}, {known_by(plan)}:"
    if not plan.rules:
        yield "  nothing"
        return
    yield from table_lines(pending_table(plan), right=range(1, len(Fate) + 1))


def pending_table(plan: PendingPlan) -> list[tuple[str, ...]]:
    """A header, and a row for each rule; all columns but the first are numbers."""
    several = len({one.account_id for one in plan.rules}) > 1
    rows = [("rule", *(str(one) for one in Fate))]
    for one in plan.rules:
        name = name_of(one.account_id, one.rule_id, several=several)
        rows.append((name, *(f"{one.number.get(fate, 0):,}" for fate in Fate)))
    return rows


def known_by(plan: PendingPlan) -> str:
    """By which events it is known what is pending."""
    if plan.newest_us is None:
        return "by a history without events"
    return f"by events up to {format_instant(plan.newest_us)}, if nobody does anything more"


def pending_data(plan: PendingPlan) -> dict[str, Any]:
    """For programs."""
    return {
        "effective_from": format_instant(plan.effective_us),
        "history_until": None if plan.newest_us is None else format_instant(plan.newest_us),
        **{str(fate): plan.number(fate) for fate in Fate},
        "rules": [
            {
                "account_id": one.account_id,
                "rule_id": one.rule_id,
                **{str(fate): one.number.get(fate, 0) for fate in Fate},
            }
            for one in plan.rules
        ],
    }
