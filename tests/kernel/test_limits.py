"""Limits, with tiny ones: what has no room is not remembered, does not arm and leaves one `suppressed: limit`."""

from __future__ import annotations

import pytest

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.reasons import Kind
from kittiwake.time.instants import DAY_US
from tests.kernel.timeline import timeline

ONE = {"p": 1, "v": 1}
TWO = {"type": "a", "p": 2, "v": 2}
THREE = {"type": "a", "p": 3, "v": 3}
KEYS = {"keys": 2}


def test_the_limits_are_those_of_the_documents() -> None:
    assert DEFAULT_LIMITS == (1_000, 10_000, 10_000, 400 * DAY_US, 4_000_000, 65_536, 65_536, 25_000)


# ---------------------------------------------------------------- instances


def test_a_pending_instance_takes_a_place_until_its_episode_ends() -> None:
    (refused, *_) = timeline(
        "{when: a, wait: 1h, per: p}",
        """
        hours  0   1   2
        does   ABC.C......
        r      ..l.!!..!..
        """,
        limits=KEYS,
        A=ONE,
        B=TWO,
        C=THREE,
    )
    assert (refused.instance, refused.time_us) == ('{"p":3}', refused.decided_us)
    assert refused.events is not None
    assert (refused.events.first, refused.events.last, refused.events.count) == ("0-002", "0-002", 1)


def test_at_the_limit_a_known_instance_still_restarts() -> None:
    timeline(
        "{when: a, wait: 45m, per: p}",
        """
        does   ABAB.....
        r      .....!!..
        """,
        limits=KEYS,
        A=ONE,
        B=TWO,
    )


def test_an_instance_disarmed_makes_room() -> None:
    timeline(
        "{when: a, wait: 1h, per: p, unless: {event: d, same: p}}",
        """
        hours  0   1   2
        does   ABDC....
        r      .....!.!
        """,
        limits=KEYS,
        A=ONE,
        B=TWO,
        C=THREE,
        D={"p": 1},
    )


def test_a_deferred_instance_takes_a_place() -> None:
    timeline(
        "{when: a, per: p}",
        """
        hours  20.22.24......07.09
        does   .ABC........C......
        r      ...l........!......
        r      ............!......
        r      ............!......
        """,
        step="1h",
        start="2026-11-02T20:00:00Z",
        policy="quiet_hours: {from: '21:00', to: '08:00'}",
        limits=KEYS,
        A=ONE,
        B=TWO,
        C=THREE,
    )


def test_an_instance_part_way_through_a_sequence_takes_a_place_until_its_chain_expires() -> None:
    timeline(
        "{when: {sequence: [a, b], within: 1h}, per: p}",
        """
        hours  0   1   2
        does   ABCCC.D
        r      ..ll..!
        """,
        limits=KEYS,
        A=ONE,
        B=TWO,
        C=THREE,
        D={"type": "b", "p": 3},
    )


def test_an_instance_summed_takes_a_place_for_keep() -> None:
    timeline(
        "{when: a, per: p, reaches: {count: true, at: [2]}, keep: 3d}",
        """
        does   ABCCC
        r      ..l.!
        """,
        step="1d",
        limits=KEYS,
        A=ONE,
        B=TWO,
        C=THREE,
    )


def test_an_instance_remembered_for_reentry_takes_a_place_as_long_as_it_is_remembered() -> None:
    timeline(
        "{when: a, per: p, reentry: 3d}",
        """
        does   ABCC
        r      !!l!
        """,
        step="1d",
        limits=KEYS,
        A=ONE,
        B=TWO,
        C=THREE,
    )


def test_without_memory_candidates_need_room_only_until_they_have_passed_the_gates() -> None:
    timeline(
        "{when: a, per: p}",
        """
        does   ABC
        does   ..A
        does   ..B
        r      !!l
        r      ..!
        r      ..!
        """,
        limits=KEYS,
        A=ONE,
        B=TWO,
        C=THREE,
    )


def test_each_rule_has_a_table_of_its_own() -> None:
    timeline(
        """
        - {id: one, when: a, wait: 1h, per: p}
        - {id: two, when: a, wait: 1h, per: v}
        """,
        """
        does  ABC....
        one   ..l.!!.
        two   ..l.!!.
        """,
        limits=KEYS,
        A=ONE,
        B=TWO,
        C=THREE,
    )


# ---------------------------------------------------------------- history


@pytest.mark.parametrize("measure", ["count: a, gte: 1", "present: a", "sum: v, of: a, gte: 1"])
@pytest.mark.parametrize("within", ["", ", within: 3d"])
def test_same_keys_of_a_condition_are_limited_and_a_forgotten_one_makes_room(measure: str, within: str) -> None:
    timeline(
        f"{{when: a, given: {{{measure}, same: p{within}}}, keep: 3d}}",
        """
        does   ABC.C
        r      !!l.!
        """,
        step="1d",
        limits=KEYS,
        A=ONE,
        B=TWO,
        C=THREE,
    )


