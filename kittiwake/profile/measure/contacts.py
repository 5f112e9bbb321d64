"""Contacts: how many there are, and of a sample of them which types of events came, when, and how often.

Pure. A contact that is watched has the smallest hash, so that all of its events were seen.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Final, NamedTuple

from kittiwake.profile.measure.hashes import HashSample

CONTACTS_MAX: Final = 20_000
"""Contacts that are watched: of what befalls one in a thousand twenty are seen. They take about 30 MB."""

SPARE: Final = CONTACTS_MAX // 4
"""How many more there may be until the sample is cut."""

TYPES_MAX: Final = 100
"""Types between which it is said what follows what: a matrix, of which more nobody reads."""


class Seen(NamedTuple):
    """A contact's events of one type."""

    first_us: int
    last_us: int
    events: int


class Followed(NamedTuple):
    """What came after events of a type."""

    contacts: int
    """How many contacts with such an event were watched."""
    by: dict[str, int]
    """In how many of those an event of another type came at the same time or later."""


class Contacts:
    """A sample of contacts."""

    __slots__ = ("sample",)

    def __init__(self) -> None:
        self.sample: HashSample[dict[str, Seen]] = HashSample(CONTACTS_MAX)

    def add(self, contact_hash: int, event_type: str, seen: Seen) -> None:
        """Count events of a contact."""
        types = self.sample.entries.get(contact_hash)
        if types is None:
            types = self.sample.entries[contact_hash] = {}
        known = types.get(event_type)
        types[event_type] = seen if known is None else _both(known, seen)

    def merge(self, other: Contacts) -> None:
        """Count the events of another part too."""
        self.sample.limit = min(self.sample.limit, other.sample.limit)
        for contact_hash, types in other.sample.entries.items():
            for event_type, seen in types.items():
                self.add(contact_hash, event_type, seen)
        self.sample.cut(0)

    def most_of_type(self) -> dict[str, int]:
        """The most events of each type that one contact has; empty where not all contacts were watched."""
        found: dict[str, int] = {}
        for types in self.sample.entries.values() if self.sample.is_all else ():
            for event_type, seen in types.items():
                found[event_type] = max(found.get(event_type, 0), seen.events)
        return found

    def number_of_type(self) -> dict[str, int]:
        """How many contacts have events of each type; empty where not all contacts were watched."""
        return dict(Counter(chain.from_iterable(self.sample.entries.values()))) if self.sample.is_all else {}

    def followed(self, types: set[str]) -> dict[str, Followed]:
        """What came after events of each type; empty where there are more than `TYPES_MAX`."""
        if len(types) > TYPES_MAX:
            return {}
        contacts: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for seen in self.sample.entries.values():
            known = [(name, of_type) for name, of_type in seen.items() if name in types]
            contacts.update(name for name, _ in known)
            pairs.update(
                (name, other)
                for name, one in known
                for other, two in known
                if two.last_us >= one.first_us and name != other
            )
        return {
            name: Followed(contacts[name], {other: pairs[name, other] for other in sorted(types) if pairs[name, other]})
            for name in types
        }


def _both(one: Seen, two: Seen) -> Seen:
    return Seen(min(one.first_us, two.first_us), max(one.last_us, two.last_us), one.events + two.events)
