"""Zipf's law over a bounded number of ranks, of any size: rank k has a share in proportion to 1 / k to an exponent.

Rejection-inversion (Hörmann and Derflinger, 1996): no table, so a hundred million contacts cost as much as ten; the
exponent may be one or less, which numpy's own `zipf` does not have. Exact: a test compares it with the law.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class Zipf:
    """Ranks from 1 to `size`."""

    def __init__(self, size: int, exponent: float) -> None:
        self._size, self._exponent = size, exponent
        self._first = self._area(1.5) - 1.0
        self._last = self._area(size + 0.5)
        self._always = 2.0 - self._inverse(self._area(2.5) - 2.0**-exponent)
        """So far below its rank a value is taken without a further question."""

    def draw(self, rng: np.random.Generator, count: int) -> Any:
        """So many ranks."""
        found = np.empty(count, dtype=np.int64)
        missing = np.arange(count)
        while missing.size:
            area = self._last + rng.random(missing.size) * (self._first - self._last)
            value = self._inverse(area)
            rank = np.clip(np.floor(value + 0.5), 1, self._size)
            taken = (rank - value <= self._always) | (area >= self._area(rank + 0.5) - rank**-self._exponent)
            found[missing[taken]] = rank[taken]
            missing = missing[~taken]
        return found

    def share(self, rank: int) -> float:
        """The part that a rank has; of many ranks it takes as long as there are ranks, a million at most exactly."""
        ranks = np.arange(1, min(self._size, 1_000_000) + 1, dtype=float)
        total = float((ranks**-self._exponent).sum())
        total += float(self._area(self._size + 0.5) - self._area(ranks.size + 0.5))
        return float(rank**-self._exponent / total)

    def _area(self, value: Any) -> Any:
        """Below the curve, up to a value; near an exponent of 1 it is a logarithm."""
        log = np.log(value)
        return log * _expm1_ratio((1.0 - self._exponent) * log)

    def _inverse(self, area: Any) -> Any:
        return np.exp(area * _log1p_ratio(area * (1.0 - self._exponent)))


def _expm1_ratio(x: Any) -> Any:
    """(e^x - 1) / x, also where x is 0."""
    small = np.abs(x) < 1e-8
    return np.where(small, 1.0 + x / 2.0, np.expm1(x) / np.where(small, 1.0, x))


def _log1p_ratio(x: Any) -> Any:
    """log(1 + x) / x, also where x is 0."""
    small = np.abs(x) < 1e-8
    return np.where(small, 1.0 - x / 2.0, np.log1p(np.where(small, 0.0, x)) / np.where(small, 1.0, x))
