"""States from which contacts of a run start, among the record batches of a partition.

Pure. Snapshots of an earlier run travel to the partition of their contact as the batches of events do; here they meet.
A contact without events has its turn too: what it waits for may fall due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Rows
from kittiwake.batch.partitions import contacts_of
from kittiwake.batch.record_batches import partition_of

MARK: Final = b"state"
"""What a state begins with. A record batch begins as zstd's frames do."""


class StartState(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The state of a contact that starts with one."""

    subject: Subject
    state: bytes
    """As `kernel.state.codec.encode` writes it."""


class Starting(NamedTuple):
    """A contact, all of its rows, and what it starts from; None: nothing is known of it."""

    subject: Subject
    rows: Rows
    state: bytes | None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(StartState).decode


def start_state(subject: Subject, state: bytes, partitions: int) -> tuple[int, bytes]:
    """The partition of a contact, and its state on the way there."""
    return partition_of(subject, partitions), MARK + _encode(StartState(subject, state))


def contacts_with_states(elements: Iterable[bytes], held_bytes: int) -> Iterator[Starting]:
    """The contacts of a partition in the order of account and contact, as `contacts_of`."""
    states: dict[Subject, bytes] = {}
    coming = contacts_of(_without_states(elements, states), held_bytes)
    first = next(coming, None)  # by now all elements have been read
    waiting = sorted(states, reverse=True)
    for subject, rows in chain([] if first is None else [first], coming):
        while waiting and waiting[-1] < subject:
            yield _without_rows(waiting.pop(), states)
        if waiting and waiting[-1] == subject:
            waiting.pop()
        yield Starting(subject, rows, states.pop(subject, None))
    while waiting:
        yield _without_rows(waiting.pop(), states)


def _without_rows(subject: Subject, states: dict[Subject, bytes]) -> Starting:
    return Starting(subject, [], states.pop(subject))


def _without_states(elements: Iterable[bytes], states: dict[Subject, bytes]) -> Iterator[bytes]:
    """The record batches; states are put to their contacts."""
    for element in elements:
        if element.startswith(MARK):
            found = _decode(element[len(MARK) :])
            states[found.subject] = found.state
        else:
            yield element
