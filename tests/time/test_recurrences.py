"""Dates of RRULEs: the examples of RFC 5545, and dateutil and brute force on random rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, event, given
from hypothesis import strategies as st

from kittiwake.rules.check.recurrence import rrule_problem
from kittiwake.time.recurrences import dates, parse_recurrence

DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1))
COMPARED = 30
"""Dates of a random rule that are compared."""
YEARS_COMPARED = 45
"""And how far: dateutil looks at every day."""


def of(text: str, first: date, start: date | None = None) -> Iterator[date]:
    return dates(parse_recurrence(text), first, start or first)


def written(text: str) -> list[date]:
    """`1997-09 2 4, 10 3` as dates: what follows a comma is a month, and of the next year where it falls."""
    year, found, month = 0, [], 0
    for group in text.split(","):
        head, *days = group.split()
        if "-" in head:
            year, month = map(int, head.split("-"))
        else:
            year, month = year + (int(head) <= month), int(head)
        found += [date(year, month, int(day)) for day in days]
    return found


# ---------------------------------------------------------------- the examples of the RFC, section 3.8.5.3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY;COUNT=10", "1997-9 2 3 4 5 6 7 8 9 10 11"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-9 2 12 22, 10 2 12"),
        ("FREQ=WEEKLY;COUNT=10", "1997-9 2 9 16 23 30, 10 7 14 21 28, 11 4"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1997-9 2 16 30, 10 14 28, 11 11 25, 12 9 23, 1 6 20, 2 3 17"),
        ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", "1997-9 2 4 9 11 16 18 23 25 30, 10 2"),
        (
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224;WKST=SU;BYDAY=MO,WE,FR",
            "1997-9 1 3 5 15 17 19 29, 10 1 3 13 15 17 27 29 31, 11 10 12 14 24 26 28, 12 8 10 12 22 24",
        ),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "1997-9 2 4 16 18 30, 10 2 14 16"),
        ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997-9 5, 10 3, 11 7, 12 5, 1 2, 2 6, 3 6, 4 3, 5 1, 6 5"),
        ("FREQ=MONTHLY;UNTIL=19971224;BYDAY=1FR", "1997-9 5, 10 3, 11 7, 12 5"),
        ("FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", "1997-9 7 28, 11 2 30, 1 4 25, 3 1 29, 5 3 31"),
        ("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997-9 22, 10 20, 11 17, 12 22, 1 19, 2 16"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", "1997-9 28, 10 29, 11 28, 12 29, 1 29, 2 26"),
        ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", "1997-9 2 15, 10 2 15, 11 2 15, 12 2 15, 1 2 15"),
        ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "1997-9 30, 10 1 31, 11 1 30, 12 1 31, 1 1 31, 2 1"),
        (
            "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
            "1997-9 10 11 12 13 14 15, 1999-3 10 11 12 13",
        ),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "1997-9 2 9 16 23 30, 11 4 11 18 25, 1 6 13 20 27, 3 3 10 17 24 31"),
        ("FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "1997-6 10, 7 10, 6 10, 7 10, 6 10, 7 10, 6 10, 7 10, 6 10, 7 10"),
        (
            "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
            "1997-3 10, 1999-1 10, 2 10, 3 10, 2001-1 10, 2 10, 3 10, 2003-1 10, 2 10, 3 10",
        ),
        (
            "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
            "1997-1 1, 4 10, 7 19, 2000-1 1, 4 9, 7 18, 2003-1 1, 4 10, 7 19, 2006-1 1",
        ),
        ("FREQ=YEARLY;BYDAY=20MO", "1997-5 19, 5 18, 5 17"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-5 12, 5 11, 5 17"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-3 13 20 27, 3 5 12 19 26, 3 4 11 18 25"),
        ("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "1997-6 5 12 19 26, 7 3 10 17 24 31, 8 7 14 21 28, 6 4 11 18 25"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1998-2 13, 3 13, 11 13, 8 13, 2000-10 13"),
        (
            "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
            "1997-9 13, 10 11, 11 8, 12 13, 1 10, 2 7, 3 7, 4 11, 5 9, 6 13",
        ),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996-11 5, 2000-11 7, 2004-11 2"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-8 5 10 19 24"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-8 5 17 19 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-1 15 30, 2 15, 3 15 30"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-9 4, 10 7, 11 6"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997-9 29, 10 30, 11 27, 12 30, 1 29, 2 26, 3 30"),
    ],
)
def test_the_examples_of_the_rfc_come_out(text: str, expected: str) -> None:
    days = written(expected)
    assert list(islice(of(text, days[0]), len(days))) == days
    if "COUNT" in text or "UNTIL" in text:
        assert list(of(text, days[0])) == days


# ---------------------------------------------------------------- what the RFC says and libraries differ in


def test_a_week_number_without_a_weekday_takes_the_weekday_of_the_first_date() -> None:
    """DTSTART says what the rule does not (3.3.10); dateutil gives all seven days."""
    assert list(of("FREQ=YEARLY;BYWEEKNO=1,20;COUNT=4", date(2026, 5, 13))) == [
        date(2026, 5, 13),
        date(2027, 1, 6),
        date(2027, 5, 19),
        date(2028, 1, 5),
    ]


def test_every_second_year_of_a_week_number_is_a_year_of_weeks() -> None:
    """The first week of 2026 begins in December 2025, and is not that of 2025."""
    assert list(of("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO;COUNT=3", date(2024, 1, 1))) == [
        date(2024, 1, 1),
        date(2025, 12, 29),
        date(2028, 1, 3),
    ]


def test_a_week_number_from_the_end_counts_the_weeks_of_its_own_year() -> None:
    """2026 has 53 weeks, so that its first is the 53rd from the end: it begins on 29 December 2025."""
    assert next(of("FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO", date(2024, 1, 1))) == date(2025, 12, 29)


def test_a_first_date_that_does_not_match_is_no_occurrence_and_is_not_counted() -> None:
    assert list(of("FREQ=WEEKLY;BYDAY=MO;COUNT=2", date(2026, 11, 3))) == [date(2026, 11, 9), date(2026, 11, 16)]


def test_a_rule_that_never_occurs_from_its_first_date_ends_and_does_not_search_for_ever() -> None:
    assert list(of("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", date(2025, 1, 1))) == []
    assert list(of("FREQ=MONTHLY;INTERVAL=12", date(2025, 2, 28), date(9980, 1, 1)))[-1] == date(9998, 2, 28)


def test_the_next_date_may_be_decades_away() -> None:
    assert next(of("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", date(2072, 3, 1))) == date(2112, 2, 29)
    assert next(of("FREQ=YEARLY;INTERVAL=100", date(2000, 1, 1), date(2000, 1, 2))) == date(2100, 1, 1)


def test_days_with_a_number_and_without_stand_side_by_side() -> None:
    """RFC 5545: a list names days, and each is meant; dateutil wants a day to be both."""
    assert list(of("FREQ=MONTHLY;BYDAY=MO,1TU;COUNT=6", date(2026, 11, 1))) == [
        date(2026, 11, day) for day in (2, 3, 9, 16, 23, 30)
    ]


# ---------------------------------------------------------------- random rules


def list_of(low: int, high: int, *, signed: bool = True) -> st.SearchStrategy[str]:
    numbers = st.integers(low, high)
    if signed:
        numbers = st.one_of(numbers, numbers.map(lambda number: -number))
    return st.lists(numbers.map(str), min_size=1, max_size=4).map(",".join)


weekdays = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
nths = st.one_of(st.sampled_from(["1", "2", "-1", "5", "-5"]), st.integers(1, 53).map(str))
by_day = st.one_of(
    st.lists(weekdays, min_size=1, max_size=4).map(",".join),
    st.lists(st.tuples(nths, weekdays).map("".join), min_size=1, max_size=4).map(",".join),
)
"""Days with a number or without; where both stand, dateutil wants a day to be both."""
FITTING = {
    "DAILY": ("BYMONTH", "BYDAY"),
    "WEEKLY": ("BYMONTH", "BYDAY", "BYSETPOS"),
    "MONTHLY": ("BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS"),
    "YEARLY": ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYSETPOS"),
}
"""Which lists go with which frequency, so that most random rules may stand."""
LISTS = {
    "BYMONTH": list_of(1, 12, signed=False),
    "BYWEEKNO": list_of(1, 53),
    "BYYEARDAY": list_of(1, 366),
    "BYMONTHDAY": list_of(1, 31),
    "BYDAY": by_day,
    "BYSETPOS": list_of(1, 6),
}
ends = st.one_of(
    st.just({}),
    st.sampled_from(["1", "3", "40"]).map(lambda count: {"COUNT": count}),
    DAYS.map(lambda day: {"UNTIL": day.strftime("%Y%m%d")}),
)


def rules_of(frequency: str) -> st.SearchStrategy[dict[str, str]]:
    """Rules of a frequency: its parts by name."""
    lists = {name: LISTS[name] for name in FITTING[frequency]}
    steps = st.sampled_from(["1", "1", "2", "3", "4", "13"])
    parts = st.fixed_dictionaries({"FREQ": st.just(frequency)}, optional={**lists, "INTERVAL": steps, "WKST": weekdays})
    return st.tuples(parts, ends).map(lambda both: {**both[0], **both[1]})


rules = st.sampled_from(sorted(FITTING)).flatmap(rules_of)


def text_of(parts: dict[str, str]) -> str:
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    assume(rrule_problem(text) is None)
    return text


def compared(days: Iterator[date], first: date) -> list[date]:
    end = first.replace(year=first.year + YEARS_COMPARED, day=1)
    return list(islice(takewhile(lambda day: day < end, days), COMPARED))


@given(rules, DAYS)
def test_dateutil_says_the_same_of_what_it_reads_as_the_rfc_does(parts: dict[str, str], first: date) -> None:
    text = text_of(parts)
    if "BYWEEKNO" in parts:  # the differences; and in January it takes this year's length for that of the last
        assume(parts.keys() & {"BYDAY", "BYMONTHDAY", "BYYEARDAY"})
        assume(parts.get("INTERVAL", "1") == "1")
        assume(not set(parts["BYWEEKNO"].split(",")) & {"52", "53"} and "-" not in parts["BYWEEKNO"])
        assume("BYSETPOS" not in parts)  # it counts the days of the calendar year, not of the week's
    if "BYSETPOS" in parts and parts["FREQ"] == "WEEKLY":  # it counts from the first date, not from its week's begin
        starts = ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(parts.get("WKST", "MO"))
        first -= timedelta(days=(first.weekday() - starts) % 7)
    theirs = (moment.date() for moment in rrulestr(text, dtstart=datetime.combine(first, time())))
    event(f"{parts['FREQ']} {'with' if len(parts) > 2 else 'without'} filters")
    assert compared(of(text, first), first) == compared(theirs, first)


@given(
    st.integers(0, 6),
    st.sampled_from([1, 2, 3]),
    st.lists(weekdays, min_size=1, max_size=7, unique=True),
    list_of(1, 7),
    DAYS,
)
def test_positions_of_weeks_are_those_of_whole_weeks(
    starts: int, interval: int, days: list[str], positions: str, first: date
) -> None:
    """Also of the week of the first date, which may begin before it."""
    names = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    text = f"FREQ=WEEKLY;INTERVAL={interval};WKST={names[starts]};BYDAY={','.join(days)};BYSETPOS={positions}"
    wanted, numbers = {names.index(day) for day in days}, {int(number) for number in positions.split(",")}
    begin = first - timedelta(days=(first.weekday() - starts) % 7)
    found: list[date] = []
    for week in range(0, 30, interval):
        whole = [begin + timedelta(days=7 * week + i) for i in range(7)]
        named = [day for day in whole if day.weekday() in wanted]
        found += [day for i, day in enumerate(named) if i + 1 in numbers or i - len(named) in numbers]
    end = begin + timedelta(days=7 * 30)
    assert list(takewhile(lambda day: day < end, of(text, first))) == [day for day in found if day >= first]


def week_of(day: date, starts: int) -> tuple[int, int]:
    """The year and the number of a day's week: those of its fourth day, which makes it the year of most of its days."""
    fourth = day + timedelta(days=3 - (day.weekday() - starts) % 7)
    return fourth.year, (fourth.timetuple().tm_yday - 1) // 7 + 1


