"""Worlds with a `breaker`: rules armed by types of which more events come, of this contact and another, than pass."""

from dataclasses import replace
from typing import Any

from tests.oracle import clock
from tests.oracle.additions import with_additions
from tests.oracle.dice import TYPES, Dice
from tests.oracle.worlds import ACCOUNT, CONTACT, World, world

Raw = dict[str, Any]
OTHER = "bob"
PER = ("1h", "2h", "1d")


def breaker_world(seed: int) -> World:
    """The world of a seed, whose policy has breakers, with rules armed by their types and events of another contact."""
    seed = with_additions(seed) if seed % 3 else seed
    found, dice = world(seed), Dice(seed).beside(f"{seed} breaker")
    derived = {one["event"] for one in found.document.get("derive", ())}
    types = [name for name in TYPES if name not in derived]
    breaker = {name: _breaker(dice) for name in dice.some(types, 1, 2)}
    document = {**found.document, "policy": {**(found.document.get("policy") or {}), "breaker": breaker}}
    document["rules"] = [*document["rules"], *(_rule(dice, name) for name in dice.some(("one", "two"), 1, 2))]
    return replace(found, document=document, events=[*found.events, *_of_another(dice, found.until_us)])


def _breaker(dice: Dice, *, holds: bool = False) -> Raw:
    drawn: Raw = {"max": dice.randint(1, 4), "per": dice.pick(PER)}
    if holds or dice.chance(80):
        drawn["mode"] = "hold" if holds else dice.pick(("hold", "hold", "hold", "shadow"))
    return drawn


def _rule(dice: Dice, name: str) -> Raw:
    drawn: Raw = {"id": f"armed-{name}", "when": dice.pick(TYPES)}
    if dice.chance(70):
        drawn["wait"] = dice.pick((dice.span(0, 3), dice.span(1, 4)))
        if dice.chance(40):
            drawn["unless"] = dice.some(TYPES, 1, 2)
    for key, drawn_as in (("per", "k"), ("expires", dice.span(1, 8)), ("reentry", dice.span(1, 6))):
        if dice.chance(30):
            drawn[key] = drawn_as
    return drawn


def _of_another(dice: Dice, until_us: int) -> list[Raw]:
    """Events of another contact: mostly several close together, then none for long; some are the same twice."""
    at, found = dice.start - 2 * dice.unit, list[Raw]()
    while at < until_us and len(found) < 40:
        at += dice.pick((0, 0, 0, 0, 1, 1, 2, 12)) * dice.unit + dice.pick((0, 0, 0, -1, 1))
        found.append(_event(dice, f"f{len(found) - dice.pick((0, 0, 0, 1)):02}", OTHER, at))
    return found


def _event(dice: Dice, name: str, contact: str, at: int, types: tuple[str, ...] = tuple(TYPES)) -> Raw:
    properties = {"k": dice.pick(("p1", "p2"))}
    told = {"event_id": name, "account_id": ACCOUNT, "contact_id": contact, "type": dice.pick(types)}
    return {**told, "time": clock.rfc3339(at), "properties": properties}


def flooded_world(seed: int) -> World:
    """A small world in which hardly anything happens but that types are flooded, and are not."""
    dice = Dice(seed)
    types = tuple(TYPES[:3])
    rules = [{**_rule(dice, name), "when": dice.pick(types)} for name in ("one", "two")]
    breaker = {name: _breaker(dice, holds=True) for name in dice.some(types, 1, 2)}
    at, events = dice.start, list[Raw]()
    for number in range(dice.randint(10, 30)):
        at += dice.pick((0, 0, 0, 1, 1, 2, 5)) * dice.pick((dice.unit, clock.MINUTE)) + dice.pick((0, 0, 0, -1, 1))
        mine = dice.chance(60)
        events.append(_event(dice, f"{'e' if mine else 'f'}{number:02}", CONTACT if mine else OTHER, at, types))
    document = {"account": "*", "rules": rules, "policy": {"breaker": breaker}}
    return World(document, events, at + dice.randint(1, 20) * dice.unit, dice.pick((1, 3, 9)) * dice.unit)
