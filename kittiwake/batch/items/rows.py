"""Events of items and interest of contacts under way: one row each, which meet by account and item.

Pure. Made of the tables of `kittiwake.batch.intake`, gathered by `gathering`, joined by `join`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from kittiwake.input.bulk import Table
from kittiwake.kernel.items.interests import InterestReader
from kittiwake.model import Event
from kittiwake.rules.compile.accounts import PROGRAMS_MAX, Programs
from kittiwake.values import parse_sound

Item: TypeAlias = tuple[str, str]
"""Account and item."""

ItemRow: TypeAlias = tuple[str, str, int, str, int, int, str, str, bytes]
"""Account and item; `EVENT` or `INTEREST`; of an interest the contact; time, and the end of an interest; of an event
its id, type and properties. In this order they are sorted."""

EVENT: Final = 0
INTEREST: Final = 1

ROW_BYTES: Final = 256
"""What a row takes in memory besides its properties."""


def rows_of_items(items: Table) -> Iterator[ItemRow]:
    """The rows of events of items."""
    for account_id, item_id, time_us, event_id, event_type, properties in zip(*items, strict=True):
        yield account_id, item_id, EVENT, "", time_us, 0, event_id, event_type, properties


class InterestRows:
    """Reads the interest that events of contacts show."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._readers: dict[str, InterestReader | None] = {}

    def of(self, table: Table) -> Iterator[ItemRow]:
        """The rows of the interest that events of contacts show."""
        for account_id, contact_id, time_us, event_id, event_type, properties in zip(*table, strict=True):
            read = self._reader(account_id)
            if read is None or not read.may_show(time_us, event_type):
                continue
            event = Event(time_us, event_id, event_type, parse_sound(properties))
            for item_id, from_us, to_us in read.interests(event):
                yield account_id, item_id, INTEREST, contact_id, from_us, to_us, "", "", b""

    def _reader(self, account_id: str) -> InterestReader | None:
        """What reads events of an account; None: it has no catalogue rules."""
        try:
            return self._readers[account_id]
        except KeyError:
            if len(self._readers) >= PROGRAMS_MAX:
                self._readers.clear()
            plan = self._programs.plan(account_id)
            found = None if plan.catalog is None else InterestReader(plan.versions, plan.catalog)
            self._readers[account_id] = found
            return found
