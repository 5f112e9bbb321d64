"""Clauses of history that joined the language later: values, calendar periods, ranges back, totals of a period."""

from typing import Any

from tests.oracle import clock
from tests.oracle.dice import KEYS, TAGS, ZONES, Dice
from tests.oracle.worlds_rules import condition, match

Raw = dict[str, Any]

PERIODS = ("today", "today", "today", "this_week", "this_week", "this_month", "this_year")


def give_values(dice: Dice, document: Raw) -> None:
    """Give rules conditions over the average, smallest, greatest or newest value of a property."""
    for rule in document["rules"]:
        if dice.chance(70):
            give_condition(dice, rule, value_condition(dice))


def give_periods(dice: Dice, document: Raw) -> None:
    """Let conditions of rules look back within a period of the contact's calendar."""
    for rule in document["rules"]:
        drawn = _likely_condition(dice) if dice.chance(60) else _any_condition(dice)
        if "audience" not in rule and dice.chance(25):
            name = rule["id"]
            rule.clear()
            rule |= {"id": name, "audience": drawn, "emits": ["entered", "exited"]}
        if dice.chance(70):
            give_condition(dice, rule, {**drawn, "within": dice.pick(PERIODS)})


def give_ranges(dice: Dice, document: Raw) -> None:
    """Let conditions of rules look back on a range."""
    for rule in document["rules"]:
        if dice.chance(70):
            drawn, near = _any_condition(dice), dice.randint(1, 6)
            drawn.pop("within", None)
            far = near + dice.randint(1, 8)
            give_condition(dice, rule, {**drawn, "between": [dice.text(far * dice.unit), dice.text(near * dice.unit)]})


def give_totals(dice: Dice, document: Raw) -> None:
    """Let totals count anew in each period, and let there be some."""
    for rule in document["rules"]:
        if "audience" not in rule and dice.chance(60):
            for name in ("still", "wait", "unless", "restart"):
                rule.pop(name, None)
            if (isinstance(rule["when"], dict) and "sequence" in rule["when"]) or dice.chance(60):
                rule["when"] = dice.pick(("*", match(dice)))
            by_count = dice.chance(50)
            at = sorted(dice.sample(range(1, 5), 2)) if by_count else sorted(dice.some((8.51, 50, 100.5, 150), 1, 3))
            rule["reaches"] = {
                "within": dice.pick(PERIODS),
                "at": at,
                **({"count": True} if by_count else {"sum": "v"}),
            }


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


def _likely_condition(dice: Dice) -> Raw:
    """A condition that holds now and then, and not always, of what a contact did in a day."""
    what, of = dice.pick(("count", "distinct", "present", "max")), dice.pick(("*", match(dice)))
    if what in ("count", "present"):
        return {what: of} | ({"gte": dice.pick((1, 2))} if what == "count" else {})
    return {what: "k" if what == "distinct" else "v", "of": of, "gte": 1}


def _any_condition(dice: Dice) -> Raw:
    return value_condition(dice) if dice.chance(40) else condition(dice, with_same=False)


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


def move_between_zones(dice: Dice, events: list[Raw]) -> list[Raw]:
    """The history, in which the contact moves to another zone now and then."""
    moved = []
    for number, event in enumerate(events[: 3 if dice.chance(80) else 0]):
        at = clock.parse_instant(dice.pick(events)["time"]) or 0
        moved.append(
            {
                **event,
                "event_id": f"z{number}",
                "type": "contact.updated",
                "time": dice.written(at + dice.pick((0, 0, dice.unit))),
                "properties": {"timezone": dice.pick((*ZONES, "Pacific/Kiritimati", "Pacific/Pago_Pago"))},
            }
        )
    return [*events, *moved]
