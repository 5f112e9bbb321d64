"""`repeat`: one occurrence pending at a time, its local date part of its identity."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

import pytest

from kittiwake.kernel.advance import advance
from kittiwake.kernel.evaluate import recurrence
from kittiwake.kernel.plan.wait import Repeat
from kittiwake.kernel.state.codec import decode, encode
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.reasons import Reason
from kittiwake.time.instants import DAY_US, format_instant
from tests.kernel.timeline import at, program, timeline
from tests.kernel.ways import CONTACT, settled_in_every_way

OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"


def dates(repeat: str, first: str, last: str, *, armed: str | None = None) -> list[str]:
    """The local dates of the occurrences that fire up to the day after `last`."""
    rule = f"{{when: a, wait: {{until: date, at: '00:00', repeat: '{repeat}'}}}}"
    event = Event(at(armed or f"{first}T00:00:00Z"), "1", "a", {"date": first})
    found = settled_in_every_way(program(rule, "retention: 1830d"), [event], at(f"{last}T12:00:00Z"))
    return [str(one.occurrence) for one in found if one.reason is None]


def instants(rule: str, *events: tuple[str, str, dict[str, Any]], until: str, zone: str = "UTC") -> list[str]:
    given = [Event(at(time), f"{i}", name, properties) for i, (time, name, properties) in enumerate(events)]
    found = settled_in_every_way(program(rule, zone=zone), given, at(until))
    assert len({one.trigger_id for one in found}) == len(found)
    return [format_instant(one.time_us) for one in found if one.reason is None]


@pytest.mark.parametrize(
    ("repeat", "first", "expected"),
    [
        ("daily", "2026-02-27", ["2026-02-27", "2026-02-28", "2026-03-01"]),
        ("weekly", "2026-02-27", ["2026-02-27", "2026-03-06", "2026-03-13"]),
        ("monthly", "2026-01-31", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("monthly", "2026-11-30", ["2026-11-30", "2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"]),
        ("monthly", "2026-10-31", ["2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31"]),
        ("monthly", "2027-12-29", ["2027-12-29", "2028-01-29", "2028-02-29", "2028-03-29"]),
        ("monthly", "2028-02-29", ["2028-02-29", "2028-03-29", "2028-04-29"]),
        ("yearly", "2024-02-29", ["2024-02-29", "2025-03-01", "2026-03-01", "2027-03-01", "2028-02-29"]),
        ("yearly", "2026-12-31", ["2026-12-31", "2027-12-31"]),
        ("FREQ=MONTHLY", "2026-01-31", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=WEEKLY;BYDAY=MO,FR", "2026-03-03", ["2026-03-06", "2026-03-09", "2026-03-13"]),
        ("RRULE:FREQ=MONTHLY;BYDAY=-1FR", "2026-03-03", ["2026-03-27", "2026-04-24"]),
        ("FREQ=DAILY;UNTIL=20260302", "2026-02-27", ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", "2026-03-01", ["2026-03-01", "2026-03-11", "2026-03-21"]),
        ("FREQ=YEARLY;BYWEEKNO=10", "2026-03-04", ["2026-03-04", "2027-03-10", "2028-03-08"]),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "2024-12-30", ["2024-12-30", "2025-12-29"]),
        ("FREQ=MONTHLY;BYDAY=1MO,SU", "2026-03-01", ["2026-03-01", "2026-03-02", "2026-03-08", "2026-03-15"]),
    ],
)
def test_occurrences_are_the_dates_of_the_calendar(repeat: str, first: str, expected: list[str]) -> None:
    assert dates(repeat, first, expected[-1]) == expected


@pytest.mark.parametrize(
    ("repeat", "first", "armed", "expected"),
    [
        ("yearly", "1980-02-29", "2026-03-01T00:00:00Z", ["2026-03-01", "2027-03-01"]),
        ("yearly", "1980-02-29", "2026-03-01T00:00:01Z", ["2027-03-01", "2028-02-29"]),
        ("yearly", "0004-02-29", "2027-12-31T00:00:00Z", ["2028-02-29"]),
        ("monthly", "1980-01-31", "2026-06-30T12:00:00Z", ["2026-07-31", "2026-08-31", "2026-09-30"]),
        ("monthly", "1980-01-31", "2026-06-30T00:00:00Z", ["2026-06-30", "2026-07-31"]),
        ("weekly", "1980-01-01", "2026-06-30T12:00:00Z", ["2026-07-07"]),
        ("daily", "1980-01-01", "2026-06-30T12:00:00Z", ["2026-07-01"]),
        ("FREQ=YEARLY;INTERVAL=4", "1980-02-29", "2027-12-31T00:00:00Z", ["2028-02-29"]),
    ],
)
def test_a_series_that_began_long_ago_goes_on_from_the_arming_event(
    repeat: str, first: str, armed: str, expected: list[str]
) -> None:
    assert dates(repeat, first, expected[-1], armed=armed) == expected


@pytest.mark.parametrize("first", ["1850-03-01", "1899-12-31"])
def test_a_rrule_that_begins_before_its_calendar_does_not_arm(first: str) -> None:
    assert dates("FREQ=MONTHLY", first, "2026-04-01", armed="2026-03-01T00:00:00Z") == []
    assert dates("FREQ=MONTHLY", "1900-01-01", "2026-03-01", armed="2026-03-01T00:00:00Z") == ["2026-03-01"]


@pytest.mark.parametrize(("first", "arms"), [("1899-12-31T23:00:00Z", 0), ("1900-01-01T10:00:00Z", 1)])
def test_a_repeated_instant_is_held_to_the_same_calendar(first: str, arms: int) -> None:
    armed = ("2026-03-01T00:00:00Z", "a", {"date": first})
    rule = "{when: a, wait: {until: date, repeat: yearly}}"
    assert len(instants(rule, armed, until="2027-02-01T00:00:00Z")) == arms


def test_a_series_that_is_over_disarms_and_does_not_arm() -> None:
    assert dates("FREQ=DAILY;COUNT=3", "2026-01-01", "2026-06-01", armed="2026-03-01T00:00:00Z") == []
    assert dates("FREQ=DAILY;COUNT=3", "2026-03-01", "2026-06-01") == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert dates("FREQ=DAILY;UNTIL=20260302", "2026-03-01", "2026-06-01") == ["2026-03-01", "2026-03-02"]
    assert dates("FREQ=MONTHLY;UNTIL=20271130", "2027-11-30", "2028-06-01") == ["2027-11-30"]


def test_occurrences_keep_the_local_time_through_summer_and_winter() -> None:
    rule = "{when: a, wait: {until: date, repeat: weekly}}"
    armed = ("2026-03-01T00:00:00Z", "a", {"date": "2026-03-01"})
    assert instants(rule, armed, until="2026-03-16T00:00:00Z", zone="America/Toronto") == [
        "2026-03-01T14:00:00Z",
        "2026-03-08T13:00:00Z",
        "2026-03-15T13:00:00Z",
    ]


def test_a_value_with_time_repeats_at_its_own_local_time() -> None:
    rule = "{when: a, wait: {until: date, repeat: weekly}}"
    armed = ("2026-03-01T00:00:00Z", "a", {"date": "2026-03-01T12:30:00Z"})
    assert instants(rule, armed, until="2026-03-09T00:00:00Z", zone="America/Toronto") == [
        "2026-03-01T12:30:00Z",
        "2026-03-08T11:30:00Z",
    ]


def test_a_state_of_the_release_before_keeps_its_pending_date_and_goes_on_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It had 1 March pending for a series of the 31st: that falls due, and the next is 31 March."""
    of_series = program("{when: a, wait: {until: date, at: '00:00', repeat: monthly}}", "retention: 1830d")
    armed = Event(at("2026-01-31T00:00:00Z"), "1", "a", {"date": "2026-01-31"})
    with monkeypatch.context() as before:
        before.setattr(recurrence, "_day_of_month", _first_of_the_next_month)
        old = advance(of_series, new_state(CONTACT), [armed], at("2026-02-15T00:00:00Z")).state
    found = advance(of_series, decode(encode(old)), [], at("2026-05-01T00:00:00Z")).decisions
    assert [str(one.occurrence) for one in found] == ["2026-03-01", "2026-03-31", "2026-04-30"]


