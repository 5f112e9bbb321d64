"""`audience`: membership in time, edges at the exact ends of look-backs, readiness, exits, deferral."""

from __future__ import annotations

import pytest

from kittiwake.reasons import Kind
from tests.kernel.programs import START, at, ids_of, timeline

PRESENT = "{audience: {present: a, within: 1h}, emits: [entered, exited]}"
OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"
EVENING = "2026-11-02T20:00:00Z"


def test_an_edge_is_taken_at_the_event_and_at_the_exact_end_of_the_look_back() -> None:
    entered, exited = timeline(
        PRESENT,
        """
        hours  0   1   2
        does   A..A......
        r      >......<..
        """,
    )
    assert (entered.kind, ids_of(entered)) == (Kind.ENTERED, ("0-000", "0-000", 1))
    assert (exited.kind, exited.events) == (Kind.EXITED, None)
    assert exited.time_us == exited.fired_at_us == at(START) + 7 * 900_000_000


def test_an_event_at_the_end_of_the_look_back_finds_the_contact_gone() -> None:
    """The first part of the instant takes the exit, the second the entry: two edges, two ids."""
    decisions = timeline(
        PRESENT,
        """
        hours  0   1   2
        does   A...A....
        r      >...<...<
        r      ....>....
        """,
    )
    assert len({one.trigger_id for one in decisions}) == 4


def test_an_exit_that_is_not_emitted_leaves_nothing() -> None:
    timeline(
        "{audience: {present: a, within: 1h}}",
        """
        does   A....A.
        r      >....>.
        """,
    )


def test_membership_is_looked_at_when_an_absence_begins_to_hold() -> None:
    timeline(
        "{audience: {all: [{present: a, within: 3h}, {absent: b, within: 1h}]}, emits: [entered, exited]}",
        """
        hours  0   1   2   3   4
        does   A..B..B...........
        r      >..<......>.<.....
        """,
    )


def test_nobody_is_a_member_before_the_first_event_whatever_it_is() -> None:
    entered, _ = timeline(
        "{audience: {absent: a, within: 1h}, emits: [entered, exited]}",
        """
        does   ..U.A...
        r      ..>.<...
        """,
        U={"type": "contact.updated"},
    )
    assert ids_of(entered) == ("0-002", "0-002", 1)


def test_an_event_no_rule_names_is_a_first_event_too() -> None:
    timeline(
        "{audience: {not: {present: a, within: 1h}}}",
        """
        does   .X..
        r      .>..
        """,
    )


@pytest.mark.parametrize(
    "tree",
    [
        "{any: [{present: a}, {absent: b}]}",
        "{all: [{absent: a}, {count: b, lt: 1}]}",
        "{not: {any: [{present: a}, {sum: n, of: b, gt: 0}]}}",
        "{distinct: n, of: a, lte: 0}",
    ],
)
def test_whatever_holds_of_nothing_is_entered_at_the_first_event(tree: str) -> None:
    timeline(f"{{audience: {tree}}}", "does .X..\nr .>..")


@pytest.mark.parametrize("tree", ["{all: [{present: a}, {absent: b}]}", "{not: {any: [{present: a}, {absent: b}]}}"])
def test_whatever_does_not_hold_of_nothing_is_not(tree: str) -> None:
    timeline(f"{{audience: {tree}}}", "does .X..\nr ....")


def test_time_before_1970_is_time_like_any_other() -> None:
    timeline(
        "{audience: {present: a}, live_from: '1960-01-01T01:00:00Z'}",
        """
        hours  0   1
        does   A.....
        r      r...>.
        """,
        start="1960-01-01T00:00:00Z",
    )


def test_a_tree_is_all_any_and_not_of_its_leaves() -> None:
    timeline(
        """
        audience:
          any:
            - all: [{present: a, within: 1h}, {not: {present: b, within: 1h}}]
            - {count: c, within: 1h, gte: 2}
        emits: [entered, exited]
        """,
        """
        hours  0   1   2   3
        does   A.B.C.C.......
        r      >.<...>.<.....
        """,
    )


def test_a_windowed_sum_is_looked_at_whenever_an_event_leaves_it() -> None:
    timeline(
        "{audience: {sum: v, of: a, within: 1h, gte: 10}, emits: [entered, exited]}",
        """
        hours  0   1   2
        does   AB.C.......
        r      .>.<><.....
        """,
        A={"v": -5},
        B={"type": "a", "v": 15},
        C={"type": "a", "v": -3},
    )


