"""Worlds with `arbitration`: rounds that several rules of different priority meet in."""

from typing import Any

from tests.oracle import clock
from tests.oracle.dice import TYPES, Dice

Raw = dict[str, Any]
_NAMES = ("one", "two", "three", "four", "five")
_PRIORITIES = (0, 10, 40, 50, 50, 60, 90, 100)


def arbitrate(dice: Dice, document: Raw) -> None:
    """The policy gets rounds, and the rules priorities; mostly more rules too. Now and then a version has none."""
    if dice.chance(12):
        return
    policy = document.setdefault("policy", {})
    spans = [each for each in range(1, 7) if each * dice.unit <= clock.DAY]
    policy["arbitration"] = {"within": dice.text(dice.pick(spans) * dice.unit)}
    if dice.chance(60):
        policy["arbitration"]["max"] = dice.pick((1, 1, 2, 3))
    for rule in document["rules"]:
        if dice.chance(60):
            rule["priority"] = dice.pick(_PRIORITIES)
        if dice.chance(30) and "audience" in rule:
            rule["transactional"] = False
    if dice.chance(70):
        document["rules"] += [_rule(dice, name) for name in dice.some(_NAMES, 1, 4)]


def _rule(dice: Dice, name: str) -> Raw:
    """A rule that falls due soon and often."""
    drawn: Raw = {"id": name, "when": dice.pick((*TYPES, dice.some(TYPES, 2, 3))), "priority": dice.pick(_PRIORITIES)}
    if dice.chance(50):
        drawn["wait"] = dice.span(0, 3)
        if dice.chance(30):
            drawn["unless"] = dice.pick(TYPES)
    if dice.chance(40):
        drawn["per"] = "k"
    if dice.chance(15):
        drawn["mode"] = "shadow"
    if dice.chance(12):
        drawn["transactional"] = True
    if dice.chance(25):
        drawn["reentry"] = dice.pick(("once", dice.span(1, 6)))
    if dice.chance(25):
        drawn["expires"] = dice.span(1, 8)
    return drawn
