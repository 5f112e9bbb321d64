"""What one condition remembers of the events it counts: a value in one of eleven shapes.

`State` holds them by rule, condition and `same` values; `evaluate.slots` makes and reads them. Written as arrays, their
tags and the order of their fields are the wire format (`codec.VERSION`). Amounts are Decimals, since msgpack's integers
end at 64 bits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

import msgspec


class Times(msgspec.Struct, array_like=True, tag=1, gc=False):
    """Windowed count: the newest instants, oldest first; of a range back all of them."""

    times_us: list[int] = []


class Latest(msgspec.Struct, array_like=True, tag=2, gc=False):
    """`present` and `absent`: the newest instant."""

    newest_us: int


class Amounts(msgspec.Struct, array_like=True, tag=3, gc=False):
    """Windowed sum: one entry an event, oldest first, and their exact total."""

    times_us: list[int] = []
    amounts: list[Decimal] = []
    total: Decimal = Decimal(0)


class Values(msgspec.Struct, array_like=True, tag=4, gc=False):
    """Distinct values (canonical JSON) and the newest instant of each."""

    newest_us: dict[str, int] = {}


class Total(msgspec.Struct, array_like=True, tag=5, gc=False):
    """Count or sum without `within`, and the newest instant."""

    total: Decimal
    newest_us: int


class Running(msgspec.Struct, array_like=True, tag=6, gc=False):
    """Windowed average; sum of a period or a range back: an entry an event, oldest first, with the total up to it."""

    times_us: list[int] = []
    totals: list[Decimal] = []
    before: Decimal = Decimal(0)
    """The total up to the newest entry that was dropped: totals are differences of two."""


class Numbers(msgspec.Struct, array_like=True, tag=7, gc=False):
    """Windowed smallest or greatest value: the entries that no newer one outdoes, oldest first; of a range back all."""

    times_us: list[int] = []
    amounts: list[Decimal] = []


class Mean(msgspec.Struct, array_like=True, tag=8, gc=False):
    """Average without `within`: the total, of how many, and the newest instant."""

    total: Decimal
    count: int
    newest_us: int


class Extreme(msgspec.Struct, array_like=True, tag=9, gc=False):
    """Smallest or greatest value without `within`, and the newest instant of any value."""

    value: Decimal | None
    newest_us: int


class Newest(msgspec.Struct, array_like=True, tag=10, gc=False):
    """`last`: the newest value (canonical JSON), and its instant."""

    text: str
    newest_us: int


class Texts(msgspec.Struct, array_like=True, tag=11, gc=False):
    """`distinct` and `last` of a range back: one entry an event, oldest first, with its value as canonical JSON."""

    times_us: list[int] = []
    texts: list[str] = []


Slot: TypeAlias = Times | Latest | Amounts | Values | Total | Running | Numbers | Mean | Extreme | Newest | Texts
