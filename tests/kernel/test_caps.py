"""Frequency caps: calendar and rolling, groups, zones, what counts and what is held."""

from __future__ import annotations

import pytest

from tests.kernel.programs import timeline


def test_a_cap_of_a_day_counts_the_contacts_calendar_day() -> None:
    timeline(
        "{when: a}",
        """
        hours  20.22.24.02.04.06
        does   AA....A..A.....
        r      !f....f..!.....
        """,
        step="1h",
        start="2026-11-02T20:00:00Z",
        zone="America/Toronto",
        policy="frequency: {max: 1, per: day}",
    )


def test_a_cap_of_a_week_begins_on_monday_also_across_the_year() -> None:
    timeline(
        "{when: a}",
        """
        does   AAAAAAAAA
        r      !ffff!fff
        """,
        step="1d",
        start="2026-12-30T12:00:00Z",  # a Wednesday; 2027-01-04 is the next Monday
        policy="frequency: {max: 1, per: week}",
    )


def test_a_cap_of_a_month_begins_on_the_first() -> None:
    timeline(
        "{when: a}",
        """
        does   A.A..A
        r      !.f..!
        """,
        step="10d",
        start="2026-12-10T12:00:00Z",
        policy="frequency: {max: 1, per: month}",
    )
    timeline(
        "{when: a}",
        """
        does   A....A
        r      !....!
        """,
        step="73d",
        start="2026-01-31T12:00:00Z",
        policy="frequency: {max: 1, per: month}",
    )


def test_a_calendar_cap_looks_at_past_firings_in_the_zone_of_the_gate() -> None:
    """Fired at 20:00 on Monday in UTC, which is Tuesday in Tokyo: there it fills Tuesday."""
    timeline(
        "{when: a}",
        """
        hours  20.22.24.02
        does   AU...A.VA
        r      !....f..!
        """,
        step="1h",
        start="2026-11-02T20:00:00Z",
        policy="frequency: {max: 1, per: day}",
        U={"type": "contact.updated", "timezone": "Asia/Tokyo"},
        V={"type": "contact.updated", "timezone": "UTC"},
    )


def test_a_rolling_cap_is_half_open() -> None:
    timeline(
        "{when: a}",
        """
        hours  0   1   2
        does   A..AA..AA
        r      !..f!..f!
        """,
        policy="frequency: {max: 1, per: 1h}",
    )


def test_a_rolling_cap_of_several_counts_firings_only() -> None:
    timeline(
        "{when: a}",
        """
        hours  0   1   2
        does   AAAAAAA.A
        r      !!ff!!f.!
        """,
        policy="frequency: {max: 2, per: 1h}",
    )


def test_several_caps_all_have_to_let_pass() -> None:
    timeline(
        "{when: a}",
        """
        does   A.A.A.A.A.A.A.A.A.
        r      !.!.!.!.f.f.f.!.!.
        """,
        step="12h",
        policy="frequency: [{max: 1, per: day}, {max: 4, per: 7d}]",
    )
    timeline(
        "{when: a}",
        """
        does   AAAAAA
        r      !f!f!f
        """,
        step="12h",
        policy="frequency: [{max: 1, per: day}, {max: 4, per: 7d}]",
    )


def test_a_firing_counts_at_its_release() -> None:
    timeline(
        "{when: a}",
        """
        hours  22........08........18.20
        does   A................A..A...
        r      ..........!......f..!...
        """,
        step="1h",
        start="2026-11-02T22:00:00Z",
        policy="quiet_hours: {from: '21:00', to: '08:00'}\nfrequency: {max: 1, per: 10h}",
    )


def test_a_cap_with_a_group_counts_and_holds_only_that_group() -> None:
    timeline(
        """
        - {id: one, when: a, group: intent}
        - {id: two, when: b, group: intent}
        - {id: news, when: c, group: news}
        - {id: none, when: d}
        """,
        """
        does  CDABDC
        one   ..!...
        two   ...f..
        news  !....!
        none  .!..!.
        """,
        policy="frequency: {max: 1, per: day, group: intent}",
    )


def test_a_cap_without_group_counts_every_group() -> None:
    timeline(
        """
        - {id: one, when: a, group: intent}
        - {id: none, when: d}
        """,
        """
        does  ADAD
        one   !.f.
        none  .!.f
        """,
        policy="frequency: [{max: 2, per: day}, {max: 5, per: day, group: intent}]",
    )


def test_transactional_rules_neither_use_a_cap_nor_are_held_by_it() -> None:
    timeline(
        """
        - {id: r, when: a}
        - {id: t, when: b, transactional: true}
        """,
        """
        does  BABA
        r     .!.f
        t     !.!.
        """,
        policy="frequency: {max: 1, per: day}",
    )


def test_an_exit_counts_in_no_cap() -> None:
    timeline(
        """
        - {id: r, when: b}
        - {id: vip, audience: {present: a, within: 15m}, emits: [entered, exited], transactional: false}
        """,
        """
        does  A.BB
        r     ..!f
        vip   ><..
        """,
        policy="frequency: {max: 2, per: day}",
    )


def test_within_an_instant_higher_priority_goes_first_then_rule_then_instance() -> None:
    timeline(
        """
        - {id: b, when: a}
        - {id: a, when: a}
        - {id: low, when: a, priority: 49}
        - {id: high, when: a, priority: 51}
        """,
        """
        does  A
        high  !
        a     !
        b     !
        low   f
        """,
        policy="frequency: {max: 3, per: day}",
    )


@pytest.mark.parametrize(("first", "second", "wins"), [(9, 10, 10), ("a", "Z", "Z"), ("é", "z", "z"), (1, "1", "1")])
def test_instances_go_by_the_bytes_of_their_canonical_json(first: object, second: object, wins: object) -> None:
    decisions = timeline(
        "{when: a, per: p}",
        """
        does   A
        does   B
        r      !
        r      f
        """,
        policy="frequency: {max: 1, per: day}",
        A={"p": first},
        B={"type": "a", "p": second},
    )
    shown = f'"{wins}"' if isinstance(wins, str) else str(wins)
    assert decisions[0].instance == f'{{"p":{shown}}}'


def test_candidates_alike_go_in_the_order_they_arose() -> None:
    fired, refused = timeline(
        "{when: a}",
        """
        does   A
        does   A
        r      !
        r      f
        """,
        policy="frequency: {max: 1, per: day}",
    )
    assert fired.events is not None
    assert fired.events.first == "0-000"
    assert refused.events is not None
    assert refused.events.first == "1-000"


def test_what_falls_due_is_gated_before_what_the_events_of_the_instant_cause() -> None:
    timeline(
        """
        - {id: due, when: a, wait: 1h, priority: 0}
        - {id: now, when: b, priority: 100}
        """,
        """
        does  A...B
        due   ....!
        now   ....f
        """,
        policy="frequency: {max: 1, per: day}",
    )


def test_a_wait_of_nothing_is_gated_with_what_the_events_of_its_instant_cause() -> None:
    timeline(
        """
        - {id: nothing, when: a, wait: 0s, priority: 0}
        - {id: now, when: b, priority: 100}
        """,
        """
        does     A
        does     B
        nothing  f
        now      !
        """,
        policy="frequency: {max: 1, per: day}",
    )
