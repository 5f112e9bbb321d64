"""RRULEs of `repeat`: which may stand, and what is said of the others."""

from __future__ import annotations

from datetime import datetime

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.rules.rrules import rrule_problem

START = datetime(2000, 1, 1)  # noqa: DTZ001 - dates without a zone


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY",
        "RRULE:FREQ=MONTHLY;BYDAY=1MO",
        "freq=weekly;byday=mo,we;interval=2",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU",
        "FREQ=YEARLY;BYYEARDAY=-366",
        "FREQ=YEARLY;COUNT=3",
        "FREQ=YEARLY;UNTIL=20301231",
        "FREQ=YEARLY;UNTIL=20301231T235959",
        "FREQ=WEEKLY;WKST=SU;INTERVAL=2;BYDAY=SU",
    ],
)
def test_these_rrules_may_stand(text: str) -> None:
    assert rrule_problem(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=HOURLY", "is none of DAILY"),
        ("BYDAY=MO", "is none of DAILY"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR cannot stand"),
        ("FREQ=DAILY;BYMINUTE=9", "BYMINUTE cannot stand"),
        ("FREQ=DAILY;BYSECOND=9", "BYSECOND cannot stand"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "BYSETPOS cannot stand"),
        ("DTSTART=20260101;FREQ=DAILY", "DTSTART cannot stand"),
        ("FREQ=DAILY;BYEASTER=0", "is no part of an RRULE"),
        ("FREQ=DAILY;", "an empty text is no part"),
        ("FREQ=DAILY;FREQ=DAILY", "stands twice"),
        ("FREQ=YEARLY\nEXDATE:20260101", "is not understood"),
        ("FREQ=MONTHLY;BYDAY=XX", "is not understood"),
        ("FREQ=YEARLY;UNTIL=20301231T000000Z", "is not understood"),
        ("FREQ=YEARLY;UNTIL=20301301", "never occurs"),
        ("FREQ=YEARLY;INTERVAL=0", "INTERVAL lies outside"),
        ("FREQ=YEARLY;COUNT=0", "COUNT lies outside"),
        ("FREQ=YEARLY;COUNT=1001", "COUNT lies outside"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH lies outside"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY lies outside"),
        ("FREQ=YEARLY;COUNT=3;UNTIL=20301231", "do not go together"),
        ("FREQ=WEEKLY;BYDAY=1MO", "counts in a month or a year"),
        ("FREQ=MONTHLY;BYDAY=6MO", "lies outside 1 to 5"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2", "does not go with FREQ=DAILY"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "may never occur"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "may never occur"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never occurs"),
    ],
)
def test_these_rrules_may_not(text: str, said: str) -> None:
    found = rrule_problem(text)
    assert found is not None
    assert said in found[0]
    assert found[1]


weekdays = st.sampled_from(["MO", "SU", "1MO", "-1FR", "5SA", "0TU", "53WE"])
numbers = st.integers(-400, 400).map(str)
parts = st.one_of(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY"]).map("FREQ={}".format),
    weekdays.map("BYDAY={}".format),
    st.tuples(st.sampled_from(["BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "INTERVAL", "COUNT"]), numbers).map(
        "=".join
    ),
)


@given(st.lists(parts, min_size=1, max_size=4).map(";".join))
def test_what_may_stand_occurs_soon_enough_for_dateutil(text: str) -> None:
    if rrule_problem(text) is None:
        first = rrulestr(text, dtstart=START).after(START, inc=True)
        assert first is not None
