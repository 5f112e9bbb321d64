"""Instants, durations, zones, quiet hours, calendar periods and occurrences. Instants are microseconds UTC."""

import re
from bisect import bisect_left
from calendar import isleap
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from itertools import count, islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
UNITS = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": 7 * DAY}
_LETTERS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORT = re.compile(r"([+-]?)(\d+)([smhdw])")
_ISO = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:([Zz])|([+-])(\d{2})(?::?(\d{2}))?)")


def duration(text: str) -> int:
    """`90s 15m 1h 2d 1w` or ISO 8601, possibly signed, in microseconds."""
    if short := _SHORT.fullmatch(text):
        sign, number, letter = short.groups()
        return (-1 if sign == "-" else 1) * int(number) * _LETTERS[letter]
    iso = _ISO.fullmatch(text)
    assert iso is not None, text
    sign, *numbers = iso.groups()
    total = sum(int(n or 0) * unit for n, unit in zip(numbers, (7 * DAY, DAY, HOUR, MINUTE, SECOND), strict=True))
    return -total if sign == "-" else total


def unit_of(name: str) -> int:
    return UNITS[name.removesuffix("s")]


def scaled(number: Fraction, unit: int) -> int:
    """So many units in whole microseconds, cut."""
    return int(number * unit)


def parse_instant(text: Any) -> int | None:
    """RFC 3339 with offset (`+05:30`, `+0530`, `+05`), finer digits than microseconds cut; `None` for anything else."""
    return _parse_instant(text) if isinstance(text, str) else None


@lru_cache(maxsize=50_000)
def _parse_instant(text: str) -> int | None:
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    day, clock, fraction, _, sign, hours, minutes = found.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{clock}+00:00")
    except ValueError:
        return None
    offset = (int(hours) * 60 + int(minutes or 0)) * MINUTE * (-1 if sign == "-" else 1) if sign else 0
    return _micros(local) + int(((fraction or "") + "000000")[:6]) - offset


def parse_date(text: Any) -> date | None:
    """A calendar date without time, `None` for anything else."""
    return _parse_date(text) if isinstance(text, str) else None


@lru_cache(maxsize=50_000)
def _parse_date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_clock(text: str) -> time:
    return time.fromisoformat(text)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def rfc3339(us: int) -> str:
    """The instant as text in UTC."""
    return (_EPOCH + timedelta(microseconds=us)).isoformat().replace("+00:00", "Z")


def zone_of(name: Any) -> ZoneInfo | None:
    """The IANA zone of that name, in any case, with blanks around it or for its `_`; `None` if the value names none."""
    return _zone_of(name) if isinstance(name, str) and len(name) <= 64 else None


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return {name.translate(_ASCII_LOWER): name for name in listed}


_ASCII_LOWER = {ord(upper): upper.lower() for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


@lru_cache(maxsize=50_000)
def _zone_of(name: str) -> ZoneInfo | None:
    plain = name.strip(" \t\r\n").replace(" ", "_").translate(_ASCII_LOWER)
    return ZoneInfo(_spellings()[plain]) if plain in _spellings() else None


@lru_cache(maxsize=200_000)
def local(us: int, zone: ZoneInfo) -> datetime:
    """The wall clock of the zone at the instant (naive)."""
    return (_EPOCH + timedelta(microseconds=us)).astimezone(zone).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=50_000)
def resolve(day: date, clock: time, zone: ZoneInfo) -> int:
    """The first instant at which the zone's clock shows that local time; if it skips it, the first after the gap."""
    naive = datetime.combine(day, clock)
    as_utc = _micros(naive.replace(tzinfo=UTC))
    offsets = {_offset(as_utc + shift, zone) for shift in (-DAY, 0, DAY)}
    shown = [as_utc - offset for offset in offsets if local(as_utc - offset, zone) == naive]
    if shown:
        return min(shown)
    start = (as_utc - max(offsets)) // MINUTE * MINUTE
    return next(us for us in count(start, MINUTE) if local(us, zone) > naive)


def _offset(us: int, zone: ZoneInfo) -> int:
    return _micros(local(us, zone).replace(tzinfo=UTC)) - us


class Quiet(NamedTuple):
    """A stretch of quiet hours: the weekdays on which it begins (0 is Monday), and from when to when it lasts."""

    days: frozenset[int]
    start: time
    end: time

    def covers(self, clock: datetime) -> bool:
        """Whether the local clock is in the stretch that began on that day, or the day before."""
        return any(self._began_on(day, clock) for day in (clock.date(), clock.date() - timedelta(days=1)))

    def _began_on(self, day: date, clock: datetime) -> bool:
        last = day if self.start < self.end else day + timedelta(days=1)
        begins, ends = datetime.combine(day, self.start), datetime.combine(last, self.end)
        return day.weekday() in self.days and begins <= clock < ends


