"""Worlds with `feeds`: rules that lean on types of which events of other contacts come now and then, or stop."""

from dataclasses import replace
from typing import Any

from tests.oracle import clock
from tests.oracle.additions import with_additions
from tests.oracle.dice import TYPES, Dice
from tests.oracle.worlds import ACCOUNT, CONTACT, World, world

Raw = dict[str, Any]
OTHER = "bob"


def feeds_world(seed: int) -> World:
    """The world of a seed, whose policy has feeds, with rules that lean on them and events of another contact."""
    seed = with_additions(seed) if seed % 3 else seed
    found, dice = world(seed), Dice(seed).beside(f"{seed} feeds")
    document = {
        **found.document,
        "policy": {**(found.document.get("policy") or {}), "feeds": _feeds(dice, found.document)},
    }
    document["rules"] = [*document["rules"], *(_rule(dice, name) for name in dice.some(("one", "two", "three"), 1, 3))]
    return replace(found, document=document, events=[*found.events, *_of_another(dice, found.until_us)])


def _feeds(dice: Dice, document: Raw) -> Raw:
    derived = {one["event"] for one in document.get("derive", ())}
    types = [name for name in TYPES if name not in derived]
    return {name: _feed(dice) for name in dice.some(types, 1, 2)}


def _feed(dice: Dice) -> Raw:
    drawn = {"every": dice.text(min(dice.randint(1, 6) * dice.unit, 7 * clock.DAY))}
    if dice.chance(80):
        drawn["mode"] = dice.pick(("hold", "hold", "hold", "shadow"))
    return drawn


def _rule(dice: Dice, name: str) -> Raw:
    """A rule that falls due soon and leans on something."""
    drawn: Raw = {"id": f"leaning-{name}", "when": dice.pick(TYPES), "unless": dice.some(TYPES, 1, 2)}
    drawn["wait"] = dice.pick((dice.span(0, 3), dice.span(1, 4)))
    if dice.chance(40):
        drawn["per"] = "k"
    if dice.chance(25):
        drawn["still"] = {"absent": dice.pick(TYPES), "within": dice.span(1, 6)}
    if dice.chance(40):
        drawn["expires"] = dice.span(1, 8)
    if dice.chance(20):
        drawn["transactional"] = True
    if dice.chance(20):
        drawn["reentry"] = dice.span(1, 6)
    return drawn


def _of_another(dice: Dice, until_us: int) -> list[Raw]:
    """Events of another contact, on the grid of the world: mostly several in a row, then none for long."""
    at, found = dice.start - 2 * dice.unit, list[Raw]()
    while at < until_us and len(found) < 40:
        at += dice.pick((0, 1, 1, 2, 2, 3, 5, 12)) * dice.unit + dice.pick((0, 0, 0, -1, 1))
        found.append(
            {
                "event_id": f"f{len(found):02}",
                "account_id": ACCOUNT,
                "contact_id": OTHER,
                "type": dice.pick(TYPES),
                "time": clock.rfc3339(at),
            }
        )
    return found


def leaning_world(seed: int) -> World:
    """A small world in which hardly anything happens but that feeds are silent, and are not."""
    dice = Dice(seed)
    rules = [_rule(dice, name) for name in ("one", "two")]
    return _small(dice, rules, (0, 1, 1, 1, 2, 3, 5))


def pausing_world(seed: int) -> World:
    """Such a world in which nothing waits for long, so that silences lie between what waits, and change after it."""
    dice = Dice(seed)
    rules = [{**_rule(dice, name), "wait": dice.span(0, 2), "expires": dice.span(1, 2)} for name in ("one", "two")]
    return _small(dice, rules, (0, 1, 1, 2, 5, 9))


def _small(dice: Dice, rules: list[Raw], steps: tuple[int, ...]) -> World:
    types = TYPES[:3]
    feeds = {
        name: {"every": dice.text(dice.randint(1, 4) * dice.unit), "mode": "hold"} for name in dice.some(types, 1, 2)
    }
    document = {"account": "*", "rules": rules, "policy": {"feeds": feeds}}
    at, events = dice.start, list[Raw]()
    for number in range(dice.randint(8, 24)):
        at += dice.pick(steps) * dice.unit + dice.pick((0, 0, 0, 0, -1, 1))
        mine = dice.chance(60)
        events.append(
            {
                "event_id": f"{'e' if mine else 'f'}{number:02}",
                "account_id": ACCOUNT,
                "contact_id": CONTACT if mine else OTHER,
                "type": dice.pick(types),
                "time": clock.rfc3339(at),
                "properties": {"k": dice.pick(("p1", "p2"))},
            }
        )
    return World(document, events, at + dice.randint(1, 20) * dice.unit, dice.pick((1, 3, 9)) * dice.unit)
