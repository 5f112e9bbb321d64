"""When a wait ends: from an arming event, or from a recomputation of what is pending."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import clock
from tests.oracle.language import Wait
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


def target(wait: Wait, date: Any, attributes: dict[str, Any]) -> Any:
    """The value an `until` waits for: the date the arming event had or, with `contact.`, one of the contact."""
    return value_at(wait.path.removeprefix("contact."), attributes) if wait.of_contact else date


def until(wait: Wait, value: Any, zone: ZoneInfo, after: date | None, earliest: int) -> Due | No:
    """The due time not before `earliest`; of a repeated wait the first one whose date is later than `after`."""
    instant, day = clock.parse_instant(value), clock.parse_date(value)
    if instant is None and day is None:
        return No.UNUSABLE
    written = date.fromisoformat(value[:10])
    if written.year > _NEWEST and (day or wait.repeat):
        return Due(_FAR, written if wait.repeat else None)
    if wait.repeat is None:
        at = (clock.resolve(day, wait.at, zone) if day else instant or 0) + wait.offset
        return Due(min(at, _FAR)) if at >= earliest else No.PAST
    shown = None if instant is None else clock.local(instant, zone)
    first, at_clock = (shown.date(), shown.time()) if shown else (written, wait.at)
    if first.year > _NEWEST:
        return Due(_FAR, first)
    if written.year < _OLDEST and (shown is not None or wait.repeat not in _STEPS):
        return No.UNUSABLE

    def due(each: date) -> int:
        if each.year > _NEWEST:
            return _FAR
        exact = instant if each == first else None
        return (clock.resolve(each, at_clock, zone) if exact is None else exact) + wait.offset

    return _occurrence(wait, first, due, after, earliest)


def _occurrence(wait: Wait, first: date, due: Callable[[date], int], after: date | None, earliest: int) -> Due | No:
    """The first occurrence after the date that is due at `earliest` or later. Far earlier dates are skipped."""
    near = clock.local(earliest - wait.offset, ZoneInfo("UTC")).date() - timedelta(days=3)
    for day in clock.occurrences(first, wait.repeat or "", near):
        if (after is None or day > after) and due(day) >= earliest:
            return Due(due(day), day)
    return No.PAST