def is_quiet(us: int, zone: ZoneInfo, quiet: tuple[Quiet, ...]) -> bool:
    """Whether the local clock is in one of the stretches."""
    return any(each.covers(local(us, zone)) for each in quiet)


@lru_cache(maxsize=20_000)
def quiet_end(us: int, zone: ZoneInfo, quiet: tuple[Quiet, ...]) -> int:
    """The first instant after `us` at which the local clock is outside the quiet hours, by trying them in order.

    Clocks change, and differ from UTC, by quarters of an hour: quiet can only end at a quarter or at an `end`.
    """
    quarter = 15 * MINUTE
    quarters = count(us // quarter * quarter, quarter)
    beside = sorted({0, *(each.end.minute % 15 for each in quiet)})
    tried = (at for base in quarters for at in (base + minutes * MINUTE for minutes in beside) if at > us)
    return next(at for at in tried if not is_quiet(at, zone, quiet))


def period(us: int, zone: ZoneInfo, unit: str) -> tuple[int, ...]:
    """The local calendar day, ISO week or month the instant lies in."""
    day = local(us, zone).date()
    if unit == "week":
        return tuple(day.isocalendar())[:2]
    return (day.year, day.month) if unit == "month" else (day.year, day.month, day.day)


def period_day(us: int, zone: ZoneInfo, word: str) -> date:
    """The first day of the period (`today`, `this_week`, …) that began last at the instant.

    A day has begun once its midnight was shown, or what follows the gap that skips it, though the clock be set back.
    """
    tried = (local(us, zone).date() + timedelta(days=ahead) for ahead in (2, 1, 0, -1))
    day = next(each for each in tried if resolve(each, time(), zone) <= us)
    back = {"today": 0, "this_week": day.weekday(), "this_month": day.day - 1, "this_year": day.timetuple().tm_yday - 1}
    return day - timedelta(days=back[word])


def period_start(us: int, zone: ZoneInfo, word: str) -> int:
    """The instant at which that period began."""
    return resolve(period_day(us, zone, word), time(), zone)


def period_end(us: int, zone: ZoneInfo, word: str) -> int:
    """The instant at which the next one begins: a week, a month, a year have so many days at most."""
    first = period_day(us, zone, word)
    days = {"today": 1, "this_week": 7, "this_month": 32, "this_year": 366}[word]
    begins = (resolve(first + timedelta(days=ahead), time(), zone) for ahead in range(1, days + 1))
    return next(at for at in begins if period_day(at, zone, word) != first)


def occurrences(first: date, repeat: str, near: date) -> Iterator[date]:
    """The dates from `near` on, rising, on which a wait falls that repeats from the first date on."""
    known, more = _known_occurrences(first, repeat)
    while (not known or known[-1] < near) and _find_one_more(known, more):
        pass
    place = bisect_left(known, near)
    while place < len(known) or _find_one_more(known, more):
        yield known[place]
        place += 1


def _find_one_more(known: list[date], more: Iterator[date]) -> bool:
    """Whether there was one more date to know."""
    before = len(known)
    known.extend(islice(more, 1))
    return len(known) > before


@lru_cache(maxsize=5_000)
def _known_occurrences(first: date, repeat: str) -> tuple[list[date], Iterator[date]]:
    """The dates found so far, and where the search goes on: every restart asks anew."""
    return [], _all_occurrences(first, repeat)


def _all_occurrences(first: date, repeat: str) -> Iterator[date]:
    if repeat in ("daily", "weekly"):
        step = timedelta(days=1 if repeat == "daily" else 7)
        return (first + step * k for k in range((date.max - first) // step))
    if repeat == "monthly":  # relativedelta takes the last day of a month that lacks the day
        return (first + relativedelta(months=k) for k in range(12 * (9998 - first.year)))
    if repeat == "yearly":
        return (_same_day(first, year) for year in range(first.year, 9998))
    return (moment.date() for moment in rrulestr(_whole_rrule(first, repeat), dtstart=datetime.combine(first, time())))


def _same_day(first: date, year: int) -> date:
    """The same day of another year; 29 February is 1 March in one that has none."""
    lacks = (first.month, first.day) == (2, 29) and not isleap(year)
    return date(year, 3, 1) if lacks else first.replace(year=year)


def _whole_rrule(first: date, rrule: str) -> str:
    """The RRULE with the weekday of the first date where a week is named without days, which dateutil does not add.

    It reads otherwise than the page too: days with and without a number in one list, week numbers from the end, and
    INTERVAL with week numbers. Of those there are none in random worlds; `tests/time` looks at them day by day.
    """
    names = {part.partition("=")[0] for part in rrule.upper().removeprefix("RRULE:").split(";")}
    if "BYWEEKNO" not in names or names & {"BYDAY", "BYMONTHDAY", "BYYEARDAY"}:
        return rrule
    return f"{rrule};BYDAY={('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU')[first.weekday()]}"
