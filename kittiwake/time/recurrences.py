"""The dates of an RRULE (RFC 5545, section 3.3.10) without times of day: read from its text, computed from a day.

Pure. Called by the kernel for occurrences, and by the loader for rules that never occur. Three
things that the RFC leaves open are decided here: a day belongs to the week that it lies in, and a
week to the year that has most of its days (so that `INTERVAL` and numbers from the end count those
years); a first date that does not match the rule is no occurrence, and `COUNT` does not count it; a
rule that has no date in 400 years has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import count, islice
from typing import Any, Final, TypeAlias

import msgspec

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

SEARCHED_YEARS: Final = 400
"""How far the next date is looked for: after as many years the calendar begins again, weekdays included."""

YEARS_KEPT: Final = 4_096
"""Years and months whose dates are remembered, of all rules; some forty dates each, 1 KB."""

COUNTED_KEPT: Final = 16_384
"""First dates of rules with COUNT whose last date is remembered: the birthdays of 45 years; some 2 MB."""

Weekday: TypeAlias = tuple[int, int]
"""Which of a month or a year (0: each; from the end where negative), and the day, Monday 0."""


class Recurrence(msgspec.Struct, frozen=True):
    """The parts of an RRULE; an empty one asks for nothing."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    week_start: int = 0
    """Monday 0."""
    positions: tuple[int, ...] = ()
    """Which of the dates of each period, from the end where negative; none: all."""


@lru_cache(maxsize=1_024)
def parse_recurrence(text: str) -> Recurrence:
    """The rule that a checked text stands for, in capitals, without `RRULE:`.

    A time in `UNTIL` is left out: only versions of rules that an earlier release published have one.
    """
    parts = dict(part.split("=", 1) for part in text.split(";"))
    until = parts.get("UNTIL")
    return Recurrence(
        frequency=parts["FREQ"],
        interval=int(parts.get("INTERVAL", "1")),
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=date(int(until[:4]), int(until[4:6]), int(until[6:8])) if until else None,
        months=_numbers(parts.get("BYMONTH")),
        weeks=_numbers(parts.get("BYWEEKNO")),
        year_days=_numbers(parts.get("BYYEARDAY")),
        month_days=_numbers(parts.get("BYMONTHDAY")),
        weekdays=tuple((int(day[:-2] or "0"), WEEKDAYS.index(day[-2:])) for day in _values(parts.get("BYDAY"))),
        week_start=WEEKDAYS.index(parts.get("WKST", "MO")),
        positions=_numbers(parts.get("BYSETPOS")),
    )


def _values(text: str | None) -> list[str]:
    return [] if text is None else text.split(",")


def _numbers(text: str | None) -> tuple[int, ...]:
    return tuple(map(int, _values(text)))


def dates(rule: Recurrence, first: date, start: date) -> Iterator[date]:
    """The dates from `start` on, rising, of a rule that begins with `first`."""
    last = rule.until or date.max
    return _from(rule, first, max(first, start), last if rule.count is None else _last_counted(rule, first))


@lru_cache(maxsize=COUNTED_KEPT)
def _last_counted(rule: Recurrence, first: date) -> date:
    assert rule.count is not None
    return next(islice(_from(rule, first, first, date.max), rule.count - 1, None), date.max)


