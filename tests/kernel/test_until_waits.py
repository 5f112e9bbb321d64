"""`wait: {until: …}`: towards a date of the event or the contact, its local time, its moves."""

from __future__ import annotations

from typing import Any

import pytest

from kittiwake.model import Decision, Event
from kittiwake.time.instants import DAY_US, format_instant
from tests.kernel.execution_modes import decided_in_every_mode
from tests.kernel.programs import at, program, timeline

ARMED = "2026-03-01T00:00:00Z"
BIRTHDAY = "{when: contact.updated, wait: {until: contact.birthday}}"


def due(rule: str, written: Any, *, zone: str = "UTC", armed: str = ARMED, days: int = 450) -> list[str]:
    """When an event with the date falls due."""
    event = Event(at(armed), "1", "a", {"date": written})
    found = decided_in_every_mode(program(rule, zone=zone), [event], at(armed) + days * DAY_US)
    return [format_instant(one.time_us) if one.reason is None else str(one.reason) for one in found]


def until(**more: Any) -> str:
    """A rule that waits towards the date of its event."""
    fields = "".join(f", {name}: '{value}'" for name, value in more.items())
    return f"{{when: a, wait: {{until: date{fields}}}}}"


# ---------------------------------------------------------------- which instant


def test_a_date_without_time_means_nine_in_the_contacts_zone() -> None:
    assert due(until(), "2026-03-10") == ["2026-03-10T09:00:00Z"]
    assert due(until(), "2026-03-10", zone="America/Toronto") == ["2026-03-10T13:00:00Z"]
    assert due(until(), "2026-03-07", zone="America/Toronto") == ["2026-03-07T14:00:00Z"]


def test_at_names_the_local_time_and_offset_is_added_exactly() -> None:
    assert due(until(at="18:30"), "2026-03-10") == ["2026-03-10T18:30:00Z"]
    assert due(until(offset="-7d"), "2026-03-10", zone="America/Toronto") == ["2026-03-03T13:00:00Z"]
    assert due(until(offset="12h"), "2026-03-10") == ["2026-03-10T21:00:00Z"]


def test_a_value_with_time_ignores_at_and_the_zone() -> None:
    assert due(until(at="18:30"), "2026-03-10T10:00:00+02:00", zone="America/Toronto") == ["2026-03-10T08:00:00Z"]
    assert due(until(offset="-1h"), "2026-03-10T10:00:00.25Z") == ["2026-03-10T09:00:00.250000Z"]


def test_a_local_time_the_clock_skips_is_the_first_instant_after_the_gap() -> None:
    assert due(until(at="02:30"), "2026-03-08", zone="America/Toronto") == ["2026-03-08T07:00:00Z"]
    assert due(until(at="03:00"), "2026-03-08", zone="America/Toronto") == ["2026-03-08T07:00:00Z"]
    assert due(until(at="01:59"), "2026-03-08", zone="America/Toronto") == ["2026-03-08T06:59:00Z"]


def test_a_local_time_shown_twice_is_its_first_showing() -> None:
    assert due(until(at="01:30"), "2026-11-01", zone="America/Toronto") == ["2026-11-01T05:30:00Z"]
    assert due(until(at="02:00"), "2026-11-01", zone="America/Toronto") == ["2026-11-01T07:00:00Z"]


def test_a_whole_day_a_zone_skips_is_its_next_instant() -> None:
    armed = "2011-12-01T00:00:00Z"
    assert due(until(at="12:00"), "2011-12-30", zone="Pacific/Apia", armed=armed) == ["2011-12-30T10:00:00Z"]


@pytest.mark.parametrize(
    "written", ["soon", "2026-02-30", "2026-03-10T10:00:00", "20260310", "", 20260310, True, None, ["2026-03-10"]]
)
def test_what_is_neither_a_date_nor_a_time_with_offset_does_not_arm(written: Any) -> None:
    assert due(until(), written) == []


def test_due_at_the_arming_events_own_time_arms_and_earlier_does_not() -> None:
    assert due(until(at="00:00"), "2026-03-01") == ["2026-03-01T00:00:00Z"]
    assert due(until(), "2026-02-28T23:59:59.999999Z") == []
    assert due(until(), "0001-01-01") == []
    assert due(until(), "0001-01-01T00:00:00Z") == []


