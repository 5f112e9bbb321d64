"""Variants of a rule, compiled: which draws get which.

Read by `kernel.evaluate.variants`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import ceil

import msgspec

from kittiwake.values import Number


class Variants(msgspec.Struct, frozen=True):
    """Names in the order written, each with the draw of 64 bits below which it ends; the last ends with the draws."""

    salt: str
    names: tuple[str, ...]
    edges: tuple[int, ...]
    """Not falling: a variant of no share ends where the one before does."""


@lru_cache(maxsize=128)
def draws_below(percent: Number | Fraction) -> int:
    """The edge of a share: as many of the 2^64 draws lie below it."""
    return ceil(Fraction(percent) * 2**64 / 100)
