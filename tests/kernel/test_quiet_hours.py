"""Quiet hours: deferral, release on both nights the clock changes, supersession, all gates again on release."""

from __future__ import annotations

import pytest

from kittiwake.kernel.plan.policy import QuietHours
from kittiwake.kernel.run.eligibility import release_us
from kittiwake.model import Event
from kittiwake.time.instants import HOUR_US, MINUTE_US, format_instant
from tests.kernel.timeline import at, program, timeline
from tests.kernel.ways import settled_in_every_way

OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"
EVENING = "2026-11-02T20:00:00Z"


def released(zone: str, quiet: tuple[str, str], now: str) -> str:
    """When a candidate deferred now is released."""
    start, end = (int(text[:2]) * HOUR_US + int(text[3:]) * MINUTE_US for text in quiet)
    return format_instant(release_us(QuietHours(start, end), zone, at(now)))


# ---------------------------------------------------------------- inside and outside


def test_quiet_hours_begin_at_from_and_end_before_to() -> None:
    timeline(
        "{when: a}",
        """
        hours  20..21.........
        does   ...AA..........
        r      ...!..........d
        """,
        start=EVENING,
        policy=OVERNIGHT,
    )
    timeline(
        "{when: a, per: p}",
        """
        hours  07..08..
        does   ...AB...
        r      ....!...
        r      ....!...
        """,
        start="2026-11-03T07:00:00Z",
        policy=OVERNIGHT,
        A={"p": 1},
        B={"type": "a", "p": 2},
    )


def test_quiet_hours_may_lie_within_one_day() -> None:
    timeline(
        "{when: a}",
        """
        hours  11..12..13..14..
        does   ...AA......A....
        r      ...!.......v!...
        """,
        start="2026-11-03T11:00:00Z",
        policy="quiet_hours: {from: '12:00', to: '14:00'}",
    )


def test_the_contacts_zone_counts_else_the_accounts() -> None:
    timeline(
        "{when: a, per: p}",
        """
        hours  12.14
        does   AUBVC
        r      ..!.d
        r      ....d
        """,
        step="1h",
        start="2026-11-03T12:00:00Z",
        zone="Asia/Tokyo",
        policy=OVERNIGHT,
        A={"p": 1},
        B={"type": "a", "p": 2},
        C={"type": "a", "p": 3},
        U={"type": "contact.updated", "timezone": "Europe/Berlin"},
        V={"type": "contact.updated", "timezone": None},
    )


def test_a_transactional_rule_knows_no_quiet_hours() -> None:
    timeline("{when: a, transactional: true}", "does A\nr !", start="2026-11-02T23:00:00Z", policy=OVERNIGHT)


# ---------------------------------------------------------------- release


@pytest.mark.parametrize(
    ("zone", "quiet", "now", "expected"),
    [
        pytest.param("UTC", ("21:00", "08:00"), "2026-11-02T21:00:00Z", "2026-11-03T08:00:00Z", id="the next morning"),
        pytest.param("UTC", ("21:00", "08:00"), "2026-11-03T00:00:00Z", "2026-11-03T08:00:00Z", id="the same morning"),
        pytest.param("UTC", ("00:00", "08:00"), "2026-11-03T00:00:00Z", "2026-11-03T08:00:00Z", id="from midnight"),
        pytest.param("UTC", ("21:00", "00:00"), "2026-11-02T23:59:59Z", "2026-11-03T00:00:00Z", id="to midnight"),
        pytest.param(
            "America/Toronto", ("21:00", "08:00"), "2026-03-08T03:00:00Z", "2026-03-08T12:00:00Z", id="short night"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "08:00"), "2026-11-01T02:00:00Z", "2026-11-01T13:00:00Z", id="long night"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "02:30"), "2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z", id="ends in the gap"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "02:00"), "2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z", id="ends at the gap"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "03:00"), "2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z", id="ends after it"
        ),
        pytest.param(
            "America/Toronto", ("02:15", "02:45"), "2026-03-07T07:20:00Z", "2026-03-07T07:45:00Z", id="day before"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "01:30"), "2026-11-01T03:00:00Z", "2026-11-01T05:30:00Z", id="first showing"
        ),
        pytest.param(
            "America/Toronto", ("01:15", "01:30"), "2026-11-01T06:20:00Z", "2026-11-01T06:30:00Z", id="second showing"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "02:00"), "2026-11-01T05:30:00Z", "2026-11-01T07:00:00Z", id="back into them"
        ),
        pytest.param(
            "America/Toronto", ("01:30", "03:00"), "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z", id="jumps before"
        ),
        pytest.param(
            "Australia/Lord_Howe", ("21:00", "02:15"), "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z", id="half an hour"
        ),
        pytest.param(
            "Pacific/Apia", ("21:00", "08:00"), "2011-12-30T08:00:00Z", "2011-12-30T18:00:00Z", id="a day is skipped"
        ),
        pytest.param(
            "America/Sao_Paulo", ("23:00", "00:30"), "2018-11-04T02:30:00Z", "2018-11-04T03:00:00Z", id="no midnight"
        ),
    ],
)
def test_the_release_is_the_first_instant_the_local_clock_is_outside(
    zone: str, quiet: tuple[str, str], now: str, expected: str
) -> None:
    assert released(zone, quiet, now) == expected


