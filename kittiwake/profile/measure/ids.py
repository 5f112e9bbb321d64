"""Likely duplicates: one id with several contents, equal events under several ids, ids that types or contacts share.

Pure. Of many events a sample is watched: all events of the ids whose hashes are the smallest, and all those that say
the same of contents whose hashes are. So of each that is watched every event was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kittiwake.profile.measure.hashes import HashSample

IDS_MAX: Final = 50_000
"""Ids that are watched, and contents: of 5 million events one in a hundred. What befalls one id in a thousand is seen
fifty times; each sample takes about 25 MB."""

SPARE: Final = IDS_MAX // 4
"""How many more there may be until a sample is cut: cutting sorts it."""

CONTENTS_MAX: Final = 8
"""Contents of one id that are watched: an id with more is none."""

IDS_OF_CONTENT_MAX: Final = 3
"""Ids of one content that are watched: more than one is what matters."""


class Content(NamedTuple):
    """What an event says, but for its id."""

    type: str
    contact: str
    """Account and contact."""
    time_us: int
    properties: int
    """The hash of its properties."""


@dataclass(slots=True)
class OfId:
    """The events of one id of an account."""

    events: int = 0
    contents: dict[int, tuple[Content, int]] = field(default_factory=dict)
    """By hash: the content, and how many events have it. Of too many those with the smallest hashes."""

    def add(self, content_hash: int, content: Content, events: int) -> None:
        """Count events with a content."""
        self.events += events
        known = self.contents.get(content_hash)
        self.contents[content_hash] = content, events + (0 if known is None else known[1])
        if len(self.contents) > CONTENTS_MAX:
            del self.contents[max(self.contents)]


@dataclass(slots=True)
class OfContent:
    """The events that say the same."""

    type: str
    contact: str
    events: int = 0
    ids: tuple[int, ...] = ()
    """Hashes of their ids; of too many the smallest."""

    def add(self, ids: Sequence[int], events: int) -> None:
        """Count events of these ids."""
        self.events += events
        if not set(ids) <= set(self.ids):
            self.ids = tuple(sorted({*self.ids, *ids})[:IDS_OF_CONTENT_MAX])


class Ids:
    """A sample of ids and one of contents."""

    __slots__ = ("by_content", "by_id")

    def __init__(self) -> None:
        self.by_id: HashSample[OfId] = HashSample(IDS_MAX)
        self.by_content: HashSample[OfContent] = HashSample(IDS_MAX)

    def add(self, id_hash: int, content_hash: int, content: Content) -> None:
        """Count an event."""
        if id_hash < self.by_id.limit:
            of_id = self.by_id.entries.get(id_hash)
            if of_id is None:
                of_id = self.by_id.entries[id_hash] = OfId()
            of_id.add(content_hash, content, 1)
        if content_hash < self.by_content.limit:
            of_content = self.by_content.entries.get(content_hash)
            if of_content is None:
                of_content = self.by_content.entries[content_hash] = OfContent(content.type, content.contact)
            of_content.add((id_hash,), 1)

    def cut(self, spare: int) -> None:
        """Keep no more than are watched."""
        self.by_id.cut(spare)
        self.by_content.cut(spare)

    def merge(self, other: Ids) -> None:
        """Count the events of another part too."""
        for own, their in ((self.by_id, other.by_id), (self.by_content, other.by_content)):
            own.limit = min(own.limit, their.limit)
        for id_hash, more in other.by_id.entries.items():
            of_id = self.by_id.entries.setdefault(id_hash, OfId())
            extra = more.events - sum(events for _, events in more.contents.values())
            for content_hash, (content, events) in more.contents.items():
                of_id.add(content_hash, content, events)
            of_id.events += extra
        for content_hash, one in other.by_content.entries.items():
            of_content = self.by_content.entries.setdefault(content_hash, OfContent(one.type, one.contact))
            of_content.add(one.ids, one.events)
        self.cut(0)
