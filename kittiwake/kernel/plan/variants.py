"""Variants of a rule, compiled: which draws get which.

Read by `kernel.evaluate.variants`.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

import msgspec

from kittiwake.values import Number

if TYPE_CHECKING:
    from fractions import Fraction


class Variants(msgspec.Struct, frozen=True):
    """Names in the order written, each with the draw of 64 bits below which it ends; the last ends with the draws."""

    salt: str
    names: tuple[str, ...]
    edges: tuple[int, ...]
    """Not falling: a variant of no share ends where the one before does."""


@lru_cache(maxsize=128)
def draws_below(percent: Number | Fraction) -> int:
    """The edge of a share: as many of the 2^64 draws lie below it."""
    from fractions import Fraction  # noqa: PLC0415 - for rules with shares only

    return ceil(Fraction(percent) * 2**64 / 100)
