"""Snapshots of items: what is known of an item, and the interest of contacts in it, as rows beside those of contacts.

Pure. Written by hosts over bounded input, by item; an item that many contacts watch has several rows, of which the
first has its state. A stream takes them in, so that the first change after its start has a value before it, and reaches
those who showed interest before its start.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from kittiwake.kernel.items.index import VERSION, HeldInterest, ItemState, decode, encode
from kittiwake.output.rows import line
from kittiwake.output.snapshots import digest_of
from kittiwake.time.instants import BadTimeError, format_instant, parse_instant

INTERESTS_MAX: Final = 1_000
"""Interests of one row: some 60 KB."""


class ItemSnapshot(NamedTuple):
    """What a row says of an item."""

    account_id: str
    item_id: str
    evaluated_to_us: int
    """Every event before it is in the state, and none at it or later."""
    state: ItemState | None
    """None: another row has it, or there is nothing to know."""
    interests: tuple[HeldInterest, ...]


class BadItemSnapshot(NamedTuple):
    """Why a row is no snapshot of an item."""

    why: str


def item_snapshot_line(
    item: tuple[str, str], until_us: int, state: ItemState | None, interests: Sequence[HeldInterest]
) -> bytes:
    """The line of an item's row; `item` is account and item."""
    row = {
        "settled_until": format_instant(until_us),
        "account_id": item[0],
        "item_id": item[1],
        "state_version": VERSION,
        "state": None if state is None else base64.b64encode(encode(state)).decode(),
        "interests": [[one.contact_id, one.from_us, one.to_us] for one in interests],
    }
    return line({**row, "digest": digest_of(row)})


def is_item_row(row: Mapping[str, Any]) -> bool:
    """Whether a row of a file of snapshots is one of an item."""
    return "item_id" in row


def item_snapshot_of(row: Mapping[str, Any]) -> ItemSnapshot | BadItemSnapshot:
    """What a row says; why it says nothing, where it is not as it was written, or is garbage."""
    if row.get("digest") != digest_of(row):
        return BadItemSnapshot("the row is not as it was written: its digest is another")
    try:
        evaluated_to_us = parse_instant(row["settled_until"])
        state = None if row["state"] is None else decode(base64.b64decode(row["state"], validate=True))
        interests = tuple(HeldInterest(*one) for one in row["interests"])
        return ItemSnapshot(row["account_id"], row["item_id"], evaluated_to_us, state, interests)
    except (KeyError, TypeError, ValueError, binascii.Error, BadTimeError) as error:
        return BadItemSnapshot(f"not a snapshot of an item: {error}")
