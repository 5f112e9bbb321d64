"""The scalars of a property: how often each comes, what range they have, what texts stand for.

Pure. Values come by the block, each with its number; nothing here depends on the order of blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeAlias

from kittiwake.input.event_times import instant_us
from kittiwake.profile.measure.hashes import CountedDistinct, Distinct, hash_of, hashes_of, text_of_value
from kittiwake.profile.measure.personal import looks_personal
from kittiwake.time.instants import BadTimeError, parse_date
from kittiwake.values import Number, as_number, is_number

VALUES_MAX: Final = 250
"""Different values of a property that are counted one by one, in 50 KB: what has more is no list of choices."""

VALUE_CHARS_MAX: Final = 64
"""Characters of a text that is kept: what is longer is no choice but prose, and is known by its hash only."""

OFFSETS_MAX: Final = 50
"""Offsets from UTC that are named: there are 38 in use."""

Value: TypeAlias = str | int | Decimal | bytes
"""A text or a number; the hash of a text that is too long to be kept."""


class Counted:
    """How often each value comes, or how many there are where they are more than `VALUES_MAX`."""

    __slots__ = ("distinct", "numbers")

    def __init__(self) -> None:
        self.numbers: dict[Value, int] | None = {}
        """How often each comes; None: they are too many."""
        self.distinct = CountedDistinct()
        """Of too many."""

    def add(self, found: Mapping[str, int] | Mapping[Number, int]) -> None:
        """Count values."""
        if self.numbers is None:
            self.distinct.count(zip(hashes_of(map(text_of_value, found)), found.values(), strict=True))
            return
        for value, number in found.items():
            key = _kept(value)
            self.numbers[key] = self.numbers.get(key, 0) + number
        self._bound()

    def merge(self, other: Counted) -> None:
        """Count the values of another too."""
        if self.numbers is not None and other.numbers is not None:
            for value, number in other.numbers.items():
                self.numbers[value] = self.numbers.get(value, 0) + number
            self._bound()
            return
        self._forget()
        self.distinct.count(other.hashes())

    def _bound(self) -> None:
        if self.numbers is not None and len(self.numbers) > VALUES_MAX:
            self._forget()

    def _forget(self) -> None:
        """Know values by their hashes only."""
        if self.numbers is not None:
            self.distinct.count(self.hashes())
            self.numbers = None

    def hashes(self) -> Iterator[tuple[int, int]]:
        """The hashes of values, each with how often it came: of all, or the smallest of them."""
        if self.numbers is None:
            return zip(self.distinct.hashes, self.distinct.numbers, strict=True)
        return ((_hash(one), number) for one, number in self.numbers.items())

    def as_distinct(self) -> Distinct:
        """Their number, and hashes to compare with those of others."""
        found = Distinct()
        found.add(one for one, _ in self.hashes())
        return found

    @property
    def number(self) -> int:
        """How many different values there are."""
        return self.distinct.number if self.numbers is None else len(self.numbers)

    def number_of(self, whole: int) -> int:
        """How many of `whole` values are different: where that is estimated, all only if none came more than once."""
        if self.numbers is not None or self.distinct.is_exact:
            return self.number
        return whole if self.distinct.came_once else min(self.number, whole - 1)


def _kept(value: str | Number) -> Value:
    if isinstance(value, str) and len(value) > VALUE_CHARS_MAX:
        return hash_of(text_of_value(value)).to_bytes(8)
    return value


def _hash(kept: Value) -> int:
    return int.from_bytes(kept) if isinstance(kept, bytes) else hash_of(text_of_value(kept))


# ---------------------------------------------------------------- numbers

EPOCH_SECONDS: Final = (946_684_800, 4_102_444_800)
"""The years 2000 to 2099: numbers that may be times, if all of them lie here."""
_MILLIS: Final = 1_000


@dataclass(slots=True)
class Numbers:
    """Numbers of a property."""

    count: int = 0
    min: Number = 0
    max: Number = 0
    epoch_seconds: int = 0
    """How many may be seconds since 1970."""
    epoch_millis: int = 0

    def add(self, found: Mapping[Number, int]) -> None:
        """Take numbers, and how often each comes."""
        low, high = min(found), max(found)
        self.merge(Numbers(sum(found.values()), low, high, *_epochs(found, low, high)))

    def merge(self, other: Numbers) -> None:
        """Take those of another too."""
        if not other.count:
            return
        self.min = min(self.min, other.min) if self.count else other.min
        self.max = max(self.max, other.max) if self.count else other.max
        self.count += other.count
        self.epoch_seconds += other.epoch_seconds
        self.epoch_millis += other.epoch_millis


def _epochs(found: Mapping[Number, int], low: Number, high: Number) -> tuple[int, int]:
    """How many numbers may be seconds, and how many milliseconds, since 1970."""
    least, most = EPOCH_SECONDS
    if high < least or low > most * _MILLIS:
        return 0, 0
    seconds = sum(number for value, number in found.items() if least <= value <= most)
    millis = sum(number for value, number in found.items() if least * _MILLIS <= value <= most * _MILLIS)
    return seconds, millis


# ---------------------------------------------------------------- texts

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?", re.ASCII)
_OFFSET: Final = re.compile(r"(?:[Zz]|[+-]\d\d(?::?\d\d)?)$", re.ASCII)
_DIGITS_AND_SIGN: Final = frozenset("-0123456789")


@dataclass(slots=True)
class Texts:
    """Texts of a property, and what they stand for."""

    count: int = 0
    blank: int = 0
    """Without a character."""
    numbers: int = 0
    """How many are numbers in quotes."""
    min: Number = 0
    max: Number = 0
    """Of these."""
    dates: int = 0
    instants: int = 0
    """How many are times with an offset from UTC."""
    local: int = 0
    """How many are times without one, which says no instant."""
    first_us: int | None = None
    """The earliest of the instants."""
    last_us: int | None = None
    offsets: dict[str, int] = field(default_factory=dict)
    """How many instants have which offset; of too many the first by name."""
    personal: int = 0
    """How many look like an address of e-mail, a number of a telephone, or an address of the internet."""

    def add(self, found: Mapping[str, int]) -> None:
        """Take texts, and how often each comes."""
        self.count += sum(found.values())
        self.blank += found.get("", 0)
        for text, number in found.items():
            if text[:1] in _DIGITS_AND_SIGN:
                self._take_digits(text, number)
            if looks_personal(text):
                self.personal += number

    def _take_digits(self, text: str, number: int) -> None:
        """Take a text that begins as a number does."""
        if _NUMBER.fullmatch(text):
            self._take_number(as_number(text), number)
        elif parse_date(text) is not None:
            self.dates += number
        elif len(text) >= len("2026-11-01T09:30Z") and text[4] == "-":
            self._take_time(text, number)

    def _take_number(self, value: Any, number: int) -> None:
        """Take a number in quotes; one beyond all bounds stays the text it is."""
        if is_number(value):
            self._widen_numbers(value, value)
            self.numbers += number

    def _widen_numbers(self, low: Number, high: Number) -> None:
        self.min = min(self.min, low) if self.numbers else low
        self.max = max(self.max, high) if self.numbers else high

    def _take_time(self, text: str, number: int) -> None:
        try:
            time_us = instant_us(text)
        except BadTimeError:
            self.local += number if _LOCAL.fullmatch(text) else 0
            return
        self.instants += number
        self._widen(time_us, time_us)
        offset = _OFFSET.search(text)
        self._count_offset("Z" if offset is None else offset.group().upper(), number)

    def _widen(self, first_us: int | None, last_us: int | None) -> None:
        self.first_us = min((one for one in (self.first_us, first_us) if one is not None), default=None)
        self.last_us = max((one for one in (self.last_us, last_us) if one is not None), default=None)

    def _count_offset(self, offset: str, number: int) -> None:
        self.offsets[offset] = self.offsets.get(offset, 0) + number
        if len(self.offsets) > OFFSETS_MAX:
            del self.offsets[max(self.offsets)]

    def merge(self, other: Texts) -> None:
        """Take those of another too."""
        if other.numbers:
            self._widen_numbers(other.min, other.max)
        for name in ("count", "blank", "numbers", "dates", "instants", "local", "personal"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._widen(other.first_us, other.last_us)
        for offset, number in other.offsets.items():
            self._count_offset(offset, number)
