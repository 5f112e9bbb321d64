"""Worlds in which corrections are common: few rules that wait, events close together, a horizon over many of them."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle import clock
from tests.oracle.worlds_versions import VersionedWorld

START = clock.parse_instant("2026-06-01T18:00:00Z") or 0
_WAITS: tuple[Any, ...] = ("30m", "1h", "1h", "2h", ["30m", "2h"], ["1h", "3h"], None)


def dense_world(seed: int) -> VersionedWorld:
    """The world of that seed."""
    dice = random.Random(f"dense {seed}")
    document = {"timezone": "UTC", "policy": _policy(dice), "rules": [_rule(dice, name) for name in _names(dice)]}
    versions: list[tuple[int | None, dict[str, Any]]] = [(None, document)]
    if dice.random() < 0.3:
        rules = [_rule(dice, rule["id"]) if dice.random() < 0.3 else rule for rule in document["rules"]]
        versions.append((START + dice.randrange(6, 30) * 10 * clock.MINUTE, {**document, "rules": rules}))
    events = dense_events(dice)
    horizon_us = dice.choice((clock.HOUR, 2 * clock.HOUR, 4 * clock.HOUR, 8 * clock.HOUR))
    return VersionedWorld(versions, events, START + 16 * clock.HOUR, horizon_us)


def dense_events(dice: random.Random) -> list[dict[str, Any]]:
    """One event every few minutes, some hours long."""
    at, events = START, []
    for number in range(dice.randrange(4, 18)):
        at += dice.choice((0, 10, 10, 20, 30, 50, 90)) * clock.MINUTE
        kind = dice.choice(("cart.added", "cart.added", "cart.added", "shop.viewed", "order.done"))
        if dice.random() < 0.02:
            kind = dice.choice(("contact.deleted", "contact.merged"))
        properties = {"k": dice.choice(("p1", "p1", "p2")), "v": dice.choice((10, 50))}
        name = f"e{(number * 7) % 19:02}"
        events.append({"event_id": name, "type": kind, "time": clock.rfc3339(at), "properties": properties})
    return events


def _names(dice: random.Random) -> tuple[str, ...]:
    return ("one", "two")[: dice.choice((1, 1, 2))]


def _policy(dice: random.Random) -> dict[str, Any]:
    drawn: dict[str, Any] = {}
    if dice.random() < 0.4:
        drawn["quiet_hours"] = {"from": dice.choice(("19:00", "20:30")), "to": dice.choice(("23:00", "02:00"))}
    if dice.random() < 0.4:
        drawn["frequency"] = [{"max": dice.choice((1, 2)), "per": dice.choice(("2h", "day"))}]
    return drawn


def _rule(dice: random.Random, name: str) -> dict[str, Any]:
    wait = dice.choice(_WAITS)
    drawn: dict[str, Any] = {"id": name, "when": dice.choice(("cart.added", ["cart.added", "shop.viewed"]))}
    if wait is not None:
        drawn |= {"wait": wait, "unless": "order.done", "restart": dice.random() < 0.6}
    else:
        drawn["given"] = {"count": "cart.added", "within": "1h", dice.choice(("gte", "lte")): dice.choice((1, 2))}
    if dice.random() < 0.4:
        drawn["per"] = "k"
    if dice.random() < 0.3:
        drawn["reentry"] = dice.choice(("once", "1h", "3h"))
    return drawn
