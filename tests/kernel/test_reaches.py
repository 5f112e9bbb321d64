"""`reaches`: totals, thresholds crossed upwards, each once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.kernel.programs import timeline

MILESTONES = "{when: a, reaches: {sum: total, at: [250, 500, 1000]}}"


def test_a_sum_of_decimals_reaches_its_threshold_exactly() -> None:
    (fired,) = timeline(
        MILESTONES,
        """
        does   ABCD
        r      ...!
        """,
        A={"total": 68.74},
        B={"type": "a", "total": 96.47},
        C={"type": "a", "total": 8.51},
        D={"type": "a", "total": 76.28},
    )
    assert fired.threshold == 250
    assert fired.events is not None
    assert (fired.events.first, fired.events.last, fired.events.count) == ("0-003", "0-003", 1)


def test_a_sum_a_trifle_below_its_threshold_does_not_reach_it() -> None:
    timeline(
        "{when: a, reaches: {sum: total, at: [0.3]}}",
        """
        does   AAB
        r      ..!
        """,
        A={"total": 0.1},
        B={"type": "a", "total": 0.1},
    )
    timeline(
        "{when: a, reaches: {sum: total, at: [0.3]}}",
        """
        does   AAB
        r      ...
        """,
        A={"total": 0.1},
        B={"type": "a", "total": 0.0999999999999},
    )


def test_numbers_of_very_different_size_add_exactly() -> None:
    timeline(
        "{when: a, reaches: {sum: total, at: [100000000000000000000]}}",
        """
        does   ABAC
        r      ...!
        """,
        A={"total": 50000000000000000000},
        B={"type": "a", "total": -0.000000000001},
        C={"type": "a", "total": Decimal("1e-12")},
    )


def test_each_threshold_fires_once_also_when_the_sum_falls_and_rises_again() -> None:
    timeline(
        MILESTONES,
        """
        does   ABCBDB
        r      .!..!.
        """,
        A={"total": 200},
        B={"type": "a", "total": 100},
        C={"type": "a", "total": -150},
        D={"type": "a", "total": 250},
    )


def test_a_sum_beyond_a_used_threshold_still_crosses_the_next() -> None:
    fired = timeline(
        "{when: a, reaches: {count: true, at: [2, 3, 5]}}",
        """
        does   AAAAAA
        r      .!!.!.
        """,
    )
    assert [one.threshold for one in fired] == [2, 3, 5]
    assert len({one.trigger_id for one in fired}) == 3


def test_one_event_that_crosses_several_fires_the_highest() -> None:
    decisions = timeline(
        MILESTONES,
        """
        does   A..
        r      v..
        r      v..
        r      !..
        """,
        A={"total": 1000},
    )
    assert [one.threshold for one in decisions] == [250, 500, 1000]
    assert len({one.trigger_id for one in decisions}) == 3


def test_given_is_asked_at_the_crossing_and_a_refused_crossing_is_used_up() -> None:
    timeline(
        "{when: a, reaches: {count: true, at: [2, 4]}, given: {present: b, within: 1h}}",
        """
        hours  0   1   2
        does   AA.BAA....
        r      .....!....
        """,
    )


def test_given_is_asked_only_at_a_crossing() -> None:
    timeline(
        "{when: a, reaches: {count: true, at: [1, 3]}, given: {count: a, lte: 1}}",
        """
        does   AAA
        r      !..
        """,
    )


def test_fractions_may_be_thresholds() -> None:
    (fired,) = timeline(
        "{when: a, reaches: {sum: total, at: [0.25]}}",
        """
        does   AA
        r      .!
        """,
        A={"total": 0.2},
    )
    assert fired.threshold == Decimal("0.25")


def test_what_is_no_number_adds_nothing() -> None:
    timeline(
        "{when: a, reaches: {sum: total, at: [5]}}",
        """
        does   BCDEA
        r      ....!
        """,
        A={"total": 5},
        B={"type": "a", "total": "5"},
        C={"type": "a", "total": True},
        D={"type": "a"},
        E={"type": "a", "total": None},
    )


def test_each_instance_has_its_own_total_and_forgets_it_keep_after_its_newest_match() -> None:
    timeline(
        "{when: a, per: p, reaches: {count: true, at: [2]}, keep: 2d}",
        """
        does   AB.ABB.B
        does   .A......
        r      .!...!..
        """,
        step="1d",
        A={"p": 1},
        B={"type": "a", "p": 2},
    )


def test_a_forgotten_instance_may_reach_its_thresholds_again() -> None:
    fired = timeline(
        "{when: a, per: p, reaches: {count: true, at: [1]}, keep: 2d}",
        """
        does   AA.AA...AA
        r      !.......!.
        """,
        step="12h",
        A={"p": 1},
    )
    assert len({one.trigger_id for one in fired}) == 2


def test_without_per_a_total_lives_as_long_as_the_contact() -> None:
    timeline(
        "{when: a, reaches: {count: true, at: [2]}, keep: 2d}",
        """
        does   A.....AAXAA
        r      ......!...!
        """,
        step="1d",
        X={"type": "contact.deleted"},
    )


def test_an_event_that_lacks_a_same_property_does_not_count() -> None:
    timeline(
        "{when: a, reaches: {count: true, at: [2]}, unless: {event: b, same: p}}",
        """
        does   ACACA
        r      ...!.
        """,
        C={"type": "a", "p": 1},
    )


def test_fields_are_those_of_the_crossing_event() -> None:
    (fired,) = timeline(
        "{when: a, reaches: {count: true, at: [2]}, include: {p: p}}",
        """
        does   AC
        r      .!
        """,
        A={"p": 1},
        C={"type": "a", "p": 2},
    )
    assert fired.include == '{"p":2}'


@pytest.mark.parametrize("total", [250, 250.0, Decimal("250.00"), Decimal("2.5e2")])
def test_a_threshold_is_reached_by_whatever_spelling_of_its_number(total: object) -> None:
    timeline(MILESTONES, "does A\nr !", A={"total": total})
