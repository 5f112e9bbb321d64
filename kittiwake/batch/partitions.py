"""From the batches of a partition to its contacts, in bounded memory.

Called by hosts that decide partitions. Most partitions fit, and nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Gathering, Rows
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.items.gathering import ItemGathering
from kittiwake.batch.items.rows import ItemRow
from kittiwake.batch.record_batches import read_batch, read_item_batch

HELD_BYTES: Final = 128 * 1024 * 1024
"""Bytes of rows in memory from which on a partition goes to disk: some 300,000 events, or thirty times what is meant to
meet in one. A worker needs room for a few times as much, for each of its threads."""


def contacts_of(batches: Iterable[bytes], held_bytes: int = HELD_BYTES) -> Iterator[tuple[Subject, Rows]]:
    """The contacts of a partition in the order of account and contact, each with all of its rows.

    The batches are read once. Of each contact the rows have to be used before the next is asked for.
    """
    with Gathering(held_bytes) as gathering:
        with gc_paused():
            for batch in batches:
                gathering.add(read_batch(batch))
        yield from gathering.by_contact()


def items_of(batches: Iterable[bytes], held_bytes: int = HELD_BYTES) -> Iterator[ItemRow]:
    """The rows of a partition of items, in their order. The batches are read once."""
    with ItemGathering(held_bytes) as gathering:
        with gc_paused():
            for batch in batches:
                gathering.add(read_item_batch(batch))
        yield from gathering.in_order()
