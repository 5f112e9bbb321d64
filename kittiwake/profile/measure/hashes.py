"""Hashes that are the same in every process, and what is kept of too many things: those with the smallest hashes.

Pure. A hash is a number below 2**64. What is among the smallest of all hashes was among the smallest of those before,
so whatever is kept at the end was kept from the first time it came: nothing of it was missed, whatever the order.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, Generic, TypeVar

from kittiwake.values import Scalar, canonical

ALL: Final = 2**64
"""Every hash is smaller."""

DISTINCT_MAX: Final = 1_024
"""Hashes from which a number of different things is estimated: with 1,024 it is off by 3 % as a rule, in 8 KB."""

V = TypeVar("V")


def hash_of(text: str) -> int:
    """The hash of a text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def hashes_of(texts: Iterable[str]) -> array[int]:
    """The hashes of many texts, in their order."""
    found = array("Q", b"".join([blake2b(text.encode(), digest_size=8).digest() for text in texts]))
    if sys.byteorder == "big":
        found.byteswap()
    return found


def text_of_value(value: Scalar) -> str:
    """What is hashed of a value: of `1` and `1.0` the same, of `"1"` and `true` others."""
    return f"t{value}" if isinstance(value, str) else f"v{canonical(value)}"


class Distinct:
    """How many different things there are: exactly up to `most`, else as the smallest of their hashes say."""

    __slots__ = ("hashes", "limit", "most")

    def __init__(self, most: int | None = None) -> None:
        """Nothing yet; `most` is `DISTINCT_MAX`, where it is left out."""
        self.most = DISTINCT_MAX if most is None else most
        self.hashes = array("Q")
        """The smallest, in order."""
        self.limit = ALL
        """Only smaller hashes change anything."""

    def add(self, hashes: Iterable[int]) -> None:
        """Count things by their hashes, again and again if need be."""
        limit = self.limit
        found = {one for one in hashes if one < limit and not self._has(one)}
        if found:
            self.hashes = array("Q", sorted([*self.hashes, *found])[: self.most])
            self.limit = self.hashes[-1] if len(self.hashes) == self.most else ALL

    def _has(self, one: int) -> bool:
        at = bisect_left(self.hashes, one)
        return at < len(self.hashes) and self.hashes[at] == one

    def merge(self, other: Distinct) -> None:
        """Count the things of another too."""
        self.add(other.hashes)

    @property
    def is_exact(self) -> bool:
        """Whether `number` is exact: from `most` on it is estimated."""
        return self.limit == ALL

    @property
    def number(self) -> int:
        """How many different things there are."""
        return len(self.hashes) if self.is_exact else (self.most - 1) * ALL // max(self.limit, 1)

    def share_in(self, other: Distinct) -> tuple[int, int] | None:
        """How many of the things are among those of another, and of how many this was asked; None: of none.

        Of things whose hash is small enough to be kept on both sides everything is known.
        """
        limit = min(self.limit, other.limit)
        own = self.hashes[: bisect_left(self.hashes, limit)]
        found = other.hashes[: bisect_left(other.hashes, limit)]
        return (len(set(own).intersection(found)), len(own)) if own else None


class CountedDistinct(Distinct):
    """As `Distinct`, and of those with the smallest hashes how often each came."""

    __slots__ = ("numbers",)

    def __init__(self) -> None:
        super().__init__()
        self.numbers = array("Q")
        """Of `hashes`, in their order."""

    def count(self, found: Iterable[tuple[int, int]]) -> None:
        """Count things by their hashes, each with how often it came."""
        limit = self.limit
        more = [(one, number) for one, number in found if one <= limit]
        if more:
            numbers = dict(zip(self.hashes, self.numbers, strict=True))
            for one, number in more:
                numbers[one] = numbers.get(one, 0) + number
            self.hashes = array("Q", sorted(numbers)[: self.most])
            self.numbers = array("Q", [numbers[one] for one in self.hashes])
            self.limit = self.hashes[-1] if len(self.hashes) == self.most else ALL

    @property
    def came_once(self) -> bool:
        """Whether none of those that are kept came more than once."""
        return max(self.numbers, default=0) <= 1


class HashSample(Generic[V]):
    """What is known of things, by their hashes: of all, or of `most` of them, those with the smallest hashes."""

    __slots__ = ("entries", "limit", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.entries: dict[int, V] = {}
        self.limit = ALL
        """What has a greater hash, or this one, is not among them."""

    def cut(self, spare: int = 0) -> None:
        """Keep the smallest only, once there are `spare` more than `most`."""
        if len(self.entries) > self.most + spare:
            kept = sorted(self.entries)
            self.limit = min(self.limit, kept[self.most])
            self.entries = {one: self.entries[one] for one in kept[: self.most]}

    @property
    def is_all(self) -> bool:
        """Whether nothing was left out, after `cut`."""
        return self.limit == ALL

    @property
    def number(self) -> int:
        """How many things there are, after `cut`; estimated where some were left out."""
        return len(self.entries) if self.is_all else self.most * ALL // max(self.limit, 1)
