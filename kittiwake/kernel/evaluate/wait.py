"""Plans of a `wait`: the deadlines an arming event sets.

Pure. Called when an episode opens, restarts, moves with an attribute, and after an occurrence. A `Plan` is the
deadlines, or the reason there are none.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias

import msgspec

from kittiwake.kernel.evaluate.calendar import Base, due_us, dues_us, first_day, reach_of_move
from kittiwake.kernel.evaluate.match import Attributes
from kittiwake.kernel.evaluate.recurrence import YEAR_MAX, occurrences
from kittiwake.kernel.plan.calendar import CalendarWait, LocalDay
from kittiwake.kernel.plan.wait import Delays, FieldWait, UntilWait, Wait
from kittiwake.kernel.state.state import Reminder
from kittiwake.model import Event
from kittiwake.time.instants import DAY_US, EPOCH_ORDINAL, BadTimeError, parse_date, parse_instant
from kittiwake.time.zones import instant_of_local, local_date, local_time_of_day_us
from kittiwake.values import EXACT, is_number, lookup

YEAR_MIN: Final = 1900
"""An RRULE or a repeated instant that starts before it is unusable: dates are counted one by one from there."""

DUE_MAX_US: Final = (date(9999, 12, 31).toordinal() - EPOCH_ORDINAL) * DAY_US
"""The latest due time that is named; any later one is as far beyond the longest wait."""


LAST_BASE: Final = date(YEAR_MAX, 12, 30).toordinal()
"""The last day of UTC from which local days are counted."""


class NoPlan(Enum):
    """Why an event sets no deadline."""

    UNUSABLE = "unusable"
    """No number, no date: neither arms nor restarts."""
    PAST = "past"
    """Due before the event, or no occurrence left: disarms and does not arm."""


class TooLong(msgspec.Struct, frozen=True):
    """A due time beyond the longest wait: `suppressed: limit`."""

    due_us: int
    """At most `DUE_MAX_US`."""
    occurrence: int | None = None
    reminder: int = 0
    """Of a list: which reminder, the first that is due too late."""


Plan: TypeAlias = list[Reminder] | NoPlan | TooLong


class Clock(msgspec.Struct, frozen=True, gc=False):
    """What a wait is counted from."""

    now_us: int
    zone: str
    max_wait_us: int


class Target(msgspec.Struct, frozen=True):
    """A date to wait for: on `day` at `time_us` local; `instant_us` where it was written with a time.

    Where a wait repeats, `day` is the first local date, which falls at `instant_us`, the later ones at `time_us`.
    """

    day: date
    time_us: int
    instant_us: int | None


def plan(
    wait: Wait,
    event: Event,
    attributes: Attributes,
    clock: Clock,
    after: int | None = None,
    done: Container[int] = (),
) -> Plan:
    """The deadlines `event` sets; `after`: the last occurrence that fell due in this episode.

    `done`: of reminders of a date those that have fallen due in it.
    """
    match wait:
        case Delays(delays_us=delays_us):
            return _within_longest([Reminder(i, clock.now_us + d) for i, d in enumerate(delays_us)], clock)
        case FieldWait():
            delay_us = _field_us(wait, event)
            if delay_us is None:
                return NoPlan.UNUSABLE
            return _within_longest([Reminder(0, clock.now_us + delay_us)], clock)
        case UntilWait():
            return plan_until(wait, target_value(wait, event, attributes), clock, after, done=done)
        case CalendarWait():
            return plan_calendar(wait, event.time_us, clock)


def target_value(wait: UntilWait, event: Event, attributes: Attributes) -> Any:
    """What stands where the wait has its date."""
    return lookup(attributes if wait.of_contact else event.properties, wait.path)


def _within_longest(reminders: list[Reminder], clock: Clock) -> Plan:
    if reminders[-1].due_us - clock.now_us > clock.max_wait_us:
        first = next(one for one in reminders if one.due_us - clock.now_us > clock.max_wait_us)
        return TooLong(min(first.due_us, DUE_MAX_US), reminder=first.index)
    return reminders


def plan_calendar(wait: CalendarWait, base_us: int, clock: Clock, pending: Sequence[int] | None = None) -> Plan:
    """The deadlines on local days counted from `base_us`; of the `pending` reminders alone, where the zone changed."""
    if base_us // DAY_US + EPOCH_ORDINAL > LAST_BASE:
        return TooLong(DUE_MAX_US)
    indices = range(len(wait.days)) if pending is None else pending
    found = dues_us(wait, base_us, clock.zone, pending, clock.now_us)
    return _within_longest([Reminder(i, at_us) for i, at_us in zip(indices, found, strict=True)], clock)


def _field_us(wait: FieldWait, event: Event) -> int | None:
    value = lookup(event.properties, wait.path)
    if is_number(value) and value >= 0:
        return int(EXACT.multiply(Decimal(value), Decimal(wait.unit_us)))
    return wait.default_us


def plan_until(
    wait: UntilWait,
    value: Any,
    clock: Clock,
    after: int | None = None,
    *,
    strictly: bool = False,
    done: Container[int] = (),
) -> Plan:
    """The deadlines towards the date `value` stands for; `strictly`: due after now, not at it."""
    if wait.numbered:
        return _plan_reminders(wait, value, clock, done)
    target = _target(wait, value, clock.zone)
    if target is None:
        return NoPlan.UNUSABLE
    if wait.repeat is not None:
        return _next_occurrence(wait, target, clock, after, strictly=strictly)
    at_us = _due_us(target, wait, clock.zone)
    if at_us is None:
        return NoPlan.PAST if target.day.year < YEAR_MIN else TooLong(DUE_MAX_US)
    if at_us < clock.now_us:
        return NoPlan.PAST
    return _within_longest([Reminder(0, at_us)], clock)


def _plan_reminders(wait: UntilWait, value: Any, clock: Clock, done: Container[int]) -> Plan:
    """The reminders of a date in the order of time, without those past or `done`; of several at one instant one."""
    dues: dict[int, int] = {}
    for index, one in enumerate((wait, *wait.later)):
        target = _target(one, value, clock.zone)
        if target is None:
            return NoPlan.UNUSABLE
        at_us = _due_us(target, one, clock.zone)
        if at_us is None and target.day.year < YEAR_MIN:
            continue
        at_us = DUE_MAX_US if at_us is None else min(at_us, DUE_MAX_US)
        if at_us >= clock.now_us and index not in done:
            dues.setdefault(at_us, index)
    found = [Reminder(index, at_us) for at_us, index in sorted(dues.items())]
    return _within_longest(found, clock) if found else NoPlan.PAST


def _target(wait: UntilWait, value: Any, zone: str) -> Target | None:
    if not isinstance(value, str):
        return None
    day = parse_date(value)
    if day is not None:
        unusable = wait.rrule and day.year < YEAR_MIN
        return None if unusable else Target(day, wait.at_us, None)
    try:
        instant_us = parse_instant(value)
    except BadTimeError:
        return None
    if wait.repeat is None and wait.local_day is None:
        return Target(date.fromordinal(_ordinal(instant_us)), 0, instant_us)
    year = int(value[:4])
    if year < YEAR_MIN and wait.repeat is not None:
        return None
    if not YEAR_MIN <= year <= YEAR_MAX:
        return Target(date.fromisoformat(value[:10]), 0, instant_us)
    return Target(local_date(zone, instant_us), local_time_of_day_us(zone, instant_us), instant_us)


def _ordinal(instant_us: int) -> int:
    return min(max(instant_us // DAY_US + EPOCH_ORDINAL, 1), date.max.toordinal())


def _due_us(target: Target, wait: UntilWait, zone: str) -> int | None:
    """The instant of a target, offset included; None where its year is beyond what clocks are asked for."""
    if target.instant_us is not None and wait.local_day is None:
        return target.instant_us + wait.offset_us
    if not YEAR_MIN <= target.day.year <= YEAR_MAX:
        return None
    return _falls_us(target, target.day, wait.local_day, zone) + wait.offset_us


def _next_occurrence(wait: UntilWait, target: Target, clock: Clock, after: int | None, *, strictly: bool) -> Plan:
    assert wait.repeat is not None
    if target.day.year > YEAR_MAX:
        return TooLong(DUE_MAX_US, target.day.toordinal())
    # A due time lies within a day and a half of its local date's midnight UTC, plus the offset.
    earliest = _ordinal(clock.now_us - wait.offset_us - (2 + _reach(wait.local_day)) * DAY_US)
    begin = date.fromordinal(max(earliest, after or 1))
    for day in occurrences(wait.repeat, wait.rrule, target.day, begin):
        if day.toordinal() in wait.left_out:
            continue
        if day.year > YEAR_MAX:
            return TooLong(DUE_MAX_US, day.toordinal())
        at_us = _falls_us(target, day, wait.local_day, clock.zone) + wait.offset_us
        if at_us < clock.now_us + strictly:
            continue
        if at_us - clock.now_us > clock.max_wait_us:
            return TooLong(at_us, day.toordinal())
        return [Reminder(0, at_us, day.toordinal())]
    return NoPlan.PAST


def _falls_us(target: Target, day: date, wanted: LocalDay | None, zone: str) -> int:
    """When the target, or an occurrence of it on `day`, falls; the target's own day at its instant, if it is one."""
    instant_us = target.instant_us if day == target.day else None
    if wanted is not None:
        base = Base(day.toordinal(), target.time_us, instant_us)
        return due_us(wanted, base, first_day(wanted, base), zone)
    return instant_of_local(zone, day, target.time_us) if instant_us is None else instant_us


def _reach(wanted: LocalDay | None) -> int:
    """How many days after its own an occurrence may fall due."""
    return 0 if wanted is None else max(0, wanted.days) + reach_of_move(wanted)


def follows_zone(wait: UntilWait, value: Any) -> bool:
    """Whether a change of the contact's zone moves the deadline: a date without time, a local day, a repeated one."""
    if wait.repeat is not None or any(one.local_day is not None for one in (wait, *wait.later)):
        return True
    return isinstance(value, str) and parse_date(value) is not None
