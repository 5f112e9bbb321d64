"""Duplicates that say something else than the event that counts: how many, and in what.

Pure. Called by `contacts` and `oversized_contacts` for contacts of which an id comes back. A retry is the same event
again, byte for byte; what differs may be another event under an id that was used twice, and then it is lost.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from kittiwake.batch.counts import Counts, keep_duplicate_example
from kittiwake.batch.event_rows import Row, event_of
from kittiwake.kernel.late.deduplication import Name, NewestIds
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Event, rest_of
from kittiwake.values import canonical

NAMES_MAX: Final = 5
"""Names of an example: enough to see which field should have been part of the id."""
NAME_CHARS_MAX: Final = 64
"""Characters of a name in an example."""


class Same(msgspec.Struct, frozen=True):
    """Rows that share time, id and type."""

    number: int
    equal: int
    """How many of them say what the one that counts says, that one included."""
    counts: Row
    """The smallest by the rest."""
    greatest: Row


def same_of(rows: Iterable[Row]) -> Same:
    """One or more rows that share time, id and type, in any order; two are held at once."""
    coming = iter(rows)
    least = most = next(coming)
    number, equal = 1, 1
    least_rest: tuple[int, str] | None = None
    most_rest: tuple[int, str] | None = None
    for row in coming:
        number += 1
        if row == least:
            equal += 1
            continue
        if least_rest is None or most_rest is None:
            least_rest = most_rest = rest_of(event_of(least))
        rest = rest_of(event_of(row))
        if rest == least_rest:
            equal += 1
        elif rest < least_rest:
            least, least_rest, equal = row, rest, 1
        if rest > most_rest:
            most, most_rest = row, rest
    return Same(number, equal, least, most)


class DifferingDuplicates:
    """Recognises the duplicates of a contact, and counts those that differ, of rows that come in their order.

    It holds the rows of one allowed lateness, and of no more ids than are remembered (`Limits.ids`).
    """

    def __init__(self, counts: Counts, versions: Versions, contact_id: str, until_us: int) -> None:
        self._counts, self._subject = counts, (versions.newest.account_id, contact_id)
        self._until_us, self._limit = until_us, versions.newest.limits.ids
        self._horizon_us = versions.horizon_us
        self._newest = NewestIds(self._limit, self._horizon_us)
        self._rows: OrderedDict[Name, Row] = OrderedDict()
        """By what their duplicates share, those that count, in step with `_newest`."""

    @property
    def ids_forgotten(self) -> int:
        """Ids that had to make room while duplicates of them could still come."""
        return self._newest.forgotten

    def count(self, same: Same) -> bool:
        """Count the next rows that share time, id and type; whether one of them counts, or all are duplicates."""
        row, name = same.counts, same.counts[1:3]
        is_decided = row[0] < self._until_us
        if is_decided and self._newest.is_duplicate(name, row[0]):
            self._keep(same.number, self._rows[name], row)
            return False
        if same.equal < same.number:
            self._keep(same.number - same.equal, row, same.greatest)
        if is_decided:
            self._remember(name, row)
        return is_decided

    def _remember(self, name: Name, row: Row) -> None:
        time_us = row[0]
        while self._rows and time_us - next(iter(self._rows.values()))[0] > self._horizon_us:
            gone, _ = self._rows.popitem(last=False)  # no duplicate of it can come any more
            del self._newest.times_us[gone]
        self._newest.add(name, time_us)
        self._rows.pop(name, None)
        self._rows[name] = row
        if len(self._rows) > self._limit:
            self._rows.popitem(last=False)

    def _keep(self, number: int, counted: Row, duplicate: Row) -> None:
        self._counts.copies_differ += number
        keep_duplicate_example(
            self._counts, (*self._subject, duplicate[1]), lambda: _names(event_of(counted), event_of(duplicate))
        )


def _names(counted: Event, duplicate: Event) -> tuple[str, ...]:
    """In which fields a duplicate differs from the event that counts: names, never values, which are personal data."""
    names = list(_differing(counted, duplicate))
    shown = [name if len(name) <= NAME_CHARS_MAX else name[: NAME_CHARS_MAX - 1] + "…" for name in names[:NAMES_MAX]]
    return (*shown, *(["…"] if len(names) > NAMES_MAX else []))


def _differing(counted: Event, duplicate: Event) -> Iterator[str]:
    if duplicate.time_us != counted.time_us:
        yield "time"
    for name in sorted({*counted.properties, *duplicate.properties}):
        has = [name in event.properties for event in (counted, duplicate)]
        if has != [True, True] or canonical(counted.properties[name]) != canonical(duplicate.properties[name]):
            yield f"properties.{name}"