def _first_of_the_next_month(_: Repeat, year: int, month: int, day: int) -> date:
    return date(year, month, day) if day <= monthrange(year, month)[1] else date(year, month + 1, 1)


def test_its_first_date_is_the_local_one() -> None:
    rule = "{when: a, wait: {until: date, repeat: monthly}}"
    armed = ("2026-03-01T00:00:00Z", "a", {"date": "2026-03-01T03:00:00Z"})
    found = settled_in_every_way(
        program(rule, zone="America/Toronto"), [Event(at(armed[0]), "1", "a", armed[2])], at("2026-04-01T12:00:00Z")
    )
    assert [str(one.occurrence) for one in found] == ["2026-02-28", "2026-03-28"]


@pytest.mark.parametrize("repeat", ["daily", "FREQ=DAILY"])
def test_the_first_occurrence_of_a_value_with_time_is_that_very_instant_in_the_hour_shown_twice_too(
    repeat: str,
) -> None:
    """In Toronto 01:30 of 1 November is shown at 05:30Z and at 06:30Z; the value names the second."""
    rule = f"{{when: a, wait: {{until: date, repeat: '{repeat}'}}}}"
    for named in ("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"):
        armed = ("2026-10-30T00:00:00Z", "a", {"date": named})
        assert instants(rule, armed, until="2026-11-03T00:00:00Z", zone="America/Toronto") == [
            named,
            "2026-11-02T06:30:00Z",
        ]


