"""A bucket's packs to its contacts, in bounded memory.

Called by hosts that settle buckets. Most buckets fit, and nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Gathering, Rows
from kittiwake.batch.gc_pause import uncollected
from kittiwake.batch.record_batches import unpacked

HELD_BYTES: Final = 128 * 1024 * 1024
"""Bytes of rows in memory from which on a bucket goes to disk: some 300,000 events, or thirty times what is meant to
meet in one. A worker needs room for a few times as much, for each of its threads."""


def contacts_of(packs: Iterable[bytes], held_bytes: int = HELD_BYTES) -> Iterator[tuple[Subject, Rows]]:
    """The contacts of a bucket in the order of account and contact, each with all of its rows.

    The packs are read once. Of each contact the rows have to be used before the next is asked for.
    """
    with Gathering(held_bytes) as gathering:
        with uncollected():
            for pack in packs:
                gathering.add(unpacked(pack))
        yield from gathering.by_contact()
