"""`given`: history conditions, asked when an event would open an episode, that event included."""

from __future__ import annotations

import pytest

from tests.kernel.programs import timeline


def test_a_count_includes_the_event_that_asks() -> None:
    timeline(
        "{when: a, given: {count: a, within: 1h, gte: 2}}",
        """
        hours  0   1   2
        does   A..AA.......A
        r      ...!!........
        """,
    )


def test_a_window_is_half_open_an_event_as_old_as_it_counts_no_more() -> None:
    timeline(
        "{when: a, given: {count: a, within: 1h, gte: 2}}",
        """
        hours  0   1   2
        does   A...A..A...A
        r      .......!....
        """,
    )


@pytest.mark.parametrize(
    ("operator", "fires"),
    [
        pytest.param("eq: 2", ".!....", id="eq"),
        pytest.param("gt: 2", "..!!!!", id="gt"),
        pytest.param("gte: 2", ".!!!!!", id="gte"),
        pytest.param("lt: 2", "!.....", id="lt"),
        pytest.param("lte: 2", "!!....", id="lte"),
        pytest.param("lt: 2.5", "!!....", id="lt a fraction"),
        pytest.param("gt: 2.5", "..!!!!", id="gt a fraction"),
        pytest.param("eq: 2.5", "......", id="eq a fraction"),
        pytest.param("lt: 0", "......", id="lt nothing"),
        pytest.param("gt: 0", "!!!!!!", id="gt nothing"),
    ],
)
@pytest.mark.parametrize("within", ["", "within: 1d, "], ids=["ever", "windowed"])
def test_every_operator_compares_a_count(operator: str, fires: str, within: str) -> None:
    timeline(f"{{when: a, given: {{count: a, {within}{operator}}}}}", f"does AAAAAA\nr {fires}")


def test_a_windowed_count_falls_again_from_far_above_its_bound() -> None:
    timeline(
        "{when: b, given: {count: a, within: 1h, lte: 2}}",
        """
        hours  0   1   2
        does   AAAA........
        does   ..BBBBBBBB..
        does   ..A.........
        r      ......!!!!..
        """,
    )


def test_a_lifetime_count_never_forgets() -> None:
    timeline(
        "{when: a, given: {count: a, gte: 3}, keep: 1d}",
        """
        does   A.A..........A.A
        r      .............!.!
        """,
        step="1d",
    )


def test_a_sum_is_exact_over_decimals_and_events_that_leave_the_window() -> None:
    timeline(
        "{when: a, given: {sum: v, of: a, within: 1h, gte: 250}}",
        """
        hours  0   1   2
        does   ABCD...E
        r      ...!....
        """,
        A={"v": 68.74},
        B={"type": "a", "v": 96.47},
        C={"type": "a", "v": 8.51},
        D={"type": "a", "v": 76.28},
        E={"type": "a", "v": 249.99},
    )


def test_a_sum_of_amounts_that_left_the_window_is_exactly_nothing() -> None:
    timeline(
        "{when: b, given: {sum: v, of: a, within: 30m, eq: 0}}",
        """
        does   ACBBB
        r      ...!!
        """,
        A={"v": 0.1},
        C={"type": "a", "v": -0.3},
    )


def test_a_sum_leaves_out_what_is_no_number() -> None:
    timeline(
        "{when: b, given: {sum: v.w, of: a, eq: 3}}",
        """
        does   ACDEFGBHB
        r      ......!..
        """,
        A={"v": {"w": 3}},
        C={"type": "a", "v": {"w": "4"}},
        D={"type": "a", "v": {"w": True}},
        E={"type": "a", "v": {"w": None}},
        F={"type": "a", "v": 4},
        G={"type": "a"},
        H={"type": "a", "v": {"w": -0.5}},
    )


def test_distinct_counts_values_by_type_and_forgets_each_with_its_newest_event() -> None:
    timeline(
        "{when: b, given: {distinct: p, of: a, within: 1h, gte: 3}}",
        """
        hours  0   1   2   3   4
        does   ACDEBB.......ACDABB
        does   ...FF..............
        r      ....!............!.
        """,
        A={"p": 1},
        C={"type": "a", "p": "1"},
        D={"type": "a", "p": True},
        E={"type": "a", "p": 1.0},
        F={"type": "a", "p": {"x": 1}},
    )