def test_the_longest_wait_arms_and_a_microsecond_more_is_a_limit() -> None:
    assert due(until(at="00:00"), "2027-04-05") == ["2027-04-05T00:00:00Z"]
    assert due(until(), "2027-04-05T00:00:00.000001Z") == ["limit"]
    assert due(until(), "9999-12-31") == ["limit"]
    assert due(until(), "9999-12-31T23:59:59Z") == ["limit"]


# ---------------------------------------------------------------- episodes


def test_a_match_whose_date_is_past_disarms_what_is_pending_and_does_not_arm() -> None:
    timeline(
        until(),
        """
        hours  0   1   2
        does   A.B...A....
        does   .......C...
        r      ..........!
        """,
        A={"date": "2026-11-02T02:30:00Z"},
        B={"type": "a", "date": "2026-11-02T00:15:00Z"},
        C={"type": "a", "date": "nonsense"},
    )


def test_a_match_whose_date_is_past_counts_only_without_restart() -> None:
    (fired,) = timeline(
        "{when: a, wait: {until: date}, restart: false}",
        """
        hours  0   1   2
        does   A.B....
        r      ....!..
        """,
        A={"date": "2026-11-02T01:00:00Z"},
        B={"type": "a", "date": "2026-11-02T00:15:00Z"},
    )
    assert fired.events is not None
    assert fired.events.count == 2


def test_a_match_whose_date_is_past_lets_a_deferred_candidate_stay() -> None:
    timeline(
        until(),
        """
        hours  20.22.24......07.09
        does   A..B................
        r      ............!......
        """,
        step="1h",
        start="2026-11-02T20:00:00Z",
        policy="quiet_hours: {from: '21:00', to: '08:00'}",
        A={"date": "2026-11-02T22:00:00Z"},
        B={"type": "a", "date": "2026-11-02T21:00:00Z"},
    )


def test_a_restart_takes_a_deferred_candidate_back() -> None:
    (fired,) = timeline(
        until(),
        """
        hours  20.22.24......07.09
        does   A..B................
        r      .............!.....
        """,
        step="1h",
        start="2026-11-02T20:00:00Z",
        policy="quiet_hours: {from: '21:00', to: '08:00'}",
        A={"date": "2026-11-02T22:00:00Z"},
        B={"type": "a", "date": "2026-11-03T09:00:00Z"},
    )
    assert fired.events is not None
    assert (fired.events.first, fired.events.count) == ("0-000", 2)


# ---------------------------------------------------------------- the contact's dates and zone


def story(rule: str, *events: tuple[str, str, dict[str, Any]], zone: str = "UTC", **more: Any) -> list[Decision]:
    """What comes of events at given instants."""
    given = [Event(at(time), f"{i}", name, properties) for i, (time, name, properties) in enumerate(events)]
    return decided_in_every_mode(program(rule, zone=zone, **more), given, at(events[-1][0]) + 450 * DAY_US)


def told(decisions: list[Decision]) -> list[tuple[str, str | None]]:
    return [(format_instant(one.time_us), one.reason and str(one.reason)) for one in decisions]


def updated(time: str, **attributes: Any) -> tuple[str, str, dict[str, Any]]:
    return time, "contact.updated", attributes


def test_an_event_sees_the_attributes_it_sets_itself() -> None:
    assert told(story(BIRTHDAY, updated(ARMED, birthday="2026-05-01"))) == [("2026-05-01T09:00:00Z", None)]


def test_another_event_arms_by_what_the_contact_said_before() -> None:
    rule = "{when: a, wait: {until: contact.plan.ends}}"
    found = story(rule, updated(ARMED, plan={"ends": "2026-05-01"}), ("2026-03-02T00:00:00Z", "a", {}))
    assert told(found) == [("2026-05-01T09:00:00Z", None)]


