"""From contacts with their events to a schedule: in which disorder they arrive, and what else befalls the host.

Called by whoever makes worlds; all chance comes from the `Random` that is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

from kittiwake.model import Event
from kittiwake.time.instants import MINUTE_US, SECOND_US
from tests.simulation.engine.model import (
    SHARDS,
    Account,
    Freeze,
    Give,
    Habits,
    Key,
    Learn,
    Move,
    Nudge,
    Pass,
    Rest,
    Step,
    Work,
)

GRIDS_US: Final = (1, 1, 1, SECOND_US, MINUTE_US)


class Contact(NamedTuple):
    """Whom a world tells of, and until when."""

    key: Key
    events: tuple[Event, ...]
    until_us: int


class _Coming(NamedTuple):
    """An event, and the watermark at which it arrives."""

    at_us: int
    give: Give


def habits(dice: Random) -> Habits:
    """A host of one kind or another."""
    return Habits(
        keeps_bag=dice.random() < 0.5,
        direct=dice.random() < 0.3,
        one_timer=dice.random() < 0.6,
        grid_us=dice.choice(GRIDS_US),
    )


def schedule(dice: Random, accounts: Sequence[Account], contacts: Sequence[Contact]) -> tuple[Step, ...]:
    """The steps of a world in which these events arrive, mostly in some disorder."""
    horizons = {account.account_id: account.horizon_us for account in accounts}
    disorder = dice.choice((0.0, 0.3, 0.6, 0.9))
    coming = [
        _Coming(_arrives_us(dice, event, horizons[contact.key[0]], disorder), Give(contact.key, event))
        for contact in contacts
        for event in _with_repeats(dice, contact.events)
    ]
    coming.sort(key=lambda one: one.at_us)
    until_us = max(contact.until_us for contact in contacts)
    steps = list(_steps(dice, accounts, coming, contacts))
    return (*steps, *_ending(dice, until_us, max(horizons.values())))


def _with_repeats(dice: Random, events: Sequence[Event]) -> Iterator[Event]:
    """Each event, some of them again: deliveries are at least once."""
    for event in events:
        yield event
        while dice.random() < 0.12:
            yield event


def _arrives_us(dice: Random, event: Event, horizon_us: int, disorder: float) -> int:
    """The watermark at which it arrives: in time, a little late, about a horizon late, or far too early or late."""
    if dice.random() >= disorder:
        return event.time_us
    span_us = max(horizon_us, MINUTE_US)
    early_us, late_us = -dice.randrange(2 * span_us), dice.randrange(span_us)
    edges_us = horizon_us + dice.choice((-1, 0, 1, 2, SECOND_US))
    chosen = dice.choice((early_us, 0, late_us, late_us, late_us, late_us, edges_us, edges_us, 3 * span_us))
    return event.time_us + chosen


def _steps(
    dice: Random, accounts: Sequence[Account], coming: Sequence[_Coming], contacts: Sequence[Contact]
) -> Iterator[Step]:
    keys = [contact.key for contact in contacts]
    lag_us = dice.choice((0, 0, SECOND_US, 40 * MINUTE_US, 7 * 24 * 60 * MINUTE_US))
    pace, busy, faults = dice.choice((0.3, 0.7, 1.0)), dice.choice((0.5, 1.0)), dice.choice((0.0, 0.1, 0.4))
    for one in coming:
        yield one.give
        if dice.random() < pace:
            at_us = one.at_us + dice.choice((0, 0, 1, 1, 1, 2, SECOND_US, MINUTE_US, 20 * MINUTE_US))
            yield Pass(at_us, at_us + dice.choice((0, lag_us)))
        if dice.random() < busy:
            yield Work(dice.randrange(2**32), dice.random() < faults)
        if dice.random() < faults:
            yield _fault(dice, accounts, keys, one.at_us)
        if dice.random() < 0.08:
            yield Rest()


def _fault(dice: Random, accounts: Sequence[Account], keys: Sequence[Key], at_us: int) -> Step:
    account, shard = dice.choice(accounts), dice.randrange(SHARDS)
    span_us = max(account.horizon_us, MINUTE_US)
    nudged_us = at_us - dice.choice((0, 1, dice.randrange(span_us), dice.randrange(4 * span_us)))
    steps: tuple[Step, ...] = (
        Nudge(dice.choice(keys), nudged_us),
        Nudge(dice.choice(keys), nudged_us),
        Nudge(dice.choice(keys), nudged_us),
        Learn(account.account_id, shard),
        Learn(account.account_id, shard),
        Move(shard),
        Move(shard),
        Freeze(account.account_id, at_us + dice.choice((-1, 1, 1)) * dice.randrange(span_us)),
        Freeze(account.account_id, None),
        Freeze(account.account_id, None),
    )
    return dice.choice(steps)


def _ending(dice: Random, until_us: int, horizon_us: int) -> Iterator[Step]:
    """All thaws, time passes to the end of the world, then a horizon or two of silence."""
    yield Rest()
    yield Freeze("*", None)
    yield Pass(until_us, until_us)
    yield Rest()
    if dice.random() < 0.5:
        end_us = until_us + dice.choice((1, 1, 2)) * (horizon_us + dice.choice((1, 1, MINUTE_US)))
        yield Pass(end_us, end_us)
