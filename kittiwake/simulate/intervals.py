"""Intervals: how far a number that was counted may be from the one that was meant.

Pure. All are of 95 percent.
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

from kittiwake.simulate.model import Estimate

Z: Final = 1.959963984540054
"""Between minus and plus so many standard deviations lie 95 percent of a normal distribution."""

NONE_OF_MANY: Final = 3.0
"""Of what was met never, at most so many were expected: e**-3 is 5 percent."""


class Part(NamedTuple):
    """So many of a number."""

    hits: int
    number: int

    @property
    def value(self) -> float:
        """As a part of one; `number` is not 0."""
        return self.hits / self.number


def exactly(number: int) -> Estimate:
    """A number that was counted in all contacts."""
    return Estimate(number, number, number)


def scaled_up(number: int, squares: int, share: float) -> Estimate:
    """The number in all contacts, from those of a sample in which each contact is with the probability `share`.

    `squares`: the sum over contacts of the square of what each has. It lets the interval grow where few contacts have
    many. The estimate is that of Horvitz and Thompson.

    >>> scaled_up(0, 0, 0.05)
    Estimate(value=0.0, low=0.0, high=60.0)
    """
    if share >= 1:
        return exactly(number)
    if not number:
        return Estimate(0.0, 0.0, NONE_OF_MANY / share)
    value, half = number / share, Z * sqrt((1 - share) * squares) / share
    return Estimate(value, max(value - half, float(number)), value + half)


def wilson(part: Part) -> tuple[float, float]:
    """The score interval of a part; `number` is not 0.

    >>> [round(one, 4) for one in wilson(Part(81, 263))]
    [0.2553, 0.3662]
    """
    hits, number = part
    middle = (hits + Z * Z / 2) / (number + Z * Z)
    half = Z * sqrt(hits * (number - hits) / number + Z * Z / 4) / (number + Z * Z)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def difference(one: Part, other: Part) -> tuple[float, float, float]:
    """The difference of two independent parts, and its interval by Newcombe's score method (his tenth, of 1998).

    >>> [round(one, 4) for one in difference(Part(56, 70), Part(48, 80))]
    [0.2, 0.0524, 0.3339]
    """
    (low, high), (other_low, other_high) = wilson(one), wilson(other)
    found = one.value - other.value
    below = sqrt((one.value - low) ** 2 + (other_high - other.value) ** 2)
    above = sqrt((high - one.value) ** 2 + (other.value - other_low) ** 2)
    return found, found - below, found + above