def test_a_later_occurrence_in_the_hour_shown_twice_is_its_first_showing() -> None:
    rule = "{when: a, wait: {until: date, repeat: weekly}}"
    armed = ("2026-10-20T00:00:00Z", "a", {"date": "2026-10-25T05:30:00Z"})
    assert instants(rule, armed, until="2026-11-09T00:00:00Z", zone="America/Toronto") == [
        "2026-10-25T05:30:00Z",
        "2026-11-01T05:30:00Z",
        "2026-11-08T06:30:00Z",
    ]


def test_the_first_occurrence_stays_that_instant_where_the_contact_moves() -> None:
    rule = "{when: a, wait: {until: date, repeat: daily}}"
    armed = ("2026-10-30T00:00:00Z", "a", {"date": "2026-11-01T06:30:00Z"})
    move = ("2026-10-31T00:00:00Z", "contact.updated", {"timezone": "Europe/Berlin"})
    assert instants(rule, armed, move, until="2026-11-03T00:00:00Z", zone="America/Toronto") == [
        "2026-11-01T06:30:00Z",
        "2026-11-02T06:30:00Z",
    ]


def test_a_series_armed_between_both_showings_of_its_first_instant_arms_for_the_second() -> None:
    rule = "{when: a, wait: {until: date, repeat: daily}}"
    armed = ("2026-11-01T06:00:00Z", "a", {"date": "2026-11-01T06:30:00Z"})
    assert instants(rule, armed, until="2026-11-01T12:00:00Z", zone="America/Toronto") == ["2026-11-01T06:30:00Z"]


def test_a_first_date_that_the_rrule_does_not_name_is_no_occurrence_though_it_has_a_time() -> None:
    rule = "{when: a, wait: {until: date, repeat: 'FREQ=WEEKLY;BYDAY=MO'}}"
    armed = ("2026-10-30T00:00:00Z", "a", {"date": "2026-11-01T06:30:00Z"})
    assert instants(rule, armed, until="2026-11-03T00:00:00Z", zone="America/Toronto") == ["2026-11-02T06:30:00Z"]


