"""Who has used up what a candidate was refused for: a frequency cap, or the round of arbitration.

Pure. Called by `counting` for each contact of which a candidate was refused so. A cap is measured as the gate measures
it (`kernel.run.eligibility`); what it counts is read from the contact's decisions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from kittiwake.batch.event_rows import Row
from kittiwake.event_types import ENDINGS, UPDATED
from kittiwake.kernel.plan.gates import asked_of
from kittiwake.kernel.plan.policy import Calendar, Cap
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Decision
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.time.instants import BEFORE_ALL_US
from kittiwake.time.zones import local_day, zone_of
from kittiwake.values import parse_sound

CAPPED: Final = (Reason.FREQUENCY_CAP, Reason.OUTRANKED)
"""Reasons for which somebody else has used something up."""


class Firing(NamedTuple):
    """What caps count: a trigger that fired, or would have but for the holdout."""

    time_us: int
    rule_id: str
    trigger_id: str
    rule: RuleProgram


class Clock(NamedTuple):
    """What decides of a contact's caps, from an instant on."""

    since_us: int
    zone: str | None
    """Its own; None: it has none."""
    ended_us: int
    """When it was last deleted or merged: what it was sent before counts no more."""


def clocks_of(rows: Iterable[Row]) -> list[Clock]:
    """The clocks of a contact, one after the other, by its rows."""
    found = [Clock(BEFORE_ALL_US, None, BEFORE_ALL_US)]
    for time_us, _, event_type, properties in sorted(row for row in rows if row[2] == UPDATED or row[2] in ENDINGS):
        if event_type in ENDINGS:
            found.append(Clock(time_us, None, time_us))
        elif "timezone" in (update := parse_sound(properties)):
            found.append(found[-1]._replace(since_us=time_us, zone=zone_of(update["timezone"])))
    return found


class Caps:
    """The caps of an account, as its versions have them."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    def firing_of(self, decision: Decision) -> Firing | None:
        """What a decision is to the caps, and to arbitration; None: nothing was sent, nor would have been."""
        is_fired, is_held_out = decision.decision is Outcome.FIRED, decision.reason is Reason.HOLDOUT
        if decision.kind is Kind.EXITED or not (is_fired or is_held_out):
            return None
        time_us = decision.decided_us if decision.fired_at_us is None else decision.fired_at_us
        rule = self._rule(decision.rule_id, time_us)
        is_counted = rule is not None and rule.mode is Mode.LIVE and not rule.transactional
        return Firing(time_us, decision.rule_id, decision.trigger_id, rule) if rule and is_counted else None

    def used_by(self, refused: Decision, firings: Sequence[Firing], clocks: Sequence[Clock]) -> list[str]:
        """The rules whose firings have used up what a candidate was refused for, each once.

        Empty where that cannot be seen from the events: of a cap of the first that was forgotten.
        """
        if refused.outranked_by is not None:
            return [one.rule_id for one in firings if one.trigger_id == refused.outranked_by]
        now_us = refused.decided_us
        rule, program = self._rule(refused.rule_id, now_us), self._versions.at(now_us)
        clock = clocks[bisect_right(clocks, now_us, key=lambda one: one.since_us) - 1]
        counting = [one for one in firings if clock.ended_us < one.time_us <= now_us]
        for cap in asked_of(rule, program.policy).caps if rule else ():
            used = list(_counted(cap, counting, now_us, clock.zone or program.timezone))
            if len(used) >= cap.max_fired:
                return sorted({one.rule_id for one in used})
        return []

    def _rule(self, rule_id: str, time_us: int) -> RuleProgram | None:
        rules = self._versions.at(time_us).rules
        return next((rule for rule in rules if rule.rule_id == rule_id and not rule.foreseen), None)


def _counted(cap: Cap, firings: Iterable[Firing], now_us: int, zone: str) -> Iterator[Firing]:
    calendar = cap.calendar
    for one in firings:
        if not cap.concerns(one.rule.group, one.rule.channel):
            continue
        if calendar is None:
            counts = one.time_us > now_us - cap.within_us
        else:
            counts = _period(calendar, local_day(zone, one.time_us)) == _period(calendar, local_day(zone, now_us))
        if counts:
            yield one


def _period(calendar: Calendar, day: int) -> tuple[int, ...]:
    match calendar:
        case Calendar.DAY:
            return (day,)
        case Calendar.WEEK:
            return date.fromordinal(day).isocalendar()[:2]
        case Calendar.MONTH:
            found = date.fromordinal(day)
            return found.year, found.month
