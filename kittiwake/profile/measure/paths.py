"""Which paths of properties are kept where there are too many: the outer ones first, and of one depth those with the
smallest hashes.

Pure. An object whose keys are values (`prices: {sku-1: …, sku-2: …}`) has endless paths. What is kept depends on the
set of paths only; a path that was not kept is never taken up later, so whatever is kept is counted in full.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from typing import Any, Final

from kittiwake.profile.measure.hashes import ALL, hash_of
from kittiwake.rules.limits import PATH_CHARS_MAX

PATHS_MAX: Final = 10_000
"""Types and paths of one profile: a hundred types of a hundred properties each. Of 50 KB each, at the very worst."""

PATHS_OF_TYPE_MAX: Final = 300
"""Paths of one type of events. A type that has more has objects whose keys are values."""

ELEMENT: Final = "[]"
"""What stands in a path for the elements of a list; no key is called so that a rule could name."""

Key = tuple[str, ...]
"""The type of events, and the keys and lists that lead to a value."""

_UNREACHABLE: Final = re.compile(r"[.\[\]*]|^\s|\s$|^$")


def is_reachable(key: str) -> bool:
    """Whether a rule can name a property that has this key."""
    return len(key) <= PATH_CHARS_MAX and key.isprintable() and not _UNREACHABLE.search(key)


class Budget:
    """How many paths may be kept; `above` bounds them too."""

    def __init__(self, most: int, above: Budget | None = None) -> None:
        self._most = most
        self._above = above
        self._kept: list[tuple[int, str]] = []
        self._at: dict[str, tuple[dict[str, Any], str]] = {}
        self._limit: int | None = None
        self.left_out = False
        """Whether there were too many."""

    def keep(self, holder: dict[str, Any], key: str, path: Key, make: Callable[[], Any]) -> Any:
        """Put what `make` gives at a path into its holder; None: the path is not kept."""
        rank = _rank(path)
        if not self._admits(rank):
            return None
        made = holder[key] = make()
        self._put(rank, "\0".join(path), holder, key)
        return made if key in holder else None

    def _admits(self, rank: int) -> bool:
        admits = self._limit is None or rank < self._limit
        self.left_out |= not admits
        return admits and (self._above is None or self._above._admits(rank))

    def _put(self, rank: int, name: str, holder: dict[str, Any], key: str) -> None:
        heapq.heappush(self._kept, (-rank, name))
        self._at[name] = holder, key
        while len(self._at) > self._most:
            self._evict()
        if self._above is not None and name in self._at:  # above it counts only what is kept here
            self._above._put(rank, name, holder, key)

    def _evict(self) -> None:
        """Take away what has the greatest rank."""
        rank, name = heapq.heappop(self._kept)
        found = self._at.pop(name, None)
        if found is not None:
            holder, key = found
            holder.pop(key, None)
            self._limit = -rank
            self.left_out = True
            if self._above is not None:
                self._above._at.pop(name, None)


def _rank(path: Key) -> int:
    """What is deeper has a greater one."""
    return len(path) * ALL + hash_of("\0".join(path))