@pytest.mark.parametrize(
    ("measure", "row"),
    [
        ("count: a, gte: 2", "..!!"),
        ("present: a", "!!!!"),
        ("sum: v, of: a, gte: 2", ".!!!"),
        ("distinct: v, of: a, gte: 1", "!!!!"),
    ],
)
@pytest.mark.parametrize("within", ["", ", within: 3d"])
def test_a_known_same_key_needs_no_room(measure: str, row: str, within: str) -> None:
    rule = f"{{when: a, given: {{{measure}, same: p{within}}}}}"
    timeline(rule, f"does ABAB\nr {row}", limits=KEYS, A=ONE, B=TWO)


@pytest.mark.parametrize("clause", ["within: 3d", "keep"])
def test_distinct_values_are_limited_and_a_known_one_needs_no_room(clause: str) -> None:
    within = ", within: 3d" if clause != "keep" else ""
    timeline(
        f"{{when: a, given: {{distinct: v, of: a, gte: 1{within}}}, keep: 3d}}",
        """
        does   ABCBC
        r      !!l!!
        """,
        step="1d",
        limits={"distinct": 2},
        A=ONE,
        B=TWO,
        C=THREE,
    )


def test_distinct_values_are_counted_over_all_keys() -> None:
    timeline(
        "{when: a, given: {distinct: v, of: a, same: p, gte: 1}}",
        """
        does   ABC
        r      !!l
        """,
        limits={"distinct": 2},
        A=ONE,
        B=TWO,
        C={"type": "a", "p": 1, "v": 3},
    )


def test_entries_of_a_windowed_sum_are_limited_and_make_room_as_they_leave() -> None:
    timeline(
        "{when: a, given: {sum: v, of: a, within: 1h, gte: 1}}",
        """
        hours  0   1   2
        does   AAA.AAA
        r      !!l.!!l
        """,
        limits={"sum_entries": 2},
        A=ONE,
    )


def test_entries_of_a_sum_are_counted_over_all_keys_and_a_lifetime_sum_has_none() -> None:
    timeline(
        """
        - {id: ever, when: a, given: {sum: v, of: a, gte: 1}}
        - {id: keyed, when: a, given: {sum: v, of: a, same: p, within: 1h, gte: 1}}
        """,
        """
        does   ABA
        ever   !!!
        keyed  !!l
        """,
        limits={"sum_entries": 2},
        A=ONE,
        B=TWO,
    )


def test_an_event_that_adds_nothing_needs_no_room() -> None:
    timeline(
        "{when: a, given: [{sum: v, of: a, within: 1h, gte: 1}, {distinct: v, of: a, gte: 1}]}",
        """
        does   ABB
        r      !!!
        """,
        limits={"sum_entries": 1, "distinct": 1},
        A=ONE,
        B={"type": "a", "v": None},
    )


def test_an_event_without_room_neither_arms_nor_restarts_nor_disarms_less() -> None:
    timeline(
        "{when: a, wait: 1h, given: {distinct: v, of: [a, b], gte: 1}, unless: b}",
        """
        hours  0   1   2
        does   A.C.....
        r      ..l.!...
        """,
        limits={"distinct": 1},
        A=ONE,
        C=THREE,
    )
    timeline(
        "{when: a, wait: 1h, given: {distinct: v, of: [a, b], gte: 1}, unless: b}",
        """
        hours  0   1   2
        does   A.B.....
        r      ..l.....
        """,
        limits={"distinct": 1},
        A=ONE,
        B={"v": 2},
    )


def test_an_event_without_room_in_two_ways_leaves_one_limit() -> None:
    timeline(
        "{when: {sequence: [a, b], within: 1d}, per: p, given: [{distinct: v, of: a, gte: 1}, {present: a, same: p}]}",
        """
        does   AB
        r      .l
        """,
        limits={"distinct": 1, "keys": 1},
        A=ONE,
        B=TWO,
    )


def test_two_events_without_room_leave_a_limit_each_with_ids_of_their_own() -> None:
    decisions = timeline(
        "{when: a, wait: 1h, per: p}",
        """
        does   A
        does   B
        does   C
        r      l
        r      l
        """,
        limits={"keys": 1},
        A=ONE,
        B=TWO,
        C=THREE,
    )
    assert len({one.trigger_id for one in decisions}) == 2


def test_an_audience_without_room_leaves_a_limit_of_kind_entered() -> None:
    decisions = timeline(
        "{audience: {distinct: v, of: a, gte: 2}, emits: [entered, exited]}",
        """
        does   ABC
        r      .>l
        """,
        limits={"distinct": 2},
        A=ONE,
        B=TWO,
        C=THREE,
    )
    assert [one.kind for one in decisions] == [Kind.ENTERED, Kind.ENTERED]


def test_an_event_without_per_is_refused_in_the_name_of_the_whole_rule() -> None:
    (refused,) = timeline(
        "{when: b, per: p, given: {distinct: v, of: a, gte: 1}}",
        """
        does   AC
        r      .l
        """,
        limits={"distinct": 1},
        A=ONE,
        C={"type": "a", "v": 3},
    )
    assert refused.instance == "{}"