def weeks_of(year: int, starts: int) -> int:
    """How many fourth days of weeks a year has."""
    days = (date(year, 1, 1) + timedelta(days=i) for i in range(366))
    return sum(day.year == year and (day.weekday() - starts) % 7 == 3 for day in days)


@given(st.integers(1900, 2200))
def test_weeks_that_begin_on_monday_are_those_of_the_iso_calendar(year: int) -> None:
    for day in (date(year, 1, 1), date(year, 1, 3), date(year, 6, 15), date(year, 12, 29), date(year, 12, 31)):
        assert week_of(day, 0) == day.isocalendar()[:2]
    assert weeks_of(year, 0) == date(year, 12, 28).isocalendar().week


@given(
    st.integers(0, 6),
    st.sampled_from([1, 1, 2, 3]),
    list_of(1, 53),
    st.one_of(st.none(), st.lists(weekdays, min_size=1, max_size=3)),
    DAYS,
)
def test_week_numbers_name_the_weeks_that_a_look_at_every_day_finds(
    starts: int, interval: int, weeks: str, days: list[str] | None, first: date
) -> None:
    names = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    text = f"FREQ=YEARLY;INTERVAL={interval};WKST={names[starts]};BYWEEKNO={weeks}"
    text += f";BYDAY={','.join(days)}" if days else ""
    numbers = {int(number) for number in weeks.split(",")}
    wanted = {names.index(day) for day in days or []} or {first.weekday()}
    totals = {year: weeks_of(year, starts) for year in range(first.year - 1, first.year + 15)}

    def is_one(day: date) -> bool:
        year, week = week_of(day, starts)
        return (
            day.weekday() in wanted
            and (year - week_of(first, starts)[0]) % interval == 0
            and bool(numbers & {week, week - totals[year] - 1})
        )

    end = first + timedelta(days=12 * 366)
    every = [first + timedelta(days=i) for i in range((end - first).days)]
    assert list(takewhile(lambda day: day < end, of(text, first))) == [day for day in every if is_one(day)]


@given(rules, DAYS, st.integers(0, 10_000))
def test_it_does_not_matter_from_which_day_one_looks(parts: dict[str, str], first: date, days: int) -> None:
    text, start = text_of(parts), first + timedelta(days=days)
    end = start + timedelta(days=1_500)

    def until_end(found: Iterator[date]) -> list[date]:
        return list(takewhile(lambda day: day < end, found))

    assert until_end(of(text, first, start)) == [day for day in until_end(of(text, first)) if day >= start]
