"""Events of items and interest of contacts under way: one row each, which meet by account and item.

Pure. Made of the tables of `kittiwake.batch.intake`, gathered by `gathering`, joined by `join`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Final, TypeAlias

from kittiwake.input.bulk import Table
from kittiwake.kernel.items.index import encode
from kittiwake.kernel.items.interests import InterestReader
from kittiwake.model import Event
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.rules.compile.accounts import PROGRAMS_MAX, Programs
from kittiwake.values import parse_sound

Item: TypeAlias = tuple[str, str]
"""Account and item."""

ItemRow: TypeAlias = tuple[str, str, int, str, int, int, str, str, bytes]
"""Account and item; `START`, `EVENT` or `INTEREST`; of an interest the contact; time, and the end of an interest; of an
event its id, type and properties. In this order they are sorted."""

START: Final = 0
"""What an earlier run knew of the item up to a time; in place of properties its state, as Base64, or nothing."""
EVENT: Final = 1
INTEREST: Final = 2

ROW_BYTES: Final = 256
"""What a row takes in memory besides its properties."""


def rows_of_items(items: Table) -> Iterator[ItemRow]:
    """The rows of events of items."""
    for account_id, item_id, time_us, event_id, event_type, properties in zip(*items, strict=True):
        yield account_id, item_id, EVENT, "", time_us, 0, event_id, event_type, properties


def rows_of_snapshot(found: ItemSnapshot) -> Iterator[ItemRow]:
    """The rows of what an earlier run knew of an item, and of the interest in it."""
    account_id, item_id, evaluated_to_us, state, interests = found
    known = b"" if state is None else b64encode(encode(state))
    yield account_id, item_id, START, "", evaluated_to_us, 0, "", "", known
    for one in interests:
        yield account_id, item_id, INTEREST, one.contact_id, one.from_us, one.to_us, "", "", b""


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
