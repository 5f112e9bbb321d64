"""Seeded random worlds: a document, one contact's history, and how far it is settled."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tests.oracle import clock
from tests.oracle.additions import add_to_documents, add_to_events, drawn_additions
from tests.oracle.dice import ODD, TYPES, Dice
from tests.oracle.worlds_rules import attribute_changes, document, properties

ACCOUNT, CONTACT = "acme", "ann"


@dataclass(frozen=True)
class World:
    """What both sides are asked to decide."""

    document: dict[str, Any]
    events: list[dict[str, Any]]
    until_us: int
    allowed_lateness_us: int = clock.HOUR
    limits: dict[str, int] | None = None


def world(seed: int, contact: int = 0) -> World:
    """The world of that seed, the same on every machine; other contacts have the same document and another history."""
    dice = Dice(seed)
    rules = document(dice)
    if contact:
        dice.seed(f"{seed} {contact}")
    events, until, horizon, limits = happenings(dice, rules["rules"])
    names = drawn_additions(seed, dice)
    add_to_documents(seed, dice, names, [rules])
    return World(rules, add_to_events(seed, dice, names, events, contact), until, horizon, limits)


def with_few_ids(of: World, ids: int) -> World:
    """The same world, of which so many ids of events are remembered, and values of `repeats`."""
    return replace(of, limits={**(of.limits or {}), "ids": ids, "repeats": ids})


def happenings(dice: Dice, rules: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int, int, dict[str, int] | None]:
    """A history as producers write it, how far it is settled, the horizon, and the limits."""
    horizon = dice.pick((clock.HOUR, dice.unit, 2 * dice.unit))
    events = _history(dice, rules)
    until = _until(dice, events, patient="'until'" in str(rules))
    written = [each for event in events for each in _with_copies(dice, event, horizon)]
    dice.shuffle(written)
    return [_write(dice, each) for each in written], until, horizon, _limits(dice)


def _limits(dice: Dice) -> dict[str, int] | None:
    """Mostly the real limits, now and then tiny ones (never shorter than a wait that is written in a rule)."""
    if dice.chance(75, room=0):
        return None
    limits = {"keys": dice.randint(1, 3), "distinct": dice.randint(1, 3), "sum_entries": dice.randint(1, 3)}
    chosen = {name: limits[name] for name in dice.some(tuple(limits), 1, 3)}
    if dice.chance(60):
        chosen["include_bytes"] = dice.randint(16, 64)
    longest = dice.pick(
        (10 * dice.unit, *(days * clock.DAY for days in (1, 2, 7) if days * clock.DAY >= 10 * dice.unit))
    )
    return chosen | ({"max_wait_us": longest} if dice.chance(50) else {})


def _history(dice: Dice, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events in order of time, many at one instant, with ids in no order."""
    length = dice.pick((dice.randint(1, 6), dice.randint(5, 16), dice.randint(8, 24), dice.randint(15, 40)))
    ids = [f"e{number:02}" for number in range(length)]
    dice.shuffle(ids)
    types = dice.some(TYPES, 3, 4)
    at, events = dice.start, []
    talk = 45 if any("contact." in str(rule.get("wait")) for rule in rules) else 18
    for name in ids:
        at += (
            dice.pick((0, 0, 0, 0, 0, 0, 0, 0, 1, 2) if dice.theme == "ties" else (0, 0, 0, 1, 1, 1, 2, 2, 3, 5, 9))
            * dice.unit
        )
        nudge = dice.pick((-1, 1)) if dice.chance(2) else 0
        kind = _type(dice, types, talk)
        drawn = _properties(dice, kind, at)
        events.append({"event_id": name, "time": at + nudge, "type": kind, "properties": drawn})
    return events


def _type(dice: Dice, types: list[str], talk: int) -> str:
    if not dice.chance(talk):
        return dice.pick(types)
    if dice.chance(6, ties=25):
        return dice.pick(("contact.deleted", "contact.merged"))
    return dice.pick(("contact.updated", "contact.updated", "contact.updated", "consent.granted", "consent.withdrawn"))


def _properties(dice: Dice, kind: str, at: int) -> dict[str, Any]:
    if kind == "contact.updated":
        return attribute_changes(dice, at)
    if kind == "contact.merged":
        return dice.pick(({}, {"into": "c-42"}))
    if kind.startswith("consent."):
        return dice.pick(({}, {"purpose": "marketing"}, {"purpose": "news"}, {"purpose": dice.pick((None, 5))}))
    drawn = properties(dice, at)
    for name in [*drawn]:
        if dice.chance(5):
            drawn[name] = dice.pick(ODD)
        elif dice.chance(6):
            del drawn[name]
    return drawn


def _until(dice: Dice, events: list[dict[str, Any]], *, patient: bool) -> int:
    """Mostly after the history, also in its midst, at an event's own time, and far beyond."""
    times: list[int] = [event["time"] for event in events]
    newest = max(times)
    inside, beyond = dice.pick(times), newest + dice.randint(0, 16) * dice.unit
    far = newest + (dice.pick((60, 60, 60, 300)) if dice.unit == clock.DAY else 4) * clock.DAY
    if patient and dice.chance(40, dates=75):
        return far
    return dice.pick((newest + 1, beyond, beyond, far, inside, inside + 1, newest + 40 * dice.unit, far))


def _with_copies(dice: Dice, event: dict[str, Any], horizon: int) -> list[dict[str, Any]]:
    """The event with its copies: equal ones, conflicting ones, and later ones round the horizon."""
    copies = [event]
    while dice.chance(10) and len(copies) < 4:
        copy = dict(event)
        if dice.chance(60):
            kind = copy["type"] if dice.chance(60) else dice.pick(TYPES)
            copy |= {"type": kind, "properties": _properties(dice, kind, copy["time"])}
        if dice.chance(50):
            copy["time"] += dice.pick((dice.unit, horizon - 1, horizon, horizon + 1, 2 * horizon + 1, 4 * dice.unit))
        copies.append(copy)
    return copies


def _write(dice: Dice, event: dict[str, Any]) -> dict[str, Any]:
    """The event as a producer writes it."""
    written = {**event, "account_id": ACCOUNT, "contact_id": CONTACT, "time": dice.written(event["time"])}
    if not event["properties"] and dice.chance(50):
        del written["properties"]
    else:
        written["properties"] = {name: _number(dice, value) for name, value in event["properties"].items()}
    return written


def _number(dice: Dice, value: Any) -> Any:
    """A number as int, float or Decimal."""
    if isinstance(value, float) and dice.chance(30):
        return Decimal(repr(value))
    return float(value) if type(value) is int and dice.chance(10) else value
