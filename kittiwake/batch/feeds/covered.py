"""The feeds of bounded input: which times their events cover, taken down while blocks are read.

Pure. Called by `intake` with the events of every block; what comes of the blocks is united with the counts, in any
order. Which events they are does not matter: nothing but types and times is asked.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import msgspec

from kittiwake.errors import UnusableError
from kittiwake.input.bulk import Table
from kittiwake.kernel.evaluate.feeds import covered, silences_of, united
from kittiwake.kernel.plan.feeds import FeedsOfRules, Silences, Span
from kittiwake.kernel.plan.policy import Rhythm


class FeedOf(NamedTuple):
    """A feed of an account; plain data, which travels."""

    account_id: str
    type: str
    every_us: int


Covered = dict[FeedOf, list[Span]]
"""What the events of feeds cover."""


def note(found: Covered, feeds: FeedsOfRules, table: Table) -> None:
    """Add what the events of a table cover; most tables have none of a feed."""
    if feeds.types.isdisjoint(table.types):
        return
    times_us: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for account_id, event_type, time_us in zip(table.account_ids, table.types, table.times_us, strict=True):
        if event_type in feeds.types:
            times_us[account_id, event_type].append(time_us)
    for (account_id, event_type), times in times_us.items():
        for rhythm in feeds.of(account_id):
            if rhythm.type == event_type:
                feed = FeedOf(account_id, *rhythm)
                found[feed] = united([*found.get(feed, ()), *covered(times, rhythm.every_us)])


def unite(total: Covered, part: Covered) -> None:
    """Add what is covered in a part of the input."""
    for feed, spans in part.items():
        total[feed] = united([*total.get(feed, ()), *spans])


def silences_by_account(found: Covered) -> dict[str, Silences]:
    """When the feeds of each account were silent."""
    by_account: defaultdict[str, dict[Rhythm, list[Span]]] = defaultdict(dict)
    for (account_id, event_type, every_us), spans in found.items():
        by_account[account_id][Rhythm(event_type, every_us)] = list(silences_of(spans))
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


def health_of(found: Covered, until_us: int) -> tuple[FeedHealth, ...]:
    """How feeds have done up to an instant, by account and type; those that have not begun by then are left out."""
    return tuple(_health(feed, spans, until_us) for feed, spans in sorted(found.items()) if spans[0][0] < until_us)


def _health(feed: FeedOf, spans: list[Span], until_us: int) -> FeedHealth:
    silent = [(begins_us, min(ends_us, until_us)) for begins_us, ends_us in silences_of(spans) if begins_us < until_us]
    longest_us = max((ends_us - begins_us - (ends_us < until_us) for begins_us, ends_us in silent), default=0)
    open_since_us = silent[-1][0] if silent and silent[-1][1] == until_us else None
    return FeedHealth(*feed, len(silent), longest_us, open_since_us)


def refuse_snapshots(feeds: FeedsOfRules, *, writes: bool, starts: bool) -> None:
    """Refuse snapshots of runs whose rules have feeds: a snapshot knows contacts, and not what their feeds have sent.

    Raises:
        UnusableError: the run writes some, or starts from some.
    """
    if feeds.types and (writes or starts):
        option = "--snapshots" if writes else "--start-from"
        types = ", ".join(sorted(feeds.types))
        raise UnusableError(
            f"{option}: the policy has feeds ({types}), and a snapshot does not know yet when they were silent:"
            " leave it out, or delete feeds from the rules of this run"
        )
