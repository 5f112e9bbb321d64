"""When a wait ends: from an arming event, or from a recomputation of what is pending."""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import clock
from tests.oracle.language import LocalDay, Wait
from tests.oracle.values import is_number, value_at

_STEPS = ("daily", "weekly", "monthly", "yearly")
_OLDEST = 1900
_NEWEST = 9000
_FAR = clock.parse_instant("9999-12-31T00:00:00Z") or 0
"""The latest due time that is told; a date after the newest year is told as due then."""


class No(Enum):
    """Why there is no due time: nothing usable to wait for, or it lies behind."""

    UNUSABLE = "unusable"
    PAST = "past"


@dataclass(frozen=True)
class Due:
    """A due time, with the local date that names the occurrence of a repeated wait."""

    at: int
    occurrence: date | None = None


def delays(wait: Wait, event_time: int, properties: dict[str, Any]) -> list[Due] | No:
    """The due times of a wait that is no `until`, armed at the event: one, or one a reminder."""
    if wait.kind == "delays":
        return [Due(event_time + delay) for delay in wait.delays]
    number = value_at(wait.path, properties)
    if is_number(number) and number >= 0:
        return [Due(event_time + clock.scaled(number, wait.unit))]
    return No.UNUSABLE if wait.default is None else [Due(event_time + wait.default)]


def local(
    wait: Wait, armed: int, zone: ZoneInfo, pending: Iterable[int] | None = None, earliest: int = 0
) -> dict[int, Due]:
    """The due times on local days counted from that of the arming event, by reminder.

    If the zone has changed at `earliest`: those of the pending reminders, not before that.
    """
    dues: dict[int, int] = {}
    for slot, each in enumerate(wait.local_days):
        least = armed if slot == 0 else dues[slot - 1] + 1
        dues[slot] = next(due for due in _days(each, armed, zone) if due >= least)
    if pending is not None:
        least, anew = earliest, {}
        for slot in (slot for slot in sorted(pending) if slot in dues):
            least = max(least, dues[slot])
            anew[slot] = next(due for due in _days(wait.local_days[slot], armed, zone) if due >= least)
            least = anew[slot] + 1
        dues = anew
    return {slot: Due(at) for slot, at in dues.items()}


def _days(wanted: LocalDay, armed: int, zone: ZoneInfo) -> Iterator[int]:
    """The due times of all the days that are wanted, counted from the day on which an event happened."""
    shown = clock.local(armed, zone)
    day = shown.date() + timedelta(days=wanted.days)
    while True:
        if wanted.falls_on(day):
            yield _at(wanted, day, shown.date(), shown.time(), armed, zone)
        day += timedelta(days=1)


def _at(wanted: LocalDay, day: date, base: date, base_clock: time, instant: int | None, zone: ZoneInfo) -> int:
    """When a wanted day is due, counted from a base that may be an instant."""
    if wanted.at is None and day == base and instant is not None:
        return instant
    return clock.resolve(day, wanted.at or base_clock, zone)


def target(wait: Wait, date: Any, attributes: dict[str, Any]) -> Any:
    """The value an `until` waits for: the date the arming event had or, with `contact.`, one of the contact."""
    return value_at(wait.path.removeprefix("contact."), attributes) if wait.of_contact else date


def until(wait: Wait, value: Any, zone: ZoneInfo, after: date | None, earliest: int) -> Due | No:
    """The due time not before `earliest`; of a repeated wait the first one whose date is later than `after`."""
    instant, day = clock.parse_instant(value), clock.parse_date(value)
    if instant is None and day is None:
        return No.UNUSABLE
    written = date.fromisoformat(value[:10])
    floats = day is not None or wait.repeat is not None or bool(wait.local_days)
    if written.year > _NEWEST and floats:
        return Due(_FAR, written if wait.repeat else None)
    if wait.repeat and written.year < _OLDEST and (instant is not None or wait.repeat not in _STEPS):
        return No.UNUSABLE
    if not floats:
        at = (instant or 0) + wait.offset
        return Due(min(at, _FAR)) if at >= earliest else No.PAST
    if not wait.repeat and written.year < _OLDEST:
        return No.PAST
    shown = None if instant is None else clock.local(instant, zone)
    first, at_clock = (shown.date(), shown.time()) if shown else (written, wait.at)
    if first.year > _NEWEST:
        return Due(_FAR, first if wait.repeat else None)
    if not wait.repeat and first.year < _OLDEST:
        return No.PAST

    def due(each: date) -> int:
        if each.year > _NEWEST:
            return _FAR
        exact = instant if each == first else None
        if not wait.local_days:
            return (clock.resolve(each, at_clock, zone) if exact is None else exact) + wait.offset
        (wanted,) = wait.local_days
        day = each + timedelta(days=wanted.days)
        while not wanted.falls_on(day):
            day += timedelta(days=1)
        return _at(wanted, day, each, at_clock, exact, zone) + wait.offset

    if wait.repeat is None:
        return Due(due(first)) if due(first) >= earliest else No.PAST
    return _occurrence(wait, first, due, after, earliest)


def reminders(wait: Wait, value: Any, zone: ZoneInfo, earliest: int, done: Container[int]) -> dict[int, Due] | No:
    """The due times of the reminders of a date, by reminder: of those not done, not before `earliest`.

    Of several that are due at one instant, the first of the list alone.
    """
    found: dict[int, Due] = {}
    for slot, each in enumerate((wait, *wait.later)):
        due = until(each, value, zone, None, earliest)
        if due is No.UNUSABLE:
            return due
        if isinstance(due, Due) and slot not in done and due.at not in [other.at for other in found.values()]:
            found[slot] = due
    return found or No.PAST


def _occurrence(wait: Wait, first: date, due: Callable[[date], int], after: date | None, earliest: int) -> Due | No:
    """The first occurrence after the date that is due at `earliest` or later. Far earlier dates are skipped."""
    shift = max([7 + each.days for each in wait.local_days], default=0)
    near = clock.local(earliest - wait.offset, ZoneInfo("UTC")).date() - timedelta(days=3 + max(shift, 0))
    for day in clock.occurrences(first, wait.repeat or "", near):
        if day not in wait.left_out and (after is None or day > after) and due(day) >= earliest:
            return Due(due(day), day)
    return No.PAST