def test_an_offset_moves_every_occurrence_and_the_date_stays_that_of_the_occurrence() -> None:
    rule = "{when: a, wait: {until: date, at: '12:00', repeat: daily, offset: -36h}}"
    event = Event(at("2026-03-01T00:00:00Z"), "1", "a", {"date": "2026-03-01"})
    found = settled_in_every_way(program(rule), [event], at("2026-03-03T00:00:00Z"))
    assert [(str(one.occurrence), format_instant(one.time_us)) for one in found] == [
        ("2026-03-02", "2026-03-01T00:00:00Z"),
        ("2026-03-03", "2026-03-02T00:00:00Z"),
        ("2026-03-04", "2026-03-03T00:00:00Z"),
    ]


def test_an_unless_event_ends_the_series() -> None:
    timeline(
        "{when: a, wait: {until: date, at: '00:00', repeat: daily}, unless: b}",
        """
        does   A.......B......
        r      ..!.!.!.!......
        """,
        step="12h",
        A={"date": "2026-11-03"},
    )


def test_a_match_restarts_the_series_from_its_own_date_but_no_decided_date_comes_back() -> None:
    found = timeline(
        "{when: a, wait: {until: date, at: '00:00', repeat: daily}}",
        """
        does   A...B.........
        r      ..!.!.......!.
        """,
        step="12h",
        A={"date": "2026-11-03"},
        B={"type": "a", "date": "2026-11-08"},
    )
    assert [str(one.occurrence) for one in found] == ["2026-11-03", "2026-11-04", "2026-11-08"]
    assert [one.events and one.events.count for one in found] == [1, 1, 2]


def test_an_occurrence_decided_earlier_in_the_episode_does_not_come_back_with_a_restart() -> None:
    """At noon of the 4th a match names the 4th at 23:00 again, though its nine o'clock has been."""
    rule = "{when: a, wait: {until: date, repeat: daily}}"
    first = ("2026-11-03T00:00:00Z", "a", {"date": "2026-11-04"})
    again = ("2026-11-04T12:00:00Z", "a", {"date": "2026-11-04T23:00:00Z"})
    assert instants(rule, first, again, until="2026-11-06T00:00:00Z") == [
        "2026-11-04T09:00:00Z",
        "2026-11-05T23:00:00Z",
    ]


def test_a_changed_attribute_moves_the_series_and_null_ends_it() -> None:
    timeline(
        "{when: a, wait: {until: contact.day, at: '00:00', repeat: daily}}",
        """
        does   UA...V.......W...
        r      ..!.!.....!.!....
        """,
        step="12h",
        U={"type": "contact.updated", "day": "2026-11-03"},
        V={"type": "contact.updated", "day": "2026-11-07"},
        W={"type": "contact.updated", "day": None},
    )


def test_a_changed_zone_moves_the_pending_occurrence() -> None:
    rule = "{when: a, wait: {until: date, repeat: daily}}"
    armed = ("2026-11-03T00:00:00Z", "a", {"date": "2026-11-03"})
    move = ("2026-11-03T12:00:00Z", "contact.updated", {"timezone": "Asia/Tokyo"})
    assert instants(rule, armed, move, until="2026-11-05T12:00:00Z") == [
        "2026-11-03T09:00:00Z",
        "2026-11-04T00:00:00Z",
        "2026-11-05T00:00:00Z",
    ]


def test_the_next_occurrence_is_pending_while_one_is_deferred_and_a_match_leaves_that_one_deferred() -> None:
    """Quiet from 21:00 to 20:00: one at 23:00 is released at 20:00; a match meanwhile counts in it."""
    first, second = timeline(
        "{when: a, wait: {until: date, at: '23:00', repeat: daily}}",
        """
        hours  22.....05......13......21......05......13......21
        does   A......B.........................................
        r      ......................!.......................!..
        """,
        step="1h",
        start="2026-11-02T22:00:00Z",
        policy="quiet_hours: {from: '21:00', to: '20:00'}",
        A={"date": "2026-11-02"},
        B={"type": "a", "date": "2026-11-03"},
    )
    assert [str(one.occurrence) for one in (first, second)] == ["2026-11-02", "2026-11-03"]
    assert [one.events and (one.events.last, one.events.count) for one in (first, second)] == [("0-007", 2)] * 2


