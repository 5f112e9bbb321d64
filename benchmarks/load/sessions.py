"""Who does what, in the order in which it is sent: sessions of contacts, interleaved. Pure.

A session's place is counted in messages, not in seconds: sessions begin evenly, and its events follow one another by
so many messages as the mean rate has in that time. So the rate is that of `arrivals` from the first message on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.generate import EVENTS_A_SESSION, kinds_within
from benchmarks.load.settings import LoadSettings
from benchmarks.load.zipf import Zipf
from kittiwake.time.instants import SECOND_US

SESSIONS_MIN, SESSIONS_MAX = 5_000, 250_000
"""Sessions that are drawn at once: an eighth of those under way, within bounds."""
SAME_ITEM: Final = 0.5
"""The share of a session's events that are about the item that the session began with."""
CENTS_MIN, CENTS_MAX = 500, 20_000


class Happening(NamedTuple):
    """An event before it has a time."""

    account: int
    """From 0."""
    contact: int
    """Of its account, from 1: the lower, the busier."""
    kind: int
    """Of `TYPES`."""
    item: int
    """From 1: the lower, the more popular."""
    cents: int
    delay_us: int
    """From when it happens to when it is sent."""


def happenings(settings: LoadSettings) -> Iterator[Happening]:
    """In the order in which they are sent, without end."""
    span = settings.rate * settings.session_us / SECOND_US  # messages that come within the longest session
    sessions = min(SESSIONS_MAX, max(SESSIONS_MIN, int(span / EVENTS_A_SESSION / 8)))
    places = sessions * EVENTS_A_SESSION * _FRACTIONS
    number = -int(-(-span * _FRACTIONS // places))  # sessions that were under way when the first message was sent
    pending = np.empty((7, 0), dtype=np.int64)
    while True:
        drawn = _drawn(settings, number, sessions, span)
        pending = np.concatenate([pending, drawn[:, drawn[0] >= 0]], axis=1)
        number += 1
        is_due = pending[0] < number * places
        due = pending[:, is_due]
        yield from map(Happening._make, due[1:, np.argsort(due[0], kind="stable")].T.tolist())
        pending = pending[:, ~is_due]


_FRACTIONS: Final = 1_024
"""Positions are whole numbers of this part of a message, so that all columns are whole numbers."""


def _drawn(settings: LoadSettings, number: int, sessions: int, span: float) -> Any:
    """A chunk of sessions, as columns: position, and what `Happening` has."""
    rng = np.random.default_rng([settings.seed, 2**31 + number])
    begin = (number * sessions + np.arange(sessions) + rng.random(sessions)) * EVENTS_A_SESSION
    length = rng.random(sessions) * span
    session = np.repeat(np.arange(sessions), 1 + rng.poisson(EVENTS_A_SESSION - 1, sessions))
    part = rng.random(session.size)
    account, contact = _contacts(settings, rng, sessions)
    items = Zipf(settings.items, settings.item_exponent)
    own, other = items.draw(rng, sessions)[session], items.draw(rng, session.size)
    item = np.where(rng.random(session.size) < SAME_ITEM, own, other)
    columns = (
        (begin[session] + part * length[session]) * _FRACTIONS,
        account[session],
        contact[session],
        kinds_within(rng, part),
        item,
        rng.integers(CENTS_MIN, CENTS_MAX, size=session.size),
        _delays_us(settings, rng, session.size),
    )
    return np.array([np.floor(column).astype(np.int64) for column in columns])


def _contacts(settings: LoadSettings, rng: np.random.Generator, sessions: int) -> tuple[Any, Any]:
    """Account and contact of each session. Every account has as many contacts, or one more or less."""
    account = np.zeros(sessions, dtype=np.int64)
    others = settings.accounts - 1
    if others:
        is_other = rng.random(sessions) * (settings.loud + others) >= settings.loud
        account[is_other] = 1 + rng.integers(others, size=int(is_other.sum()))
    contacts = Zipf(settings.contacts // settings.accounts, settings.contact_exponent)
    return account, contacts.draw(rng, sessions)


def _delays_us(settings: LoadSettings, rng: np.random.Generator, count: int) -> Any:
    is_late = rng.random(count) < settings.late
    return (rng.random(count) * np.where(is_late, settings.late_by_us, settings.disorder_us)).astype(np.int64)
