"""Histories that showed a bug of the kernel."""

from __future__ import annotations

from kittiwake.time.instants import HOUR_US
from tests.kernel.programs import timeline

OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"


def test_a_reminder_that_is_refused_meanwhile_leaves_the_deferred_one_its_release() -> None:
    timeline(
        "{when: a, wait: [1h, 2h]}",
        """
        hours  20.22.24......07.09
        does   .AW................
        r      ...n........n......
        """,
        step="1h",
        start="2026-11-02T20:00:00Z",
        policy=f"{OVERNIGHT}\nconsent: {{purpose: news}}",
        W={"type": "consent.withdrawn"},
    )


def test_what_one_event_cancels_is_told_in_the_same_order_however_time_is_sliced() -> None:
    timeline(
        "{when: a, unless: b, per: p}",
        """
        hours  10..13.............
        does   A.........CA....B..
        r      !...............u..
        r      ................u..
        """,
        step="1h",
        start="2026-11-02T10:00:00Z",
        policy="quiet_hours: {from: '18:00', to: '08:00'}",
        A={"p": 1},
        C={"type": "a", "p": 2},
    )


def test_an_occurrence_that_left_a_limit_has_been_decided_and_does_not_come_again_in_its_episode() -> None:
    """Deferred overnight, the next date is too far ahead. At the match in the night it is not, but has its decision."""
    decisions = timeline(
        "{when: a, wait: {until: date, at: '00:00', repeat: 'FREQ=DAILY;INTERVAL=3'}}",
        """
        hours  20......04......12......20......04......12......20......04......12......20......04
        does   A.......A.........................................................................
        r      ....l...l...!.....................................................................
        """,
        step="1h",
        start="2026-11-02T20:00:00Z",
        policy=OVERNIGHT,
        limits={"max_wait_us": 70 * HOUR_US},
        A={"date": "2026-11-03"},
    )
    assert len({one.trigger_id for one in decisions}) == len(decisions)
