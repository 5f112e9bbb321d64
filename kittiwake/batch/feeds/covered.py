"""The feeds of bounded input: which times their events cover, taken down while blocks are read; and of breakers alike.

Pure. Called by `intake` with the events of every block; what comes of the blocks is united with the counts, in any
order. Nothing but types, times and names is asked.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import msgspec

from kittiwake.input.bulk import Table
from kittiwake.kernel.evaluate.feeds import entries_of, kept_of, silences_of, stretches_of
from kittiwake.kernel.evaluate.floods import mark_of
from kittiwake.kernel.plan.feeds import FeedsOfRules, Silences, Span
from kittiwake.kernel.plan.policy import Rhythm


class FeedOf(NamedTuple):
    """A feed of an account, or a breaker; plain data, which travels."""

    account_id: str
    type: str
    every_us: int
    max_events: int = 0

    @property
    def rhythm(self) -> Rhythm:
        """By what it is known."""
        return Rhythm(*self[1:])


Covered = dict[FeedOf, list[Span]]
"""What the events of feeds cover; of breakers the first events of each interval (`evaluate.feeds.entries_of`)."""


def note(found: Covered, feeds: FeedsOfRules, table: Table, until_us: int | None = None) -> None:
    """Add what the events of a table cover, from `until_us` on none; most tables have none of a feed."""
    if feeds.types.isdisjoint(table.types):
        return
    rows: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (account_id, event_type) in enumerate(zip(table.account_ids, table.types, strict=True)):
        if event_type in feeds.types and (until_us is None or table.times_us[row] < until_us):
            rows[account_id, event_type].append(row)
    for (account_id, event_type), own in rows.items():
        for rhythm in feeds.of(account_id):
            if rhythm.type == event_type:
                marks = (mark_of(table.contact_ids[row], table.event_ids[row]) for row in own)
                entries = entries_of(rhythm, [table.times_us[row] for row in own], marks)
                _unite(found, FeedOf(account_id, *rhythm), entries)


def unite(total: Covered, part: Covered) -> None:
    """Add what is covered in a part of the input."""
    for feed, entries in part.items():
        _unite(total, feed, entries)


def _unite(total: Covered, feed: FeedOf, entries: list[Span]) -> None:
    total[feed] = kept_of(feed.rhythm, [*total.get(feed, ()), *entries])


def silences_by_account(found: Covered) -> dict[str, Silences]:
    """When the feeds of each account were silent, and its types flooded."""
    by_account: defaultdict[str, dict[Rhythm, list[Span]]] = defaultdict(dict)
    for feed, entries in found.items():
        by_account[feed.account_id][feed.rhythm] = list(stretches_of(feed.rhythm, entries))
    return {account_id: Silences(by_rhythm) for account_id, by_rhythm in by_account.items()}


class FeedHealth(msgspec.Struct, frozen=True, order=True):
    """How a feed has done up to the end of a run."""

    account_id: str
    type: str
    every_us: int
    silences: int
    """How often it was silent."""
    longest_us: int
    """The longest time for which it was."""
    silent_since_us: int | None
    """Since when it is silent in the end; None: it is not."""


def health_of(found: Covered, until_us: int, since_us: int | None = None) -> tuple[FeedHealth, ...]:
    """How feeds have done up to an instant, by account and type; those that have not begun by then are left out.

    A run that starts from snapshots says nothing of silences that were over by `since_us`.
    """
    feeds = [(feed, spans) for feed, spans in sorted(found.items()) if not feed.rhythm.is_breaker]
    return tuple(_health(feed, spans, until_us, since_us or 0) for feed, spans in feeds if spans[0][0] < until_us)


def _health(feed: FeedOf, spans: list[Span], until_us: int, since_us: int) -> FeedHealth:
    found = ((begins_us, min(ends_us, until_us)) for begins_us, ends_us in silences_of(spans) if begins_us < until_us)
    silent = [one for one in found if one[1] > since_us]
    longest_us = max((ends_us - begins_us - (ends_us < until_us) for begins_us, ends_us in silent), default=0)
    open_since_us = silent[-1][0] if silent and silent[-1][1] == until_us else None
    return FeedHealth(*feed[:3], len(silent), longest_us, open_since_us)


class Flooding(msgspec.Struct, frozen=True, order=True):
    """How often more events of a type came than a breaker lets through, up to the end of a run."""

    account_id: str
    type: str
    max_events: int
    per_us: int
    floods: int
    """In how many intervals."""
    first_us: int | None
    """When the first flood began; None: there was none."""
    newest_us: int | None
    """When the newest began."""


def floods_until(found: Covered, until_us: int, since_us: int | None = None) -> tuple[Flooding, ...]:
    """How often types were flooded up to an instant, by account and type; breakers without an event are left out.

    A run that starts from snapshots says nothing of floods that were over by `since_us`.
    """
    breakers = [(feed, entries) for feed, entries in sorted(found.items()) if feed.rhythm.is_breaker]
    return tuple(_flooding(feed, entries, until_us, since_us or 0) for feed, entries in breakers if entries)


def _flooding(feed: FeedOf, entries: list[Span], until_us: int, since_us: int) -> Flooding:
    found = stretches_of(feed.rhythm, entries)
    begins_us = [begins for begins, ends in found if begins < until_us and ends > since_us]
    ends = (begins_us[0], begins_us[-1]) if begins_us else (None, None)
    return Flooding(feed.account_id, feed.type, feed.max_events, feed.every_us, len(begins_us), *ends)