def test_distinct_values_leave_one_by_one() -> None:
    timeline(
        "{audience: {distinct: p, of: a, within: 1h, gte: 2}, emits: [entered, exited]}",
        """
        hours  0   1   2
        does   ACA.......
        r      .>...<....
        """,
        A={"p": 1},
        C={"type": "a", "p": 2},
    )


def test_distinct_values_without_within_leave_after_keep() -> None:
    timeline(
        "{audience: {distinct: p, of: a, gte: 2}, emits: [entered, exited], keep: 2d}",
        """
        does   A.C.....
        r      ..>.<...
        """,
        step="12h",
        A={"p": 1},
        C={"type": "a", "p": 2},
    )


@pytest.mark.parametrize(
    ("condition", "edges"),
    [
        pytest.param("lte: 2", ">.<....>......", id="lte"),
        pytest.param("eq: 2", ".><....><.....", id="eq"),
        pytest.param("gt: 2.5", "..>....<......", id="gt a fraction"),
    ],
)
def test_a_count_far_above_its_bound_comes_down_exactly_as_its_events_leave(condition: str, edges: str) -> None:
    timeline(
        f"{{audience: {{count: a, within: 75m, {condition}}}, emits: [entered, exited]}}",
        f"""
        hours  0   1   2   3
        does   AAAAA.........
        r      {edges}
        """,
    )


def test_lifetime_totals_have_no_end() -> None:
    timeline(
        "{audience: {all: [{count: a, gte: 2}, {sum: v, of: a, lt: 5}, {present: a}]}, emits: [entered, exited]}",
        """
        does   A.A.......A.
        r      ..>.......<.
        """,
        step="100d",
        policy="retention: 1000d",
        A={"v": 2},
    )


def test_where_looks_at_the_contact_as_it_is_at_the_event() -> None:
    timeline(
        """
        audience: {present: {event: a, where: {contact: {tier: gold}}}, within: 1h}
        include: {tier: contact.tier, none: contact.nothing}
        """,
        """
        does   AUAV.....AUA
        r      ..>........>
        """,
        U={"type": "contact.updated", "tier": "gold"},
        V={"type": "contact.updated", "tier": None},
    )


def test_an_edge_tells_the_attributes_of_its_instant() -> None:
    entered, exited = timeline(
        "{audience: {present: a, within: 1h}, emits: [entered, exited], include: {tier: contact.tier}}",
        """
        does   UAV....
        r      .>...<.
        """,
        U={"type": "contact.updated", "tier": "gold"},
        V={"type": "contact.updated", "tier": "lead"},
    )
    assert (entered.include, exited.include) == ('{"tier":"gold"}', '{"tier":"lead"}')


# ---------------------------------------------------------------- readiness


def test_members_at_live_from_enter_at_that_instant() -> None:
    _, entered, _ = timeline(
        "{audience: {present: a, within: 1h}, emits: [entered, exited], live_from: '2026-11-02T00:45:00Z'}",
        """
        hours  0   1   2
        does   A.........
        r      r..><.....
        """,
    )
    assert entered.events is None


def test_nobody_enters_at_live_from_who_is_no_member_or_has_had_no_event() -> None:
    rule = "{audience: {absent: a, within: 30m}, emits: [entered, exited], live_from: '2026-11-02T00:45:00Z'}"
    timeline(
        rule,
        """
        does   .....U..
        r      .....>..
        """,
        U={"type": "contact.updated"},
    )
    timeline(
        rule,
        """
        does   U.A.....
        r      r.o.>...
        """,
        U={"type": "contact.updated"},
    )


def test_a_look_back_that_ends_at_live_from_has_ended() -> None:
    (entered,) = timeline(
        "{audience: {all: [{present: a}, {absent: b, within: 30m}]}, live_from: '2026-11-02T00:45:00Z'}",
        """
        does   .B.....
        does   .A.....
        r      ...>...
        """,
    )
    assert entered.events is None
    timeline(
        "{audience: {present: a, within: 45m}, emits: [entered, exited], live_from: '2026-11-02T00:45:00Z'}",
        """
        does   A......
        r      r..o...
        """,
    )


