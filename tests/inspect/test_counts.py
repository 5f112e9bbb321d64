"""Counts in bounded memory: exact while they are small, and near enough beyond."""

from __future__ import annotations

from kittiwake.inspect.counts import HEAVY_MAX, Distinct, Heavy


def test_few_values_are_counted_exactly() -> None:
    counted = Distinct()
    for value, mark in ((b"a", "x"), (b"a", "x"), (b"b", "x"), (b"b", "y"), (b"c", "z")):
        counted.add(value, mark)
    assert (counted.number, counted.repeated, counted.of_several_marks, counted.is_exact) == (3, 2, 1, True)


def test_many_values_are_estimated_from_no_more_than_are_kept() -> None:
    counted = Distinct(capacity=2_000)
    for at in range(100_000):
        counted.add(str(at).encode(), "x")
        if at % 10 == 0:
            counted.add(str(at).encode(), "y")
        assert len(counted._seen) <= 2_000
    assert not counted.is_exact
    assert abs(counted.number - 100_000) < 10_000
    assert abs(counted.repeated - 10_000) < 2_500
    assert abs(counted.of_several_marks - 10_000) < 2_500


def test_who_comes_often_is_counted_exactly_beside_any_number_of_others() -> None:
    heavy = Heavy()
    for block in range(100):
        heavy.add([*["often"] * 100, *[f"{block}-{at}" for at in range(HEAVY_MAX // 20)]])
    assert not heavy.is_exact
    assert heavy.counts.most_common(1) == [("often", 10_000)]
    assert len(heavy.counts) <= HEAVY_MAX
