"""Contacts that start from states which an earlier run has left, beside their events of this one.

Pure. What both hosts do, by which they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Rows
from kittiwake.kernel.state.codec import BadState, decode
from kittiwake.kernel.state.state import State

TWO_STATES: Final = "the snapshots have two states of one contact: name those of one run"


class Starting(NamedTuple):
    """A contact, all of its rows, and what it starts from; None: nothing is known of it."""

    subject: Subject
    rows: Rows
    state: bytes | None


def starting(contacts: Iterable[tuple[Subject, Rows]], states: Iterable[tuple[Subject, bytes]]) -> Iterator[Starting]:
    """Contacts with rows and contacts with states, each in their order and once, in that order.

    Those without events have their turn too: what they wait for may fall due.
    """
    waiting = iter(states)
    first = next(waiting, None)
    for subject, rows in contacts:
        while first is not None and first[0] < subject:
            yield Starting(first[0], [], first[1])
            first = next(waiting, None)
        if first is not None and first[0] == subject:
            yield Starting(subject, rows, first[1])
            first = next(waiting, None)
        else:
            yield Starting(subject, rows, None)
    while first is not None:
        yield Starting(first[0], [], first[1])
        first = next(waiting, None)


def sound_state(state: bytes) -> State:
    """A state that has been read from its snapshot."""
    found = decode(state)
    assert not isinstance(found, BadState), found.why
    return found
