"""The profile of events: taken in by the block, put together from parts.

Pure. `add` takes tables of events of contacts as the batch hosts read them. `plan` and `report` say what came of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from kittiwake.input.bulk import Table
from kittiwake.profile.measure.contacts import SPARE as CONTACTS_SPARE
from kittiwake.profile.measure.contacts import Contacts, Seen
from kittiwake.profile.measure.delays import RECEIVED, Delays
from kittiwake.profile.measure.hashes import Distinct, hash_of, hashes_of
from kittiwake.profile.measure.ids import SPARE as IDS_SPARE
from kittiwake.profile.measure.ids import Content, Ids
from kittiwake.profile.measure.paths import PATHS_MAX, PATHS_OF_TYPE_MAX, Budget
from kittiwake.profile.measure.properties import Stats
from kittiwake.profile.measure.rhythm import Rhythms
from kittiwake.profile.measure.times import Times
from kittiwake.values import canonical_bytes, parse_sound

ACCOUNTS_MAX: Final = 100
"""Accounts that are counted by name: of more the first by name."""


class OfType:
    """The events of one type."""

    __slots__ = ("ahead", "ahead_max_us", "budget", "contacts", "count", "delays", "properties", "times")

    def __init__(self, above: Budget) -> None:
        self.count = self.ahead = self.ahead_max_us = 0
        """`ahead`: how many lie after the start of the run."""
        self.budget = Budget(PATHS_OF_TYPE_MAX, above)
        self.times = Times()
        self.contacts = Distinct()
        self.properties = Stats()
        self.delays: dict[str, Delays] = {}
        """By the property that says when events were received."""

    def add(self, name: str, times_us: Sequence[int], contacts: Sequence[int], rows: Sequence[dict[str, Any]]) -> None:
        """Take events, a list a field."""
        self.count += len(rows)
        self.times.add(times_us)
        self.contacts.add(contacts)
        self.properties.add_objects(rows, (name,), self.budget)
        for key in RECEIVED.intersection(chain.from_iterable(rows)):
            having = [(row[key], time_us) for row, time_us in zip(rows, times_us, strict=True) if key in row]
            delays = self.delays.setdefault(key, Delays())
            delays.add(map(itemgetter(0), having), map(itemgetter(1), having))

    def merge(self, name: str, other: OfType) -> None:
        """Take those of another part too."""
        self.count += other.count
        self.ahead += other.ahead
        self.ahead_max_us = max(self.ahead_max_us, other.ahead_max_us)
        self.times.merge(other.times)
        self.contacts.merge(other.contacts)
        self.properties.merge(other.properties, (name,), self.budget)
        self.budget.left_out |= other.budget.left_out
        for key, delays in other.delays.items():
            self.delays.setdefault(key, Delays()).merge(delays)


class Profile:
    """What is known of events of contacts. Those of several accounts are put together."""

    def __init__(self, start_us: int) -> None:
        """Nothing yet; events after `start_us`, the start of the run, are ahead of the clock."""
        self.start_us = start_us
        self.events = 0
        self.accounts: dict[str, int] = {}
        """Events by account."""
        self.times = Times()
        self.types: dict[str, OfType] = {}
        self.items: dict[str, OfType] = {}
        """By type, the events of items: of them only numbers, times and properties are kept."""
        self.items_budget = Budget(PATHS_MAX)
        self.budget = Budget(PATHS_MAX)
        self.watched = Contacts()
        self.ids = Ids()
        self.rhythms = Rhythms()

    def add(self, table: Table) -> None:
        """Take events, a list a field."""
        rows = _rows(table.properties)
        subjects = [f"{a}\0{c}" for a, c in zip(table.account_ids, table.contact_ids, strict=True)]
        different = set(subjects)
        known = dict(zip(different, hashes_of(different), strict=True))
        contacts = [known[subject] for subject in subjects]
        self.events += len(rows)
        self.times.add(table.times_us)
        for account_id, number in Counter(table.account_ids).items():
            self._count_account(account_id, number)
        ids = hashes_of(map("\0".join, zip(table.account_ids, table.event_ids, strict=True)))
        self._add_ids(table, ids, subjects, rows)
        by_type: dict[str, list[int]] = {}
        for at, name in enumerate(table.types):
            by_type.setdefault(name, []).append(at)
        for name, indexes in by_type.items():
            times_us = [table.times_us[at] for at in indexes]
            self._add_type(name, times_us, [contacts[at] for at in indexes], [rows[at] for at in indexes])
            self.rhythms.add(name, times_us, [contacts[at] ^ ids[at] for at in indexes])
        self.watched.sample.cut(CONTACTS_SPARE)

    def add_items(self, table: Table) -> None:
        """Take events of items, whose ids stand in the column of contacts."""
        rows = _rows(table.properties)
        items = hashes_of(map("\0".join, zip(table.account_ids, table.contact_ids, strict=True)))
        by_type: dict[str, list[int]] = {}
        for at, name in enumerate(table.types):
            by_type.setdefault(name, []).append(at)
        for name, indexes in by_type.items():
            of_type = self._of_items(name)
            if of_type is not None:
                times_us = [table.times_us[at] for at in indexes]
                of_type.add(name, times_us, [items[at] for at in indexes], [rows[at] for at in indexes])

    def _of_items(self, name: str) -> OfType | None:
        """The events of items of a type; None: there are too many types."""
        budget = self.items_budget
        found: OfType | None = self.items.get(name)
        return found or budget.keep(self.items, name, (name,), lambda: OfType(budget))

    def _count_account(self, account_id: str, events: int) -> None:
        self.accounts[account_id] = self.accounts.get(account_id, 0) + events
        if len(self.accounts) > ACCOUNTS_MAX + 1:  # one more, so that it is seen that there are more
            del self.accounts[max(self.accounts)]

    def _add_ids(
        self, table: Table, id_hashes: Sequence[int], subjects: Sequence[str], rows: Sequence[dict[str, Any]]
    ) -> None:
        ids = self.ids
        texts = [canonical_bytes(row).decode() for row in rows]
        said = zip(subjects, table.types, table.times_us, texts, strict=True)
        content_hashes = hashes_of(f"{contact}\0{name}\0{time_us}\0{text}" for contact, name, time_us, text in said)
        id_limit, content_limit = ids.by_id.limit, ids.by_content.limit
        for at, (id_hash, content_hash) in enumerate(zip(id_hashes, content_hashes, strict=True)):
            if id_hash < id_limit or content_hash < content_limit:
                content = Content(table.types[at], subjects[at], table.times_us[at], hash_of(texts[at]))
                ids.add(id_hash, content_hash, content)
        ids.cut(IDS_SPARE)

    def _add_type(self, name: str, times_us: list[int], contacts: list[int], rows: list[dict[str, Any]]) -> None:
        of_type = self.types.get(name)
        if of_type is None:
            of_type = self.budget.keep(self.types, name, (name,), lambda: OfType(self.budget))
        if of_type is None:
            return
        of_type.add(name, times_us, contacts, rows)
        latest_us = max(times_us)
        if latest_us > self.start_us:
            of_type.ahead += sum(time_us > self.start_us for time_us in times_us)
            of_type.ahead_max_us = max(of_type.ahead_max_us, latest_us - self.start_us)
        limit = self.watched.sample.limit
        for contact, time_us in zip(contacts, times_us, strict=True):
            if contact < limit:
                self.watched.add(contact, name, Seen(time_us, time_us, 1))

    def merge(self, other: Profile) -> None:
        """Take the events of another part too; it must not be used any more."""
        self.events += other.events
        self.times.merge(other.times)
        self.watched.merge(other.watched)
        self.ids.merge(other.ids)
        self.rhythms.merge(other.rhythms)
        self.budget.left_out |= other.budget.left_out
        for account_id, events in other.accounts.items():
            self._count_account(account_id, events)
        for name, more in other.types.items():
            of_type = self.types.get(name) or self.budget.keep(self.types, name, (name,), lambda: OfType(self.budget))
            if of_type is not None:
                of_type.merge(name, more)
        self.items_budget.left_out |= other.items_budget.left_out
        for name, more in other.items.items():
            of_items = self._of_items(name)
            if of_items is not None:
                of_items.merge(name, more)

    def close(self) -> None:
        """Say that all events are in: samples are cut to their size."""
        self.watched.sample.cut()
        self.ids.cut(0)


def _rows(texts: Sequence[bytes]) -> list[dict[str, Any]]:
    """The properties of events: all of them are decoded at once."""
    rows: list[dict[str, Any]] = parse_sound(b"[" + b",".join(texts) + b"]")
    return rows
