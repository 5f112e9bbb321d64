"""The kernel waits towards dates as the oracle does: values near changes of clocks, ends of months and of the calendar.

Random worlds hardly ever meet these: one of 1,500 holds a series that falls into a short month.
"""

from __future__ import annotations

from datetime import date, time
from typing import TypeAlias
from zoneinfo import ZoneInfo

from hypothesis import event, given, settings
from hypothesis import strategies as st

from kittiwake.kernel.evaluate.wait import Clock, NoPlan, TooLong, plan_calendar, plan_until
from kittiwake.kernel.plan.calendar import CalendarWait, LocalDay
from kittiwake.kernel.plan.wait import Repeat, UntilWait
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant, parse_instant
from tests.oracle import waits
from tests.oracle.language import LocalDay as OracleDay
from tests.oracle.language import Wait

WORDS = ("daily", "weekly", "monthly", "monthly", "yearly")
RRULES = (
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3;COUNT=5",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270630",
    "FREQ=MONTHLY;BYDAY=1MO,-1FR",
    "FREQ=YEARLY",
    "FREQ=YEARLY;BYWEEKNO=1,10,53",
    "FREQ=YEARLY;BYMONTH=2,11",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,1",
)
ZONES = ("UTC", "America/Toronto", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia")
NEAR = (
    "2026-11-01T06:00:00Z",  # Toronto shows 01:00 twice
    "2026-03-08T07:00:00Z",  # Toronto skips 02:00
    "2026-10-25T01:00:00Z",  # Berlin shows 02:00 twice
    "2026-04-04T15:00:00Z",  # Lord Howe goes back by half an hour
    "2011-12-30T10:00:00Z",  # Apia skips a day
    "2026-01-31T12:00:00Z",
    "2024-02-29T12:00:00Z",
    "2026-12-31T23:30:00Z",
    "1900-01-01T12:00:00Z",
)
FAR = (
    "9000-12-31T23:30:00Z",
    "9001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-05:00",
    "9999-12-31",
    "9001-02-28",
    "1899-12-31T23:59:59Z",
)

MANY = 6
"""Times as many examples as of other properties: each is two answers, not a history."""

quarters = st.integers(-16, 16).map(lambda number: number * 15 * MINUTE_US)
offsets = st.one_of(st.just(0), st.sampled_from([-36 * HOUR_US, -HOUR_US, 25 * HOUR_US, 3 * DAY_US]))
near = st.tuples(st.sampled_from(NEAR), quarters).map(lambda pair: parse_instant(pair[0]) + pair[1])
values = st.one_of(
    near.map(format_instant),
    near.map(lambda us: format_instant(us)[:10]),
    st.dates(date(1990, 1, 1), date(2027, 12, 31)).map(str),
    st.sampled_from(FAR),
)
moments = st.one_of(
    st.tuples(near, st.integers(0, 500)).map(lambda pair: pair[0] + pair[1] * DAY_US),
    near,
)


clocks = st.sampled_from([time(9), time(1, 30), time(2, 15), time(0), time(23, 45)])
local_days = st.tuples(
    st.one_of(st.integers(-3, 4), st.sampled_from([-400, 400, 30])),
    st.one_of(st.none(), clocks),
    st.sets(st.integers(0, 6), min_size=1, max_size=7).map(frozenset),
)
"""How many days, at which time, on which weekdays."""
Drawn: TypeAlias = tuple[int, time | None, frozenset[int]]


def of_clock(at: time) -> int:
    return (at.hour * 60 + at.minute) * MINUTE_US


def local_day(drawn: Drawn) -> tuple[LocalDay, OracleDay]:
    """The same local day for both sides."""
    days, at, on = drawn
    return LocalDay(days, None if at is None else of_clock(at), on), OracleDay(days, at, tuple(sorted(on)))


def repeated(repeat: str | None, at: time, offset_us: int, drawn: Drawn | None) -> tuple[UntilWait, Wait]:
    """The same wait for both sides."""
    kernel_day, oracle_day = (None, None) if drawn is None else local_day(drawn)
    of_rule = repeat is not None and repeat not in WORDS
    kernel = UntilWait(
        ("d",),
        of_contact=False,
        offset_us=offset_us,
        at_us=of_clock(at),
        repeat=None if repeat is None else Repeat.RRULE if of_rule else Repeat(repeat),
        rrule=repeat or "" if of_rule else "",
        local_day=kernel_day,
    )
    days = () if oracle_day is None else (oracle_day,)
    return kernel, Wait("until", path="d", offset=offset_us, at=at, repeat=repeat, local_days=days)


@settings(max_examples=MANY * settings.default.max_examples)
@given(
    st.one_of(st.none(), st.sampled_from(WORDS), st.sampled_from(RRULES)),
    values,
    st.sampled_from(ZONES),
    moments,
    clocks,
    offsets,
    st.one_of(st.none(), st.integers(-40, 40)),
    st.one_of(st.none(), local_days),
)
def test_a_wait_towards_a_date_ends_when_the_oracle_says(
    repeat: str | None,
    value: str,
    zone: str,
    now_us: int,
    at: time,
    offset_us: int,
    decided: int | None,
    drawn: Drawn | None,
) -> None:
    """`decided`: the occurrence that fell due last, in days from now."""
    day = date.fromordinal(min(now_us // DAY_US + date(1970, 1, 1).toordinal() + (decided or 0), date.max.toordinal()))
    after = day if decided is not None and repeat is not None else None
    kernel, oracle = repeated(repeat, at, offset_us, drawn)
    found = plan_until(kernel, value, Clock(now_us, zone, 400 * DAY_US), after and after.toordinal())
    due = waits.until(oracle, value, ZoneInfo(zone), after, now_us)
    event(f"{'no repeat' if repeat is None else 'word' if repeat in WORDS else 'rrule'}: {type(found).__name__}")
    if isinstance(due, waits.No):
        assert isinstance(found, NoPlan)
        assert found.value == due.value
    elif due.at - now_us > 400 * DAY_US:
        assert found == TooLong(due.at, due.occurrence and due.occurrence.toordinal())
    else:
        assert isinstance(found, list)
        assert [(one.due_us, one.occurrence) for one in found] == [
            (due.at, due.occurrence and due.occurrence.toordinal())
        ]


@settings(max_examples=MANY * settings.default.max_examples)
@given(
    st.lists(local_days.filter(lambda drawn: drawn[0] >= 0), min_size=1, max_size=4),
    near,
    st.sampled_from(ZONES),
    st.one_of(st.none(), st.tuples(st.integers(0, 12), st.sets(st.integers(0, 3), min_size=1))),
)
def test_local_days_are_due_when_the_oracle_says(
    drawn: list[Drawn], armed_us: int, zone: str, moved: tuple[int, set[int]] | None
) -> None:
    """`moved`: how many half days later the zone has become this one, and which reminders are pending then."""
    both = [local_day(one) for one in drawn]
    now_us, pending = armed_us, None
    if moved is not None:
        now_us, pending = armed_us + moved[0] * 12 * HOUR_US, sorted(i for i in moved[1] if i < len(drawn))
    if pending == []:
        return
    kernel = CalendarWait(tuple(one for one, _ in both), numbered=True)
    found = plan_calendar(kernel, armed_us, Clock(now_us, zone, 400 * DAY_US), pending)
    oracle = Wait("local", local_days=tuple(one for _, one in both), listed=True)
    dues = waits.local(oracle, armed_us, ZoneInfo(zone), pending, now_us)
    late = [(due.at, slot) for slot, due in dues.items() if due.at - now_us > 400 * DAY_US]
    event(type(found).__name__)
    if late:
        assert found == TooLong(late[0][0], reminder=late[0][1])
    else:
        assert isinstance(found, list)
        assert [(one.index, one.due_us) for one in found] == [(slot, due.at) for slot, due in dues.items()]
