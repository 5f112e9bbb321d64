"""Clauses of history that joined the language later: conditions over averages, extremes and newest values."""

from typing import Any

from tests.oracle.dice import KEYS, TAGS, Dice
from tests.oracle.worlds_rules import match

Raw = dict[str, Any]


def give_values(dice: Dice, document: Raw) -> None:
    """Give rules conditions over the average, smallest, greatest or newest value of a property."""
    for rule in document["rules"]:
        if dice.chance(70):
            give_condition(dice, rule, value_condition(dice))


def give_condition(dice: Dice, rule: Raw, drawn: Raw) -> None:
    """Let a rule ask a condition too: in `given`, or in its audience."""
    if "audience" in rule:
        tree = rule["audience"]
        if dice.chance(50):
            rule["transactional"] = False  # so that quiet hours hold who enters, and some of them leave meanwhile
        word = dice.pick(("all", "any", "alone", "not"))
        rule["audience"] = drawn if word == "alone" else {"not": drawn} if word == "not" else {word: [tree, drawn]}
        return
    if dice.chance(35, keep=70, room=60):
        drawn["same"] = dice.pick(("k", "g", ["k", "g"]))
    given = rule.get("given", [])
    rule["given"] = [*(given if isinstance(given, list) else [given]), drawn] if dice.chance(40) else drawn


def value_condition(dice: Dice) -> Raw:
    """A condition over a value, ever or within."""
    what = dice.pick(("avg", "min", "max", "last", "last"))
    drawn: Raw = {what: dice.pick(("v", "v", "cart.total")), "of": dice.pick((match(dice), "*"))}
    if dice.chance(65, keep=25):
        drawn["within"] = dice.span(1, 12)
    if what == "last" and dice.chance(65):
        path = drawn["last"] = dice.pick(("k", "tag", "flag", "g"))
        values = {"k": KEYS, "tag": TAGS, "flag": (True, False), "g": ("x", "y")}[path]
        return drawn | ({"eq": dice.pick(values)} if dice.chance(60) else {"in": dice.some(values, 1, 3)})
    return drawn | {dice.pick(("gte", "gte", "gt", "lt", "lte", "eq")): dice.pick((8.51, 31.26, 50, 68.74, 0, -20.5))}