def test_a_changed_date_moves_what_is_pending() -> None:
    rule = "{when: a, wait: {until: contact.ends}}"
    armed = [updated(ARMED, ends="2026-05-01"), ("2026-03-02T00:00:00Z", "a", {})]
    assert told(story(rule, *armed, updated("2026-03-03T00:00:00Z", ends="2026-06-01"))) == [
        ("2026-06-01T09:00:00Z", None)
    ]
    assert told(story(rule, *armed, updated("2026-03-03T00:00:00Z", ends="2026-03-02"))) == []
    assert told(story(rule, *armed, updated("2026-03-03T09:00:00Z", ends="2026-03-03"))) == [
        ("2026-03-03T09:00:00Z", None)
    ]
    assert told(story(rule, *armed, updated("2026-03-03T00:00:00Z", ends=None))) == []
    assert told(story(rule, *armed, updated("2026-03-03T00:00:00Z", ends="soon"))) == []
    assert told(story(rule, *armed, updated("2026-03-03T00:00:00Z", other="2026-06-01"))) == [
        ("2026-05-01T09:00:00Z", None)
    ]


def test_a_date_that_comes_back_after_null_arms_nothing_by_itself() -> None:
    rule = "{when: a, wait: {until: contact.ends}}"
    found = story(
        rule,
        updated(ARMED, ends="2026-05-01"),
        ("2026-03-02T00:00:00Z", "a", {}),
        updated("2026-03-03T00:00:00Z", ends=None),
        updated("2026-03-04T00:00:00Z", ends="2026-06-01"),
    )
    assert found == []


def test_a_date_moved_beyond_the_longest_wait_leaves_a_limit_at_the_new_due_time() -> None:
    rule = "{when: a, wait: {until: contact.ends}}"
    armed = [updated(ARMED, ends="2026-05-01"), ("2026-03-02T00:00:00Z", "a", {})]
    (refused,) = story(rule, *armed, updated("2026-03-03T00:00:00Z", ends="2028-06-01"))
    assert told([refused]) == [("2028-06-01T09:00:00Z", "limit")]
    (fired,) = story(rule, *armed)
    assert refused.trigger_id == fired.trigger_id
    assert refused.decided_us == at("2026-03-03T00:00:00Z")


def test_a_changed_zone_moves_dates_without_time_only() -> None:
    plain, timed = {"date": "2026-03-10"}, {"date": "2026-03-10T09:00:00Z"}
    move = updated("2026-03-02T00:00:00Z", timezone="Asia/Tokyo")
    assert told(story(until(), (ARMED, "a", plain), move)) == [("2026-03-10T00:00:00Z", None)]
    assert told(story(until(), (ARMED, "a", timed), move)) == [("2026-03-10T09:00:00Z", None)]
    back = updated("2026-03-03T00:00:00Z", timezone=None)
    assert told(story(until(), (ARMED, "a", plain), move, back, zone="America/Toronto")) == [
        ("2026-03-10T13:00:00Z", None)
    ]


def test_a_name_that_is_no_zone_counts_as_missing() -> None:
    for name in ("Mars/Olympus", 5, "", {"a": "UTC"}):
        move = updated("2026-03-02T00:00:00Z", timezone=name)
        assert told(story(until(), (ARMED, "a", {"date": "2026-03-10"}), move, zone="Asia/Tokyo")) == [
            ("2026-03-10T00:00:00Z", None)
        ]


def test_a_zone_that_makes_the_due_time_past_disarms() -> None:
    armed = ("2026-03-10T02:00:00Z", "a", {"date": "2026-03-10"})
    move = updated("2026-03-10T03:00:00Z", timezone="Asia/Tokyo")  # there nine o'clock was three hours ago
    assert told(story(until(), armed, move)) == []


def test_a_deferred_candidate_stays_when_its_date_moves() -> None:
    timeline(
        "{when: a, wait: {until: contact.ends}}",
        """
        hours  20.22.24......07.09
        does   UA.V...............
        r      ............!......
        """,
        step="1h",
        start="2026-11-02T20:00:00Z",
        policy="quiet_hours: {from: '21:00', to: '08:00'}",
        U={"type": "contact.updated", "ends": "2026-11-02T22:00:00Z"},
        V={"type": "contact.updated", "ends": "2026-12-01"},
    )