def test_an_occurrence_that_is_deferred_itself_supersedes_the_deferred_one() -> None:
    """The contact moves to where the clock is fourteen hours ahead: the next evening comes before the morning."""
    superseded, fired = timeline(
        "{when: a, wait: {until: date, at: '21:30', repeat: daily}}",
        """
        hours  20......00......04......08......12......16......20
        does   A...U............................................
        r      .......................v....................!....
        """,
        step="30m",
        start="2026-11-02T20:00:00Z",
        policy=OVERNIGHT,
        A={"date": "2026-11-02"},
        U={"type": "contact.updated", "timezone": "Pacific/Kiritimati"},
    )
    assert [str(one.occurrence) for one in (superseded, fired)] == ["2026-11-02", "2026-11-03"]


def test_an_unless_event_cancels_the_deferred_occurrence_and_the_pending_one() -> None:
    timeline(
        "{when: a, wait: {until: date, at: '07:00', repeat: daily}, unless: b}",
        """
        hours  06......12......18......00......06......12..
        does   A..B........................................
        r      ...u........................................
        """,
        step="30m",
        start="2026-11-03T06:00:00Z",
        policy=OVERNIGHT,
        A={"date": "2026-11-03"},
    )


def test_reentry_is_asked_of_each_occurrence() -> None:
    timeline(
        "{when: a, wait: {until: date, at: '00:00', repeat: daily}, reentry: 2d}",
        """
        does   A...........
        r      ..!.e.!.e.!.
        """,
        step="12h",
        A={"date": "2026-11-03"},
    )


def test_an_occurrence_beyond_the_longest_wait_leaves_a_limit_and_ends_the_series() -> None:
    decisions = timeline(
        "{when: a, wait: {until: date, at: '00:00', repeat: 'FREQ=DAILY;INTERVAL=3'}}",
        """
        does   A.............
        r      ..l...........
        r      ..!...........
        """,
        step="12h",
        limits={"max_wait_us": 2 * DAY_US},
        A={"date": "2026-11-03"},
    )
    assert [str(one.occurrence) for one in decisions] == ["2026-11-06", "2026-11-03"]
    assert decisions[0].time_us == at("2026-11-06T00:00:00Z")


def test_a_first_occurrence_beyond_the_longest_wait_does_not_arm() -> None:
    (refused,) = timeline(
        "{when: a, wait: {until: date, repeat: yearly}}",
        "does A.\nr l.",
        A={"date": "2028-01-01"},
    )
    assert refused.occurrence is None


@pytest.mark.parametrize("repeat", ["daily", "weekly", "monthly", "yearly", "FREQ=YEARLY", "FREQ=YEARLY;BYWEEKNO=52"])
@pytest.mark.parametrize("begins", ["9999-01-01", "9999-12-31", "9001-01-01", "9999-12-31T23:59:59.999999Z"])
def test_a_series_that_begins_at_the_end_of_the_calendar_is_too_far_ahead_not_past(repeat: str, begins: str) -> None:
    (refused,) = timeline(
        f"{{when: a, wait: {{until: date, repeat: '{repeat}'}}}}", "does A.\nr l.", A={"date": begins}
    )
    assert refused.reason is Reason.LIMIT


def test_a_changed_date_at_the_end_of_the_calendar_leaves_a_limit_for_its_occurrence() -> None:
    moved = timeline(
        "{when: a, wait: {until: contact.day, at: '00:00', repeat: yearly}}",
        """
        does   UA.V...
        r      ...l...
        """,
        step="12h",
        U={"type": "contact.updated", "day": "2026-11-05"},
        V={"type": "contact.updated", "day": "9999-12-31"},
    )
    assert [(str(one.occurrence), format_instant(one.time_us)) for one in moved] == [
        ("9999-12-31", "9999-12-31T00:00:00Z")
    ]


def test_an_rrule_that_pauses_for_decades_is_too_far_ahead_not_over() -> None:
    (refused,) = timeline(
        "{when: a, wait: {until: date, repeat: 'FREQ=YEARLY;INTERVAL=60'}}", "does A.\nr l.", A={"date": "2000-01-01"}
    )
    assert refused.reason is Reason.LIMIT
