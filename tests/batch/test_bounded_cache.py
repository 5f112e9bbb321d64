"""What is remembered is bounded, and never taken from somebody who was given it."""

from __future__ import annotations

from kittiwake.bounded_cache import BoundedCache


def test_what_a_caller_was_given_never_shrinks() -> None:
    memory = BoundedCache(3, lambda number: number * 2)
    given = memory.of({1, 2})
    assert memory.of({3, 4}) == {3: 6, 4: 8}  # too many with the others, which are forgotten
    assert given == {1: 2, 2: 4}


def test_more_than_the_limit_at_once_is_answered_all_the_same() -> None:
    memory = BoundedCache(3, str)
    assert memory.of(set(range(9))).keys() >= set(range(9))
    assert len(memory.of({1})) == 9
    assert memory.of({100}) == {100: "100"}


def test_what_is_known_is_not_worked_out_again() -> None:
    asked: list[int] = []
    memory = BoundedCache(3, asked.append)
    for numbers in ({1, 2}, {1}, {2, 3}, {1, 2, 3}):
        memory.of(numbers)
    assert sorted(asked) == [1, 2, 3]
