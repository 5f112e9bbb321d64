"""Worlds for the simulator: the oracle's random documents and histories, several contacts and accounts at once."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from kittiwake.model import Event
from kittiwake.scenarios.player import event_of
from tests.oracle import clock
from tests.oracle.dice import Dice
from tests.oracle.worlds import happenings, world
from tests.oracle.worlds_versions import VersionedWorld, retention_world, versioned_world
from tests.simulation.dense import dense_events, dense_world
from tests.simulation.engine import Account, Contact, World, schedule
from tests.simulation.engine.schedule import habits

ACCOUNTS = ("acme", "globex")
ENDINGS = ("contact.deleted", "contact.merged")
NAMES = ("ann", "bob", "cleo")


def simulated_world(seed: int) -> World:
    """The world of that seed."""
    dice = random.Random(f"simulated {seed}")
    accounts, contacts = [], []
    for account_id in ACCOUNTS[: dice.choice((1, 1, 1, 2))]:
        account, few = _account(dice, account_id)
        accounts.append(account)
        contacts += few
    return World(tuple(accounts), habits(dice), schedule(dice, accounts, contacts))


def _account(dice: random.Random, account_id: str) -> tuple[Account, list[Contact]]:
    seed = dice.randrange(10**9)
    if dice.random() < 0.3:
        return _dense_account(dice, account_id, seed)
    of = _drawn(dice, seed)
    times = [clock.parse_instant(raw["time"]) or 0 for raw in of.events]
    span_us = max(times) - min(times) + clock.MINUTE
    horizon_us = dice.choice(
        (of.allowed_lateness_us,) * 4 + (span_us // 8, span_us // 4, span_us // 2) * 2 + (0, 1, 400 * clock.DAY)
    )
    versions = tuple((start, {**document, "account": account_id}) for start, document in of.versions)
    account = Account(account_id, versions, horizon_us, of.limits or {}, dice.random() < 0.35)
    contacts = []
    for at, name in enumerate(NAMES[: dice.choice((1, 2, 2, 3))]):
        events, until_us = (of.events, of.until_us) if at == 0 else _others(of, f"{seed} {at}")
        key = (account_id, name)
        contacts.append(Contact(key, tuple(_few(dice, [_event(key, raw) for raw in events])), until_us))
    return account, contacts


def _dense_account(dice: random.Random, account_id: str, seed: int) -> tuple[Account, list[Contact]]:
    of = dense_world(seed)
    versions = tuple((start, {**document, "account": account_id}) for start, document in of.versions)
    account = Account(account_id, versions, of.allowed_lateness_us, {}, dice.random() < 0.35)
    keys = [(account_id, name) for name in NAMES[: dice.choice((1, 2))]]
    contacts = [Contact(key, tuple(_event(key, raw) for raw in dense_events(dice)), of.until_us) for key in keys]
    return account, contacts


def _drawn(dice: random.Random, seed: int) -> VersionedWorld:
    kind = dice.random()
    if kind < 0.7:
        return versioned_world(seed)
    of = world(seed) if kind < 0.85 else retention_world(seed)
    return VersionedWorld([(None, of.document)], of.events, of.until_us, of.allowed_lateness_us, of.limits)


def _others(of: VersionedWorld, seed: str) -> tuple[list[dict[str, Any]], int]:
    """Another history round the same time, under the same rules."""
    times = [clock.parse_instant(raw["time"]) or 0 for raw in of.events]
    dice = Dice(0)
    dice.seed(seed)
    dice.theme, dice.start = "plain", min(times)
    dice.unit = dice.pick((30 * clock.MINUTE, clock.HOUR)) if max(times) - min(times) < 3 * clock.DAY else clock.DAY
    events, until_us, _, _ = happenings(dice, [rule for _, document in of.versions for rule in document["rules"]])
    return events, until_us


def _few(dice: random.Random, events: list[Event]) -> list[Event]:
    """Mostly a short piece of a history: small worlds are quick, and meet as much as long ones."""
    length = dice.choice((6, 10, 16, 40))
    ordered = sorted(events, key=lambda event: event.time_us)
    start = dice.randrange(max(1, len(ordered) - length + 1))
    chosen = ordered[start : start + length]
    if chosen and dice.random() < 0.15:
        chosen.insert(dice.randrange(len(chosen) + 1), _ending(dice, dice.choice(chosen)))
    return chosen


def _ending(dice: random.Random, near: Event) -> Event:
    """The contact is deleted or merged at an event's instant, or a hair after it."""
    at_us = near.time_us + dice.choice((0, 0, 1, clock.MINUTE))
    return msgspec.structs.replace(
        near, event_id=f"x{dice.randrange(9)}", type=dice.choice(ENDINGS), time_us=at_us, properties={}
    )


def _event(key: tuple[str, str], raw: dict[str, Any]) -> Event:
    return event_of(*key, {**raw, "account_id": key[0], "contact_id": key[1]})


def without_faults(of: World) -> World:
    """The same world on a host that nothing befalls."""
    calm = ("Give", "Pass", "Rest")
    return of._replace(steps=tuple(step for step in of.steps if type(step).__name__ in calm))
