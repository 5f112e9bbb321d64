"""Arrivals: which accounts, types and fields come, compared with those that rules name.

Pure. Called by `intake` with every block. A block's accounts and types are known from decoding it; which account had
which type is asked only where it has a type that the rules of one of them name and that has not come there yet. So it
costs next to nothing where rules and events go together, or where a type never comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec

from kittiwake.batch.counts import Counts, keep_first_names
from kittiwake.input.events import BOM

CANONICAL_FIELDS: Final = frozenset({"event_id", "account_id", "contact_id", "item_id", "type", "time", "properties"})

_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

Named: TypeAlias = Callable[[str], tuple[str, frozenset[str]]]
"""From an account to the types that its rules name, and under which account that is: "*" if no rules name it."""


NAMES_MAX: Final = 10_000
"""Accounts and types remembered, so that they are looked up once: beyond it the memory begins anew."""


class Outstanding(msgspec.Struct, frozen=True):
    """What is not known yet of an account."""

    missing: set[str]
    """Types that its rules name and that have not come."""
    came: set[str]
    """Those that have."""


class Arrivals:
    """What has come so far, noted in the counts of a part of a run."""

    def __init__(self, named: Named, named_types: frozenset[str] | None, counts: Counts) -> None:
        """`named_types` are those that rules of any account name; None: some need every type, and none is too much."""
        self._named = named
        self._named_types = named_types
        self._known = set(named_types or ())
        """Types that need not be noted (again)."""
        self._counts = counts
        self._shared: dict[str, Outstanding] = {}
        """By account; of those that the rules do not name under "*"."""
        self._outstanding: dict[str, Outstanding] = {}
        """The same, by account of the events."""

    def note_block(
        self,
        account_ids: frozenset[str],
        types: frozenset[str],
        pairs: Callable[[], Iterable[tuple[str, str]]],
    ) -> None:
        """Note the events of a block: their accounts, their types, and which account had which."""
        if self._named_types is not None and not types <= self._known:
            self._note_others(types - self._known)
        outstanding = [self._outstanding_of(account_id) for account_id in account_ids]
        waiting = [one for one in outstanding if not one.missing.isdisjoint(types)]
        if waiting and len(account_ids) == 1:
            _note_types(waiting[0], types)
        elif waiting:
            for account_id, event_type in pairs():
                _note_types(self._outstanding_of(account_id), (event_type,))

    def note(self, account_id: str, event_type: str) -> None:
        """Note one event."""
        if self._named_types is not None and event_type not in self._known:
            self._note_others((event_type,))
        outstanding = self._outstanding_of(account_id)
        if event_type in outstanding.missing:
            _note_types(outstanding, (event_type,))

    def note_fields(self, raw: bytes) -> None:
        """Note the fields of a canonical record, known to be an event, that nobody reads."""
        others = _fields(raw.removeprefix(BOM)).keys() - CANONICAL_FIELDS
        if others:
            self.note_unread(others)

    def note_unread(self, names: Iterable[str]) -> None:
        """Note names of fields or columns that nobody reads."""
        self._counts.other_fields.update(names)
        keep_first_names(self._counts.other_fields)

    def _outstanding_of(self, account_id: str) -> Outstanding:
        found = self._outstanding.get(account_id)
        if found is None:
            if len(self._outstanding) >= NAMES_MAX:
                self._outstanding.clear()
            key, types = self._named(account_id)
            if key != account_id:
                self._counts.other_accounts.add(account_id)
                keep_first_names(self._counts.other_accounts)
            if key not in self._shared:
                came = self._counts.types.setdefault(key, set())
                self._shared[key] = Outstanding(set(types - came), came)
            found = self._outstanding[account_id] = self._shared[key]
        return found

    def _note_others(self, types: Iterable[str]) -> None:
        if len(self._known) > NAMES_MAX:
            self._known = set(self._named_types or ())
        self._known.update(types)
        self._counts.other_types.update(types)
        keep_first_names(self._counts.other_types)


def _note_types(outstanding: Outstanding, types: Iterable[str]) -> None:
    found = outstanding.missing.intersection(types)
    if found:
        outstanding.missing.difference_update(found)
        outstanding.came.update(found)
