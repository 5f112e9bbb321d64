"""A line of `snapshots` as what it says: the state of a contact, or what is known of an item or a feed.

Pure. Called by whatever starts from snapshots: replay, both jobs, and their launches.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import msgspec

from kittiwake.kernel.state.codec import BadState
from kittiwake.kernel.state.state import State
from kittiwake.output.feed_snapshots import BadFeedSnapshot, FeedSnapshot, feed_snapshot_of, is_feed_row
from kittiwake.output.item_snapshots import BadItemSnapshot, ItemSnapshot, is_item_row, item_snapshot_of
from kittiwake.output.snapshots import state_of
from kittiwake.values import parse_json


class SnapshotError(Exception):
    """A line is no row of `snapshots` that this release can read; says why, without what is in it."""


class ContactSnapshot(NamedTuple):
    """What a row says of a contact."""

    account_id: str
    state: State
    evaluated_to_us: int
    """Every event before it is in the state, and none at it or later."""


Snapshot: TypeAlias = ContactSnapshot | ItemSnapshot | FeedSnapshot


def snapshot_of_line(line: bytes) -> Snapshot:
    """What a line says.

    Raises:
        SnapshotError: it is no row of `snapshots`. Its contact would start with nothing, and hear again what it heard.
    """
    try:
        row = parse_json(line)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        raise SnapshotError(f"no JSON: {type(error).__name__}") from None
    if not isinstance(row, dict):
        raise SnapshotError("no JSON object")
    if is_item_row(row) or is_feed_row(row):
        found = item_snapshot_of(row) if is_item_row(row) else feed_snapshot_of(row)
        if isinstance(found, (BadItemSnapshot, BadFeedSnapshot)):
            raise SnapshotError(found.why)
        return found
    account_id, state = row.get("account_id"), state_of(row)
    if isinstance(state, BadState):
        raise SnapshotError(state.why)
    if not isinstance(account_id, str) or not account_id:
        raise SnapshotError("it names no account")
    assert state.evaluated_to_us is not None
    return ContactSnapshot(account_id, state, state.evaluated_to_us)
