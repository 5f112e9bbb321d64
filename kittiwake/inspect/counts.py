"""What comes of every record of a file with a shape, counted in bounded memory: exact where it is small.

Pure. Numbers of different values are exact up to a bound, and estimated by a sample of hashes beyond it: a value is in
the sample or not, so that all that is counted of the values in it holds for the others in proportion.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from itertools import repeat
from typing import Final

from kittiwake.batch.counts import Counts
from kittiwake.input.bulk import Table
from kittiwake.input.lines import Block
from kittiwake.model import DeadLetter

SAMPLED_MAX: Final = 100_000
"""Values of which a `Distinct` keeps hashes: some 20 MB. Beyond them every estimate is within about one part in 100."""

TYPES_MAX: Final = 1_000
"""Types that are counted by name: more of them are ids."""

HEAVY_MAX: Final = 20_000
"""Contacts that are counted by id at once; whoever has one event in a hundred is never left out."""

LOCATIONS: Final = 3
"""Dead letters of one kind that are shown."""


class _Seen:
    """A value that came."""

    __slots__ = ("is_of_several", "mark", "times")

    def __init__(self, mark: str) -> None:
        self.times, self.mark, self.is_of_several = 1, mark, False


class Distinct:
    """How many different values there are, how many come again, and with how many different marks."""

    def __init__(self, capacity: int = SAMPLED_MAX) -> None:
        self._capacity, self._mask = capacity, 0
        self._seen: dict[int, _Seen] = {}

    @property
    def is_exact(self) -> bool:
        """Whether nothing is estimated."""
        return self._mask == 0

    def add(self, values: Iterable[bytes], marks: Iterable[str] = repeat("")) -> None:
        """Take values into account, each with a mark such as its type. All at once: a call for each takes longest."""
        keys = array("Q", b"".join([blake2b(value, digest_size=8).digest() for value in values]))
        for key, mark in zip(keys, marks, strict=False):
            if key & self._mask:
                continue
            seen = self._seen.get(key)
            if seen is None:
                self._add_first(key, mark)
                continue
            seen.times += 1
            if mark != seen.mark:
                seen.is_of_several = True

    def _add_first(self, key: int, mark: str) -> None:
        self._seen[key] = _Seen(mark)
        if len(self._seen) > self._capacity:
            self._thin_out()

    def _thin_out(self) -> None:
        self._mask = self._mask * 2 + 1
        self._seen = {key: seen for key, seen in self._seen.items() if not key & self._mask}

    @property
    def number(self) -> int:
        """How many different values."""
        return len(self._seen) * (self._mask + 1)

    @property
    def repeated(self) -> int:
        """How many of all came again."""
        return sum(seen.times - 1 for seen in self._seen.values()) * (self._mask + 1)

    @property
    def of_several_marks(self) -> int:
        """How many values came with different marks."""
        return sum(seen.is_of_several for seen in self._seen.values()) * (self._mask + 1)


class Heavy:
    """Who comes most often: exact for few values; of many, whoever is rare is forgotten."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.is_exact = True

    def add(self, values: Iterable[str]) -> None:
        """Take values into account."""
        self.counts.update(values)
        if len(self.counts) > HEAVY_MAX:
            self.is_exact = False
            floor = sorted(self.counts.values())[-HEAVY_MAX // 2]
            self.counts = Counter({one: number for one, number in self.counts.items() if number > floor})


class Outcome:
    """What came of all records."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.types: Counter[str] = Counter()
        self.other_types = 0
        """Events of types beyond those that are counted by name."""
        self.dead: Counter[tuple[str, str]] = Counter()
        """Dead letters by reason and detail."""
        self.locations: dict[tuple[str, str], list[str]] = {}
        self.contacts, self.ids, self.rows = Distinct(), Distinct(), Distinct()
        self.heavy = Heavy()
        self.first_us: int | None = None
        self.last_us: int | None = None

    @property
    def records(self) -> int:
        """Records that were read."""
        return self.counts.records

    @property
    def events(self) -> int:
        """Events that they are."""
        return self.counts.events

    @property
    def left_out(self) -> int:
        """Records that the shape makes no events of."""
        return self.counts.left_out

    @property
    def dead_letters(self) -> int:
        """Records that are no events."""
        return sum(self.counts.dead_letters.values())

    def add(self, block: Block, table: Table, dead_letters: Iterable[DeadLetter]) -> None:
        """Take what came of a block of records into account."""
        self.rows.add(block.lines)
        for dead in dead_letters:
            self._add_dead(dead)
        if table.types:
            self._add_events(table)

    def _add_dead(self, dead: DeadLetter) -> None:
        kind = (str(dead.reason), dead.detail)
        if kind not in self.dead and len(self.dead) >= TYPES_MAX:
            kind = ("others", "")
        self.dead[kind] += 1
        locations = self.locations.setdefault(kind, [])
        if len(locations) < LOCATIONS:
            locations.append(dead.source)

    def _add_events(self, table: Table) -> None:
        for event_type, number in Counter(table.types).items():
            if event_type in self.types or len(self.types) < TYPES_MAX:
                self.types[event_type] += number
            else:
                self.other_types += number
        self.contacts.add(map(str.encode, table.contact_ids))
        self.heavy.add(table.contact_ids)
        self.ids.add(map(str.encode, table.event_ids), table.types)
        first_us, last_us = min(table.times_us), max(table.times_us)
        self.first_us = first_us if self.first_us is None else min(self.first_us, first_us)
        self.last_us = last_us if self.last_us is None else max(self.last_us, last_us)
