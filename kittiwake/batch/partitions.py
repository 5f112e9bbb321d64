"""From the batches of a partition to its contacts, in bounded memory.

Called by hosts that decide partitions. Most partitions fit, and nothing is written to disk. States from which contacts
start, of snapshots of an earlier run, travel among the batches of their partition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import msgspec

from kittiwake.batch.counts import Counts
from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Gathering, Rows, Undecided
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.items.gathering import ItemGathering
from kittiwake.batch.items.rows import ItemRow
from kittiwake.batch.native.gathering import KeptEvents, Lines
from kittiwake.batch.record_batches import decompressed, partition_of, read_batch, read_item_batch
from kittiwake.batch.starts.merge import TWO_STATES, Starting, starting
from kittiwake.output.snapshot_set import SnapshotSetError

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


def decided_and_left(
    batches: Iterable[bytes], kept: KeptEvents, until_us: int, counts: Counts, held_bytes: int = HELD_BYTES
) -> Iterator[Lines | Undecided]:
    """As `contacts_of`, of which the accelerator decides and counts what it can; the others are left to be decided."""
    with Gathering(held_bytes) as gathering, kept:
        with gc_paused():
            for batch in batches:
                gathering.add(kept.read_batch(decompressed(batch)))
                kept.make_room(gathering)
        yield from kept.by_contact(gathering, until_us, counts)


def items_of(batches: Iterable[bytes], held_bytes: int = HELD_BYTES) -> Iterator[ItemRow]:
    """The rows of a partition of items, in their order. The batches are read once."""
    with ItemGathering(held_bytes) as gathering:
        with gc_paused():
            for batch in batches:
                gathering.add(read_item_batch(batch))
        yield from gathering.in_order()


# ---------------------------------------------------------------- contacts that start from a state


MARK: Final = b"state"
"""What a state begins with. A record batch begins as zstd's frames do."""


class StartState(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The state of a contact that starts with one."""

    subject: Subject
    state: bytes
    """As `kernel.state.codec.encode` writes it."""


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(StartState).decode


def start_state(subject: Subject, state: bytes, partitions: int) -> tuple[int, bytes]:
    """The partition of a contact, and its state on the way there."""
    return partition_of(subject, partitions), MARK + _encode(StartState(subject, state))


def contacts_with_states(elements: Iterable[bytes], held_bytes: int) -> Iterator[Starting]:
    """The contacts of a partition, as `contacts_of`, and what they start from.

    Those without events have their turn too: what they wait for may fall due.

    Raises:
        SnapshotSetError: a contact has two states, of which none is the one to start from.
    """
    states: dict[Subject, bytes] = {}
    coming = contacts_of(_without_states(elements, states), held_bytes)
    first = next(coming, None)  # by now all elements have been read
    yield from starting(chain([] if first is None else [first], coming), sorted(states.items()))


def _without_states(elements: Iterable[bytes], states: dict[Subject, bytes]) -> Iterator[bytes]:
    """The record batches; states are put to their contacts."""
    for element in elements:
        if element.startswith(MARK):
            found = _decode(element[len(MARK) :])
            if states.setdefault(found.subject, found.state) != found.state:
                raise SnapshotSetError(TWO_STATES)
        else:
            yield element
