"""From a row of `snapshots` to what a contact of a new job starts from.

Pure. Called by `transforms.stream.seed` with every row, and at launch with the first of each file.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from kittiwake.kernel.state.codec import BadState, encode
from kittiwake.output.item_snapshots import BadItemSnapshot, ItemSnapshot, is_item_row, item_snapshot_of
from kittiwake.output.snapshots import state_of
from kittiwake.stream.records import InitialState, key_of
from kittiwake.values import parse_json


class SnapshotError(Exception):
    """A line is no row of `snapshots` that this release can read; says why, without what is in it."""


class Seeded(NamedTuple):
    """A seed, and the key of its contact."""

    key: bytes
    seed: InitialState


def seed_of(line: bytes) -> Seeded | ItemSnapshot:
    """The seed of a line: of a contact, or what it knows of an item.

    Raises:
        SnapshotError: it is none. Its contact would start with nothing, and hear again what it has heard.
    """
    try:
        row = parse_json(line)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        raise SnapshotError(f"no JSON: {type(error).__name__}") from None
    if not isinstance(row, dict):
        raise SnapshotError("no JSON object")
    if is_item_row(row):
        found = item_snapshot_of(row)
        if isinstance(found, BadItemSnapshot):
            raise SnapshotError(found.why)
        return found
    account_id, state = row.get("account_id"), state_of(row)
    if isinstance(state, BadState):
        raise SnapshotError(state.why)
    if not isinstance(account_id, str) or not account_id:
        raise SnapshotError("it names no account")
    assert state.evaluated_to_us is not None
    return Seeded(key_of(account_id, state.contact_id), InitialState(state.evaluated_to_us, encode(state)))