def test_a_reminder_of_the_night_is_released_in_the_morning_and_tells_both_times() -> None:
    (fired,) = timeline(
        "{when: a, wait: 1h}",
        """
        hours  20.22.24......07.09
        does   .A.................
        r      ............!......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )
    assert format_instant(fired.time_us) == "2026-11-02T22:00:00Z"
    assert fired.fired_at_us == at("2026-11-03T08:00:00Z")


def test_the_release_is_worked_out_once_in_the_zone_of_the_deferral() -> None:
    """Berlin's morning, though the contact is in Tokyo by then, where it is afternoon."""
    timeline(
        "{when: a}",
        """
        hours  20.22.24......07.09
        does   .A.U...............
        r      ...........!.......
        """,
        step="1h",
        start=EVENING,
        zone="Europe/Berlin",
        policy=OVERNIGHT,
        U={"type": "contact.updated", "timezone": "Asia/Tokyo"},
    )


def test_a_release_into_quiet_hours_of_another_zone_defers_again() -> None:
    timeline(
        "{when: a}",
        """
        hours  20.22.24......07.09......16.18.
        does   .A.U...........................
        r      .................!.............
        """,
        step="1h",
        start=EVENING,
        zone="Europe/Berlin",
        policy=OVERNIGHT,
        U={"type": "contact.updated", "timezone": "America/Toronto"},
    )


# ---------------------------------------------------------------- all gates again


def test_on_release_it_passes_all_gates_again() -> None:
    overnight = """
        hours  20.22.24......07.09
        does   .A.W...............
        r      ............n......
        """
    timeline(
        "{when: a}",
        overnight,
        step="1h",
        start=EVENING,
        policy=f"{OVERNIGHT}\nconsent: {{purpose: news}}",
        W={"type": "consent.withdrawn"},
    )


def test_a_cap_filled_meanwhile_refuses_the_release() -> None:
    timeline(
        """
        - {id: held, when: a}
        - {id: other, when: b, transactional: false, priority: 90}
        """,
        """
        hours  20.22.24......07.09
        does   .A.................
        does   ..B................
        held   ............f......
        other  ............!......
        """,
        step="1h",
        start=EVENING,
        policy=f"{OVERNIGHT}\nfrequency: {{max: 1, per: day}}",
    )


def test_reentry_is_asked_on_release_of_what_fired_meanwhile() -> None:
    timeline(
        "{when: a, reentry: 1d}",
        """
        hours  20.22.24......07.09
        does   .AUA...............
        r      ...!........e......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
        U={"type": "contact.updated", "timezone": "America/Toronto"},
    )


@pytest.mark.parametrize(("expires", "outcome"), [("10h", "x"), ("10h1s", "!")])
def test_a_release_expires_or_more_after_it_was_due_has_expired(expires: str, outcome: str) -> None:
    written = {"10h": "10h", "10h1s": "PT10H1S"}[expires]
    timeline(
        f"{{when: a, expires: {written}}}",
        f"""
        hours  20.22.24......07.09
        does   ..A................
        r      ............{outcome}......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )


def test_the_default_expiry_is_three_days() -> None:
    (rule,) = program("{when: a}").rules
    assert rule.expires_us == 72 * HOUR_US


# ---------------------------------------------------------------- one place


def test_a_newer_candidate_deferred_itself_replaces_the_one_held() -> None:
    decisions = timeline(
        "{when: a, wait: [1h, 2h, 12h]}",
        """
        hours  20.22.24......07.09.
        does   .A..................
        r      ...v........!!......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )
    assert [one.reminder for one in decisions] == [0, 1, 2]


def test_a_newer_candidate_that_is_refused_replaces_nothing() -> None:
    timeline(
        "{when: a, wait: [1h, 2h]}",
        """
        hours  20.22.24......07.09.
        does   .AW.G...............
        r      ...n........!.......
        """,
        step="1h",
        start=EVENING,
        policy=f"{OVERNIGHT}\nconsent: {{purpose: news}}",
        W={"type": "consent.withdrawn"},
        G={"type": "consent.granted"},
    )


def test_candidates_without_wait_supersede_one_another_overnight() -> None:
    timeline(
        "{when: a}",
        """
        hours  20.22.24......07.09.
        does   .A..................
        does   .A.A................
        r      .v.v........!.......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )


def test_each_instance_holds_a_candidate_of_its_own() -> None:
    timeline(
        "{when: a, per: p}",
        """
        hours  20.22.24......07.09.
        does   .AB.................
        r      ............!.......
        r      ............!.......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
        A={"p": 1},
        B={"type": "a", "p": 2},
    )


def test_thresholds_supersede_one_another_overnight() -> None:
    decisions = timeline(
        "{when: a, reaches: {count: true, at: [1, 2]}}",
        """
        hours  20.22.24......07.09.
        does   .AA.................
        r      ..v.........!.......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )
    assert [one.threshold for one in decisions] == [1, 2]


def test_a_restart_takes_a_deferred_reminder_back_to_pending_and_leaves_no_row() -> None:
    decisions = timeline(
        "{when: a, wait: [1h, 9h]}",
        """
        hours  20.22.24......07.09.11.
        does   .A.....A................
        r      ............!...!.......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )
    assert [(one.reminder, one.events and one.events.count) for one in decisions] == [(0, 2), (1, 2)]
    assert format_instant(decisions[0].time_us) == "2026-11-03T04:00:00Z"


def test_without_restart_a_match_counts_in_the_deferred_candidate() -> None:
    (fired,) = timeline(
        "{when: a, wait: 1h, restart: false}",
        """
        hours  20.22.24......07.09.
        does   .A...A..............
        r      ............!.......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )
    assert fired.events is not None
    assert (fired.events.last, fired.events.count) == ("0-005", 2)


def test_an_episode_lasts_until_its_deferred_candidate_is_decided() -> None:
    fired = timeline(
        "{when: a, wait: 1h}",
        """
        hours  20.22.24......07.09.11
        does   .A..........A.........
        r      ............!!........
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )
    assert [one.events and one.events.first for one in fired] == ["0-001", "0-012"]


def test_reminders_released_and_due_at_one_instant_go_by_their_index() -> None:
    decisions = timeline(
        "{when: a, wait: [1h, 11h]}",
        """
        hours  20.22.24......07.09.
        does   .A..................
        r      ............!.......
        r      ............!.......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )
    assert [one.reminder for one in decisions] == [0, 1]


def test_a_run_that_ends_meanwhile_says_deferred() -> None:
    (deferred,) = timeline(
        "{when: a, wait: [1h, 12h]}",
        """
        hours  20.22.24
        does   .A...
        r      ....d
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )
    assert (deferred.reminder, deferred.fired_at_us) == (0, None)


def test_a_deferred_trigger_keeps_the_id_it_would_have_had() -> None:
    rule = "{when: a, wait: 1h}"
    event = Event(at("2026-11-02T21:00:00Z"), "1", "a")
    (by_day,) = settled_in_every_way(program(rule), [event], at("2026-11-03T12:00:00Z"))
    (by_night,) = settled_in_every_way(program(rule, OVERNIGHT), [event], at("2026-11-03T12:00:00Z"))
    (ended,) = settled_in_every_way(program(rule, OVERNIGHT), [event], at("2026-11-03T02:00:00Z"))
    assert by_day.trigger_id == by_night.trigger_id == ended.trigger_id
