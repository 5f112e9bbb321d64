"""Counts in bounded memory: exact while they are small, and near enough beyond."""

from __future__ import annotations

from kittiwake.inspect.counts import HEAVY_MAX, Distinct, Heavy


def test_few_values_are_counted_exactly() -> None:
    counted = Distinct()
    counted.add([b"a", b"a", b"b", b"b"], ["x", "x", "x", "y"])
    counted.add([b"c"])
    assert (counted.number, counted.repeated, counted.of_several_marks, counted.is_exact) == (3, 2, 1, True)


def test_many_values_are_estimated_from_no_more_than_are_kept() -> None:
    counted = Distinct(capacity=2_000)
    for begin in range(0, 100_000, 1_000):
        values = [str(at).encode() for at in range(begin, begin + 1_000)]
        counted.add([*values, *values[::10]], ["x"] * 1_000 + ["y"] * 100)
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
