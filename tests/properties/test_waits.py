"""The kernel waits towards dates as the oracle does: values near changes of clocks, ends of months and of the calendar.

Random worlds hardly ever meet these: one of 1,500 holds a series that falls into a short month.
"""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

from hypothesis import event, given, settings
from hypothesis import strategies as st

from kittiwake.kernel.evaluate.wait import Clock, NoPlan, TooLong, plan_until
from kittiwake.kernel.plan.wait import Repeat, UntilWait
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant, parse_instant
from tests.oracle import waits
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


def repeated(repeat: str | None, at: time, offset_us: int) -> tuple[UntilWait, Wait]:
    """The same wait for both sides."""
    of_rule = repeat is not None and repeat not in WORDS
    kernel = UntilWait(
        ("d",),
        of_contact=False,
        offset_us=offset_us,
        at_us=(at.hour * 60 + at.minute) * MINUTE_US,
        repeat=None if repeat is None else Repeat.RRULE if of_rule else Repeat(repeat),
        rrule=repeat or "" if of_rule else "",
    )
    return kernel, Wait("until", path="d", offset=offset_us, at=at, repeat=repeat)


@settings(max_examples=MANY * settings.default.max_examples)
@given(
    st.one_of(st.none(), st.sampled_from(WORDS), st.sampled_from(RRULES)),
    values,
    st.sampled_from(ZONES),
    moments,
    st.sampled_from([time(9), time(1, 30), time(2, 15), time(0), time(23, 45)]),
    offsets,
    st.one_of(st.none(), st.integers(-40, 40)),
)
def test_a_wait_towards_a_date_ends_when_the_oracle_says(
    repeat: str | None, value: str, zone: str, now_us: int, at: time, offset_us: int, decided: int | None
) -> None:
    """`decided`: the occurrence that fell due last, in days from now."""
    day = date.fromordinal(min(now_us // DAY_US + date(1970, 1, 1).toordinal() + (decided or 0), date.max.toordinal()))
    after = day if decided is not None and repeat is not None else None
    kernel, oracle = repeated(repeat, at, offset_us)
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