def _from(rule: Recurrence, first: date, start: date, last: date) -> Iterator[date]:
    """The dates in `[start, last]`; `start` is not before `first`."""
    whole, newest = _completed(rule, first), start
    origin = _period(rule, first)
    period = origin + max(0, (_period(rule, start) - origin) // rule.interval) * rule.interval
    for number in count(period, rule.interval):
        begins = _begin(rule, number)
        if begins is None or begins.year > newest.year + SEARCHED_YEARS:
            return
        for day in _days_of(whole, number):
            if day > last:
                return
            if day >= start:
                newest = day
                yield day
        if begins > last:
            return


def _completed(rule: Recurrence, first: date) -> Recurrence:
    """The rule with what it does not say taken from the first date, and without what only `_from` reads."""
    changes: dict[str, Any] = {}
    if not (rule.year_days or rule.month_days or rule.weekdays):
        if rule.frequency == "WEEKLY" or rule.weeks:
            changes["weekdays"] = ((0, first.weekday()),)
        elif rule.frequency in ("MONTHLY", "YEARLY"):
            changes["month_days"] = (first.day,)
            if rule.frequency == "YEARLY":
                changes["months"] = rule.months or (first.month,)
    return msgspec.structs.replace(rule, interval=1, count=None, until=None, **changes)


# ---------------------------------------------------------------- periods: days, weeks, months, years, counted


def _period(rule: Recurrence, day: date) -> int:
    """The number of the day, week, month or year that a day lies in."""
    match rule.frequency:
        case "DAILY":
            return day.toordinal()
        case "WEEKLY":
            return (day.toordinal() - 1 - rule.week_start) // 7  # the first of January of year 1 was a Monday
        case "MONTHLY":
            return day.year * 12 + day.month - 1
        case _:
            return _year_of_week(day, rule.week_start) if rule.weeks else day.year


def _begin(rule: Recurrence, period: int) -> date | None:
    """The first day of a period; None beyond the calendar, or if some of the period is."""
    match rule.frequency:
        case "DAILY":
            ordinal = period
        case "WEEKLY":
            ordinal = period * 7 + 1 + rule.week_start
        case "MONTHLY":
            year, month = divmod(period, 12)
            return date(year, month + 1, 1) if year < date.max.year else None
        case _:
            return date(period, 1, 1) if period < date.max.year else None
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() - 7 else None


def _days_of(rule: Recurrence, period: int) -> Iterator[date] | tuple[date, ...]:
    """The days of a period that the rule names, rising."""
    begins = _begin(rule, period)
    assert begins is not None
    if rule.frequency == "DAILY":
        return (begins,) if _names(rule, begins) else ()
    if rule.frequency == "WEEKLY":
        return _at_positions(rule, (day for day in _following(begins, 7) if _names(rule, day)))
    return _days_of_long(rule, period)


@lru_cache(maxsize=YEARS_KEPT)
def _days_of_long(rule: Recurrence, period: int) -> tuple[date, ...]:
    """`_days_of` a month or a year."""
    begins = _begin(rule, period)
    assert begins is not None
    length = _month_length(begins) if rule.frequency == "MONTHLY" else _year_length(period)
    if rule.weeks:
        begins, length = _first_week(period, rule.week_start), _weeks_of_year(period, rule.week_start) * 7
    every = _of_months(begins.year, rule.months) if _is_by_months(rule) else _following(begins, length)
    return tuple(_at_positions(rule, (day for day in every if _names(rule, day))))


def _is_by_months(rule: Recurrence) -> bool:
    return rule.frequency == "YEARLY" and bool(rule.months) and not rule.weeks


def _of_months(year: int, months: tuple[int, ...]) -> Iterator[date]:
    """The days of some months of a year, rising: no other day of it has to be asked."""
    for month in sorted({*months}):
        begins = date(year, month, 1)
        yield from _following(begins, _month_length(begins))


def _at_positions(rule: Recurrence, days: Iterator[date]) -> Iterator[date]:
    """Of a period's days those that the rule wants by their positions: of a whole week, month or year."""
    if not rule.positions:
        return days
    every = list(days)
    return (day for i, day in enumerate(every) if i + 1 in rule.positions or i - len(every) in rule.positions)


def _following(begins: date, length: int) -> Iterator[date]:
    return (begins + timedelta(days=i) for i in range(length))


# ---------------------------------------------------------------- one day


def _names(rule: Recurrence, day: date) -> bool:
    """Whether every part of the rule that asks for something asks for this day."""
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.month_days or _is_one_of(rule.month_days, day.day, _month_length(day)))
        and (not rule.year_days or _is_one_of(rule.year_days, day.timetuple().tm_yday, _year_length(day.year)))
        and (not rule.weekdays or _is_weekday(rule, day))
        and (not rule.weeks or _is_in_week(rule, day))
    )


def _is_one_of(numbers: tuple[int, ...], number: int, total: int) -> bool:
    """Whether a number, or what it is when counted from the end, is wanted."""
    return number in numbers or number - total - 1 in numbers


def _is_weekday(rule: Recurrence, day: date) -> bool:
    """Whether it is a wanted weekday, or the wanted one of its month (its year, where no months are named)."""
    wanted = [nth for nth, weekday in rule.weekdays if weekday == day.weekday()]
    if not wanted or 0 in wanted:
        return bool(wanted)
    of_year = rule.frequency == "YEARLY" and not rule.months
    ordinal, length = (day.timetuple().tm_yday, _year_length(day.year)) if of_year else (day.day, _month_length(day))
    return (ordinal - 1) // 7 + 1 in wanted or -((length - ordinal) // 7 + 1) in wanted


def _is_in_week(rule: Recurrence, day: date) -> bool:
    year = _year_of_week(day, rule.week_start)
    number = (day - _first_week(year, rule.week_start)).days // 7 + 1
    return _is_one_of(rule.weeks, number, _weeks_of_year(year, rule.week_start))


# ---------------------------------------------------------------- the calendar


def _month_length(day: date) -> int:
    return 31 if day.month == 12 else (date(day.year, day.month + 1, 1) - date(day.year, day.month, 1)).days


def _year_length(year: int) -> int:
    return (date(year, 12, 31) - date(year, 1, 1)).days + 1


def _first_week(year: int, week_start: int) -> date:
    """The day on which the first week begins that has four days or more in the year."""
    fourth = date(year, 1, 4)
    return fourth - timedelta(days=(fourth.weekday() - week_start) % 7)


def _weeks_of_year(year: int, week_start: int) -> int:
    return (_first_week(year + 1, week_start) - _first_week(year, week_start)).days // 7


def _year_of_week(day: date, week_start: int) -> int:
    """The year that has most days of the week the day lies in."""
    fourth = day + timedelta(days=3 - (day.weekday() - week_start) % 7)
    return fourth.year
