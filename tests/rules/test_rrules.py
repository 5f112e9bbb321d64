"""RRULEs of `repeat`: which may stand, and what is said of the others."""

from __future__ import annotations

from datetime import datetime

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.rules.check.recurrence import rrule_problem, until_problem
from kittiwake.time.recurrences import parse_recurrence


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
        "FREQ=WEEKLY;WKST=SU;INTERVAL=2;BYDAY=SU",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=WEEKLY;BYDAY=MO,MO",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=DAILY;BYHOUR=0;BYMINUTE=05",
        "BYDAY=MO,1TU;FREQ=MONTHLY",
        "FREQ=MONTHLY;BYMONTHDAY=+07",
        "FREQ=WEEKLY;INTERVAL=52;BYMONTH=2",
        "FREQ=YEARLY;INTERVAL=3;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYYEARDAY=" + ",".join(map(str, range(1, 367))),
    ],
)
def test_these_rrules_may_stand(text: str) -> None:
    assert rrule_problem(text) is None
    assert until_problem(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=HOURLY", "is none of DAILY"),
        ("BYDAY=MO", "has no FREQ"),
        ("FREQ=DAILY;BYHOUR=9", "stand together"),
        ("FREQ=DAILY;BYMINUTE=9", "stand together"),
        ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0", "BYHOUR has several values"),
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=0,30", "BYMINUTE has several values"),
        ("FREQ=DAILY;BYHOUR=24;BYMINUTE=0", "BYHOUR lies outside 0 to 23"),
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=60", "BYMINUTE lies outside 0 to 59"),
        ("FREQ=DAILY;BYHOUR=-1;BYMINUTE=0", "BYHOUR=-1 is not understood"),
        ("FREQ=DAILY;BYSECOND=9", "BYSECOND cannot stand"),
        ("FREQ=MONTHLY;BYSETPOS=1", "there is none"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS lies outside"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS lies outside"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "never occurs"),
        ("FREQ=DAILY;BYDAY=MO;BYSETPOS=1", "does not go with FREQ=DAILY"),
        ("DTSTART=20260101;FREQ=DAILY", "DTSTART cannot stand"),
        ("FREQ=DAILY;BYEASTER=0", "is no part of an RRULE"),
        ("FREQ=DAILY;", "ends with a semicolon"),
        ("FREQ=DAILY;;COUNT=3", "an empty text is no part"),
        ("FREQ=DAILY; COUNT=3", "is no RRULE"),
        (" FREQ=DAILY", "is no RRULE"),
        ("freq=da\u0131ly", "is no RRULE"),
        ("FREQ", "is not understood"),
        ("FREQ=DAILY=WEEKLY", "is not understood"),
        ("FREQ=SECONDLY", "is none of DAILY"),
        ("FREQ=DAILY;COUNT=" + "0" * 4_000 + "3", "may have 4000 characters"),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY", "RSCALE is not read"),
        ("FREQ=MONTHLY;SKIP=BACKWARD", "SKIP is not read"),
        ("FREQ=DAILY;FREQ=DAILY", "stands twice"),
        ("FREQ=YEARLY\nEXDATE:20260101", "EXDATE is no part"),
        ("FREQ=YEARLY;RDATE=20260101", "RDATE cannot stand"),
        ("FREQ=YEARLY\n", "is no RRULE"),
        ("FREQ=MONTHLY;BYDAY=XX", "is not understood"),
        ("FREQ=YEARLY;UNTIL=20301301", "no date of the calendar"),
        ("FREQ=YEARLY;UNTIL=00000101", "no date of the calendar"),
        ("FREQ=YEARLY;UNTIL=20301231T", "is not understood"),
        ("FREQ=YEARLY;UNTIL=2030-12-31", "is not understood"),
        ("FREQ=YEARLY;INTERVAL=0", "INTERVAL lies outside"),
        ("FREQ=YEARLY;INTERVAL=-1", "is not understood"),
        ("FREQ=YEARLY;INTERVAL=1,2", "is not understood"),
        ("FREQ=YEARLY;INTERVAL=101", "INTERVAL lies outside"),
        ("FREQ=YEARLY;COUNT=0", "COUNT lies outside"),
        ("FREQ=YEARLY;COUNT=1001", "COUNT lies outside"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH lies outside"),
        ("FREQ=YEARLY;BYMONTH=-1", "is not understood"),
        ("FREQ=YEARLY;BYMONTH=", "is not understood"),
        ("FREQ=YEARLY;BYMONTH=1,", "is not understood"),
        ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY lies outside"),
        ("FREQ=YEARLY;BYYEARDAY=0", "BYYEARDAY lies outside"),
        ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO lies outside"),
        ("FREQ=YEARLY;BYWEEKNO=0", "BYWEEKNO lies outside"),
        ("FREQ=MONTHLY;BYWEEKNO=20", "does not go with FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYYEARDAY=20", "does not go with FREQ=MONTHLY"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "counts in a month or a year"),
        ("FREQ=DAILY;BYDAY=1MO", "counts in a month or a year"),
        ("FREQ=YEARLY;BYDAY=54MO", "lies outside 1 to 53"),
        ("FREQ=YEARLY;BYMONTH=2;BYDAY=6MO", "lies outside 1 to 5"),
        ("FREQ=MONTHLY;BYDAY=0MO", "lies outside 1 to 5"),
        ("FREQ=WEEKLY;WKST=1MO", "is not understood"),
        ("FREQ=YEARLY;BYMONTH=1;BYWEEKNO=20", "never occurs"),
        ("FREQ=YEARLY;BYYEARDAY=1;BYMONTH=2", "never occurs"),
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
def test_what_may_stand_occurs_for_dateutil_too(text: str) -> None:
    if rrule_problem(text) is None:
        starts = [datetime(2000, month, 1) for month in range(1, 13)]  # noqa: DTZ001 - dates without a zone
        assert any(rrulestr(text, dtstart=start).after(start, inc=True) for start in starts)


@pytest.mark.parametrize("line", ["EXDATE:20261225", "EXDATE;VALUE=DATE:20261225T090000Z", "exdate=20261225"])
def test_dates_left_out_are_shown_as_they_are_written_here(line: str) -> None:
    found = rrule_problem(f"FREQ=DAILY\n{line}")
    assert found == ("EXDATE is no part of an RRULE", "Write it beside repeat: except: [2026-12-25]")


@given(st.text(alphabet="FREQ=DAILYWKMO;,BY123+- U\u0131\n", max_size=40), st.sampled_from(["", "FREQ=DAILY;"]))
def test_any_text_is_read_or_refused_in_words(text: str, before: str) -> None:
    found = rrule_problem(before + text)
    if found is None:
        assert parse_recurrence((before + text).upper().removeprefix("RRULE:"))
    else:
        assert all(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=YEARLY;UNTIL=20301231T235959", "UNTIL=20301231"),
        ("freq=daily;until=20301231t000000", "UNTIL=20301231"),
        ("FREQ=YEARLY;UNTIL=20301231T000000Z", "UNTIL=20301231"),
        ("FREQ=YEARLY;UNTIL=18991231", "Check the year"),
    ],
)
def test_an_until_that_was_let_pass_once_is_refused_by_a_code_of_its_own(text: str, said: str) -> None:
    assert rrule_problem(text) is None
    found = until_problem(text)
    assert found is not None
    assert said in found[1]
