"""Snapshots of feeds and breakers: what the events of an account have covered, as rows beside those of contacts.

Pure. Written by hosts over bounded input, of each feed of an account as many rows as it takes, and read by runs that
start from there. Rows unite in any order, as what is known of parts of an input does (`batch.feeds.covered`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kittiwake.kernel.plan.feeds import Span
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.output.rows import line
from kittiwake.output.snapshots import digest_of
from kittiwake.time.instants import BadTimeError, format_instant, parse_instant

ENTRIES_MAX: Final = 1_000
"""Entries of one row: some 40 KB."""


class FeedSnapshot(NamedTuple):
    """What a row says of a feed, or a breaker."""

    account_id: str
    rhythm: Rhythm
    evaluated_to_us: int
    """Every event before it has been seen."""
    entries: tuple[Span, ...]
    """As `kernel.evaluate.feeds.kept_of` has them, all of them or a part."""


class BadFeedSnapshot(NamedTuple):
    """Why a row is no snapshot of a feed."""

    why: str


def feed_snapshot_lines(account_id: str, rhythm: Rhythm, until_us: int, entries: Sequence[Span]) -> Iterator[bytes]:
    """The lines of a feed's rows; none where nothing is known."""
    for at in range(0, len(entries), ENTRIES_MAX):
        row = {
            "settled_until": format_instant(until_us),
            "account_id": account_id,
            "feed": {"type": rhythm.type, "every_us": rhythm.every_us, "max_events": rhythm.max_events},
            "entries": [list(one) for one in entries[at : at + ENTRIES_MAX]],
        }
        yield line({**row, "digest": digest_of(row)})


def is_feed_row(row: Mapping[str, Any]) -> bool:
    """Whether a row of a file of snapshots is one of a feed."""
    return "feed" in row


def feed_snapshot_of(row: Mapping[str, Any]) -> FeedSnapshot | BadFeedSnapshot:
    """What a row says; why it says nothing, where it is not as it was written, or is garbage."""
    if row.get("digest") != digest_of(row):
        return BadFeedSnapshot("the row is not as it was written: its digest is another")
    try:
        of = row["feed"]
        rhythm = Rhythm(str(of["type"]), int(of["every_us"]), int(of["max_events"]))
        entries = tuple((int(begins), int(ends)) for begins, ends in row["entries"])
        return FeedSnapshot(str(row["account_id"]), rhythm, parse_instant(row["settled_until"]), entries)
    except (KeyError, TypeError, ValueError, BadTimeError) as error:
        return BadFeedSnapshot(f"not a snapshot of a feed: {type(error).__name__}")
