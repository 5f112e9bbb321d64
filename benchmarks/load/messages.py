"""What is sent, message by message: events as JSON lines, some of them again, and some messages that are no events.

Pure: the messages of settings are the same wherever and whenever they are made, with the same version of numpy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.generate import PROPERTIES, TYPES
from benchmarks.load.arrivals import due_us
from benchmarks.load.poison import KINDS, POISON
from benchmarks.load.sessions import Happening, happenings
from benchmarks.load.settings import LoadSettings
from kittiwake.time.instants import format_instant

AGAIN: Final = 1_000
"""A duplicate is of one of so many events before it: a client sends again within seconds."""
DRAWN: Final = 10_000
"""Chances that are drawn at once."""
_TYPES: Final = tuple((name, PROPERTIES[name]) for name in TYPES)


class LoadMessage(NamedTuple):
    """A message of the load."""

    due_us: int
    """When it is sent, from the start."""
    data: bytes
    event_id: str | None = None
    """None: it is no event."""
    time_us: int | None = None
    """When the event happened; None: it is none."""


def messages(settings: LoadSettings) -> Iterator[LoadMessage]:
    """In the order in which they are sent, without end."""
    recent: deque[LoadMessage] = deque(maxlen=AGAIN)
    events = enumerate(happenings(settings))
    poison_below = settings.duplicates + settings.poison
    for at_us, (what, which) in zip(due_us(settings), _chances(settings), strict=False):
        if what < settings.duplicates and recent:
            yield recent[int(which * len(recent))]._replace(due_us=at_us)
            continue
        event = _event(settings, at_us, *next(events))
        if settings.duplicates <= what < poison_below:
            yield LoadMessage(at_us, POISON[KINDS[int(which * len(KINDS))]](event.data))
            continue
        recent.append(event)
        yield event


def _chances(settings: LoadSettings) -> Iterator[tuple[float, float]]:
    """Two numbers below one for each message."""
    rng = np.random.default_rng([settings.seed, 2**33])
    while True:
        drawn: Any = rng.random((DRAWN, 2)).tolist()
        yield from map(tuple, drawn)


def _event(settings: LoadSettings, at_us: int, number: int, one: Happening) -> LoadMessage:
    """Two runs share no ids: they have another start or another seed."""
    name, properties = _TYPES[one.kind]
    time_us = settings.start_us + at_us - one.delay_us
    event_id = f"e{settings.start_us:x}-{settings.seed:x}-{number:x}"
    line = (
        f'{{"event_id":"{event_id}","account_id":"shop-{one.account}","contact_id":"c-{one.contact:09d}","type":"{name}",'
        f'"time":"{format_instant(time_us)}","properties":{{{properties(one.contact, one.item, one.cents)}}}}}'
    )
    return LoadMessage(at_us, line.encode(), event_id, time_us)
