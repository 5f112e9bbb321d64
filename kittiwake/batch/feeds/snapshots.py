"""What a run leaves of its feeds and breakers to the next, as lines of its snapshots, and takes from an earlier one.

Pure. Called by both hosts at the end of a run, with the counts of all of its input (ADR 0031, 0034).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kittiwake.batch.feeds.covered import Covered, FeedOf
from kittiwake.kernel.evaluate.feeds import covered_since, stretches_of
from kittiwake.kernel.evaluate.floods import interval_end_us
from kittiwake.kernel.plan.feeds import FeedsOfRules, Span
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.output.feed_snapshots import FeedSnapshot, feed_snapshot_lines
from kittiwake.rules.compile.accounts import Plan, Programs
from kittiwake.time.instants import DAY_US

LATENESSES_KEPT: Final = 4
"""Corrections of a contact may begin so far back, where batches in steps shorter than the lateness have led to it."""


def feed_lines(programs: Programs, found: Covered, until_us: int) -> Iterator[bytes]:
    """The lines of all feeds, of what a run from `until_us` on may still ask for."""
    for feed, entries in sorted(found.items()):
        if feed.account_id not in programs.refused:
            kept = _still_asked_for(programs.plan(feed.account_id), feed.rhythm, entries, until_us)
            yield from feed_snapshot_lines(feed.account_id, feed.rhythm, until_us, kept)


def covered_by(feeds: FeedsOfRules, found: FeedSnapshot) -> Covered:
    """What a row says, if the rules have the feed still; nothing, if they do not."""
    if found.rhythm not in feeds.of(found.account_id):
        return {}
    return {FeedOf(found.account_id, *found.rhythm): list(found.entries)}


def _still_asked_for(plan: Plan, rhythm: Rhythm, entries: list[Span], until_us: int) -> list[Span]:
    """Without what lies too far back for a correction; but with floods that hold something yet."""
    edge_us = until_us - LATENESSES_KEPT * plan.versions.horizon_us - DAY_US
    if not rhythm.is_breaker:
        return covered_since(entries, edge_us)
    asked_us = edge_us - (0 if plan.feeds is None else plan.feeds.longest_us(rhythm))
    flooded = {ends for _, ends in stretches_of(rhythm, entries) if ends > asked_us}
    ends_us = ((one, interval_end_us(rhythm, one[0])) for one in entries)
    return [one for one, ends in ends_us if ends > edge_us or ends in flooded]