def test_distinct_without_within_keeps_a_value_for_keep_after_its_newest_event() -> None:
    timeline(
        "{when: b, given: {distinct: p, of: a, gte: 2}, keep: 4d}",
        """
        does   AC.B.......
        does   ..A..BB....
        r      ...!.......
        """,
        step="1d",
        A={"p": 1},
        C={"type": "a", "p": 2},
    )


def test_present_and_absent_look_back_half_open() -> None:
    timeline(
        """
        - {id: absent, when: b, given: {absent: a, within: 1h}}
        - {id: present, when: b, given: {present: a, within: 1h}}
        """,
        """
        hours    0   1   2
        does     BA.BBB..
        present  ...!!...
        absent   !....!..
        """,
    )


def test_present_and_absent_without_within_look_at_all_there_was() -> None:
    timeline(
        """
        - {id: absent, when: b, given: {absent: a}, keep: 2d}
        - {id: present, when: b, given: {present: a}, keep: 2d}
        """,
        """
        does     BAB......B
        present  ..!......!
        absent   !.........
        """,
        step="1d",
    )


def test_all_conditions_of_a_list_have_to_hold() -> None:
    timeline(
        "{when: b, given: [{present: a, within: 1h}, {absent: c, within: 1h}]}",
        """
        hours  0   1   2
        does   BABCB.ABBB.
        r      ..!....!!!.
        """,
    )


def test_history_is_recorded_whether_or_not_the_event_arms() -> None:
    timeline(
        "{when: {event: a, where: {big: true}}, given: {count: {event: a, where: {n: {gt: 1}}}, gte: 2}}",
        """
        does   ACDA.
        r      .....
        does   ....E
        r      ....!
        """,
        A={"n": 1, "big": True},
        C={"type": "a", "n": 2},
        D={"type": "a", "n": 1},
        E={"type": "a", "n": 3, "big": True},
    )


def test_same_counts_only_events_of_the_asking_events_key() -> None:
    timeline(
        "{when: a, given: {count: a, same: p, within: 1h, gte: 2}}",
        """
        hours  0   1   2
        does   ACDA.D.A
        r      ...!....
        """,
        A={"p": 1},
        C={"type": "a", "p": 2},
        D={"type": "a"},
    )


def test_same_inside_the_match_is_the_same_as_on_the_condition() -> None:
    timeline(
        "{when: a, given: {count: {event: [a, b], same: p}, gte: 2}}",
        """
        does   ACDB.DC
        r      ......!
        """,
        A={"p": 1},
        C={"type": "a", "p": 2},
        B={"p": 3},
        D={"type": "a"},
    )


@pytest.mark.parametrize("measure", ["count: a, gte: 2", "sum: v, of: a, gte: 2", "distinct: v, of: a, gte: 2"])
def test_a_key_without_within_is_kept_for_keep_after_its_newest_event(measure: str) -> None:
    timeline(
        f"{{when: b, given: {{{measure}, same: p}}, keep: 5d}}",
        """
        does   AC..B.B....
        does   ..D.E......
        r      ....!......
        """,
        step="1d",
        A={"p": 1, "v": 1},
        C={"type": "a", "p": 1, "v": 2},
        D={"type": "a", "p": 2, "v": 9},
        E={"type": "b", "p": 3},
        B={"p": 1},
    )


@pytest.mark.parametrize("measure", ["present", "absent"])
def test_a_key_of_presence_is_kept_for_keep_after_its_newest_event(measure: str) -> None:
    rows = {"present": "...!..", "absent": "....!."}
    timeline(
        f"{{when: b, given: {{{measure}: a, same: p}}, keep: 3d}}",
        f"""
        does   AA.....
        does   ...BB..
        r      {rows[measure]}
        """,
        step="1d",
        A={"p": 1},
        B={"p": 1},
    )


def test_a_condition_is_not_asked_when_an_event_restarts_an_episode() -> None:
    timeline(
        "{when: a, wait: 1h, given: {count: a, lte: 1}}",
        """
        hours  0   1   2
        does   A..A..A.....A....
        r      ..........!......
        """,
    )


def test_a_condition_with_a_window_counts_the_event_at_its_very_start() -> None:
    """An event at `s` is inside for every instant in `[s, s + within)`, `s` included."""
    timeline(
        "{when: b, given: {present: a, within: 15m}}",
        """
        does   A.B..
        does   B.A..
        r      !....
        """,
    )
