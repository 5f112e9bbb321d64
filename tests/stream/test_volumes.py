"""How many triggers are usual of a rule, and what is far from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.stream.volumes import FACTOR, NUMBER_MIN, OTHERS, WEEKS, DayCount, RuleVolume, bounded, volumes_of

COUNTS = st.lists(
    st.builds(
        DayCount,
        st.sampled_from("ab"),
        st.sampled_from("xyz"),
        st.integers(0, WEEKS),
        st.integers(0, 10**6),
        st.integers(0, 9),
    ),
    unique_by=lambda one: one[:3],
)


@given(COUNTS, st.integers(1, 7))
def test_of_however_many_rules_no_trigger_is_lost_and_no_more_are_named_than_may_be(
    counts: list[DayCount], rules_max: int
) -> None:
    found = volumes_of(counts)
    kept = bounded(found, rules_max)
    assert sum(one.number for one in kept) == sum(one.number for one in counts if one.weeks_ago == 0)
    assert sum(one.recalled for one in kept) == sum(one.recalled for one in counts if one.weeks_ago == 0)
    named = [one for one in kept if one.rule_id != OTHERS]
    assert len(named) <= rules_max
    assert len(named) == min(rules_max, len(found))
    left_out = [one for one in found if one not in named]
    assert all(
        max(one.number, one.usual or 0) >= max(other.number, other.usual or 0) for one in named for other in left_out
    )


@given(COUNTS)
def test_usual_is_the_middle_of_the_weeks_since_a_rule_first_fired(counts: list[DayCount]) -> None:
    for one in volumes_of(counts):
        own = {day.weeks_ago: day.number for day in counts if day[:2] == one[:2] and day.number}
        first = max(own, default=0)
        before = sorted(own.get(ago, 0) for ago in range(1, first + 1))
        assert (one.usual is None) == (first == 0)
        if one.usual is not None:
            assert before[(first - 1) // 2] <= one.usual <= before[first // 2]


@pytest.mark.parametrize(
    ("number", "usual", "unusual"),
    [
        (NUMBER_MIN * FACTOR, NUMBER_MIN, False),
        (NUMBER_MIN * FACTOR + 1, NUMBER_MIN, True),
        (NUMBER_MIN, 0, True),
        (NUMBER_MIN - 1, 0, False),
        (0, NUMBER_MIN, True),
        (0, NUMBER_MIN - 1, False),
        (NUMBER_MIN, NUMBER_MIN * FACTOR, False),
        (NUMBER_MIN - 1, NUMBER_MIN * FACTOR, True),
        (10**6, None, False),
    ],
)
def test_three_times_as_many_and_a_third_are_unusual_from_a_hundred_on_and_new_rules_are_not(
    number: int, usual: float | None, unusual: bool
) -> None:
    assert RuleVolume("acme", "cart", number, usual).is_unusual is unusual