def test_an_event_at_live_from_makes_an_edge_of_its_own() -> None:
    (entered,) = timeline(
        "{audience: {present: a, within: 1h}, live_from: '2026-11-02T00:45:00Z'}",
        """
        does   ...A.
        r      ...>.
        """,
    )
    assert entered.events is not None


def test_a_member_at_live_from_enters_though_entered_was_refused_and_leaves_as_one_who_entered() -> None:
    timeline(
        "{audience: {present: a, within: 1h}, emits: [entered, exited], live_from: '2026-11-02T00:30:00Z'}",
        """
        does   A.A.....
        r      r.>...<.
        """,
    )


def test_history_from_adds_the_longest_look_back_of_the_tree() -> None:
    timeline(
        "{audience: {all: [{present: a, within: 1h}, {absent: b, within: 30m}, {count: c, lte: 5}]}}",
        """
        hours  0   1   2
        does   A.A......A..
        r      r...>....>..
        """,
        policy="history_from: 2026-11-02T00:00:00Z",
    )


# ---------------------------------------------------------------- exits


def test_an_exit_fires_only_if_the_last_entered_fired() -> None:
    timeline(
        "{audience: {present: a, within: 1h}, emits: [entered, exited], reentry: 3h}",
        """
        hours  0   1   2   3   4
        does   A.....A.....A.....
        r      >...<.e...o.>...<.
        """,
    )


def test_an_exit_passes_no_gate() -> None:
    timeline(
        PRESENT,
        """
        does   A.W...A....
        r      >...<.n...o
        """,
        policy="consent: {purpose: news}",
        W={"type": "consent.withdrawn"},
    )


def test_an_audience_rule_knows_no_quiet_hours_and_no_caps_unless_it_is_written() -> None:
    timeline(
        PRESENT,
        """
        does   .A......A.....
        r      .>...<..>...<.
        """,
        start="2026-11-02T22:00:00Z",
        policy=f"{OVERNIGHT}\nfrequency: {{max: 1, per: day}}",
    )


def test_a_deferred_entered_is_cancelled_by_its_exit() -> None:
    timeline(
        "{audience: {present: a, within: 2h}, emits: [entered, exited], transactional: false}",
        """
        hours  20.22.24......07.09.
        does   .A............A.....
        r      ...w..........>.<...
        r      ...o................
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )


def test_a_deferred_entered_is_cancelled_by_an_exit_that_is_not_emitted_too() -> None:
    timeline(
        "{audience: {present: a, within: 2h}, transactional: false}",
        """
        hours  20.22.24......07.09.
        does   .A..................
        r      ...w................
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )


def test_a_deferred_entered_fires_at_its_release_and_its_exit_after_it() -> None:
    entered, exited = timeline(
        "{audience: {present: a, within: 12h}, emits: [entered, exited], transactional: false}",
        """
        hours  20.22.24......07.09.
        does   .A..................
        r      ............><......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )
    assert (entered.time_us, entered.fired_at_us) == (at("2026-11-02T21:00:00Z"), at("2026-11-03T08:00:00Z"))
    assert exited.time_us == at("2026-11-03T09:00:00Z")


def test_an_exit_at_the_release_comes_with_it_and_the_entered_goes_first() -> None:
    """Ends and releases of one instant are gated together; what was due earlier goes first."""
    timeline(
        "{audience: {present: a, within: 11h}, emits: [entered, exited], transactional: false}",
        """
        hours  20.22.24......07.09.
        does   .A..................
        r      ............>.......
        r      ............<.......
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )


def test_a_deleted_contact_is_no_member_and_enters_anew() -> None:
    timeline(
        PRESENT,
        """
        does   A.X.A.....
        r      >...>...<.
        """,
        X={"type": "contact.deleted"},
    )


def test_edges_of_one_instant_are_taken_event_by_event() -> None:
    decisions = timeline(
        "{audience: {all: [{present: a, within: 1h}, {absent: b, within: 30m}]}, emits: [entered, exited]}",
        """
        hours  0   1   2
        does   A.......
        does   B.......
        r      >.>.<...
        r      <.......
        """,
    )
    assert [one.kind for one in decisions] == [Kind.ENTERED, Kind.EXITED, Kind.ENTERED, Kind.EXITED]
