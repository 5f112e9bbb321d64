"""A cache of values that are asked for again and again: bounded, and safe among threads.

Called by `input.bulk` and `input.event_times`. Workers of a runner may be threads that share one memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Values by key, as `compute` gives them; all are forgotten at once where there would be more than `number_max`.

    What a caller has been given never shrinks, whatever others ask meanwhile: to forget is to begin anew elsewhere.
    """

    def __init__(self, number_max: int, compute: Callable[[K], V]) -> None:
        self._number_max = number_max
        self._compute = compute
        self._known: dict[K, V] = {}

    def of(self, keys: AbstractSet[K]) -> Mapping[K, V]:
        """A mapping that holds the values of `keys`, among others."""
        known = self._known
        unknown = [key for key in keys if key not in known]
        if not unknown:
            return known
        if len(known) + len(unknown) > self._number_max:
            known, unknown = {}, list(keys)
        known.update({key: self._compute(key) for key in unknown})
        self._known = known
        return known
