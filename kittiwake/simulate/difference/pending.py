"""What a version that comes into force does to what is pending then: kept, moved, cancelled, by rule.

Reads files. Called by `kittiwake publish`. The events of a history are decided twice, by the versions of a target alone
and with the new one after them, up to some weeks after it comes into force, as if nobody did anything more. What is
decided from that instant on is what was pending; before it both decide the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from kittiwake.batch.counts import Counts
from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Rows
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.replay import OnProgress, files_to_decide
from kittiwake.batch.report import table_lines
from kittiwake.batch.settings import RunSettings, stop_of
from kittiwake.errors import UnusableError
from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.simulate.histories import Histories, Side, ways_of
from kittiwake.simulate.report import name_of
from kittiwake.simulate.sampling import Sample
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


def pending_plan(
    before: RuleSetHistory,
    after: RuleSetHistory,
    inputs: Sequence[str],
    settings: RunSettings,
    on_progress: OnProgress = lambda _: None,
) -> PendingPlan:
    """What the newest version of `after`, which `before` has not, does to what is pending by the events of `inputs`.

    Raises:
        UnusableError: an input cannot be read, or too many of its records are no events.
    """
    effective_us = after.newest.effective_us
    assert effective_us is not None, "before the first version nothing is pending"
    settings = replace(settings, until_us=effective_us + LOOK_AHEAD_US)
    sides = [Programs(one, settings.allowed_lateness_us, shape=settings.shape) for one in (before, after)]
    files = files_to_decide(inputs, settings)
    found: dict[tuple[str, str], Counter[Fate]] = {}
    with gc_paused(), Histories(sides, Sample(None)) as histories:
        histories.read(files, settings, on_progress)
        _refuse_unreadable(settings, histories.counts)
        for subject, rows in histories.by_contact(settings, on_progress):
            for rule_id, fate in _fates(histories.sides, subject, rows, effective_us):
                found.setdefault((subject[0], rule_id), Counter())[fate] += 1
        newest_us = histories.counts.newest_us
    return PendingPlan(
        effective_us, newest_us, tuple(RulePending(*rule, dict(number)) for rule, number in sorted(found.items()))
    )


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
    yield f"pending at {format_instant(plan.effective_us)}, {_known(plan)}:"
    if not plan.rules:
        yield "  nothing"
        return
    several = len({one.account_id for one in plan.rules}) > 1
    rows = [("rule", *(str(one) for one in Fate))]
    for one in plan.rules:
        name = name_of(one.account_id, one.rule_id, several=several)
        rows.append((name, *(f"{one.number.get(fate, 0):,}" for fate in Fate)))
    yield from table_lines(rows, right=range(1, len(Fate) + 1))


def _known(plan: PendingPlan) -> str:
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
