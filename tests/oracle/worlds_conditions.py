"""Random trees of conditions, and what histories need for them to matter."""

from typing import Any

from tests.oracle import clock
from tests.oracle.dice import Dice
from tests.oracle.worlds_rules import condition, tree

Raw = dict[str, Any]

_OF_CONTACT: tuple[Raw, ...] = (
    {"tier": "gold"},
    {"tier": "gold"},
    {"tier": ["gold", "silver"]},
    {"tier": {"ne": "gold"}},
    {"tier": {"exists": False}},
    {"any": [{"tier": "silver"}, {"birthday": {"exists": True}}]},
    {"not": {"tier": "silver"}, "timezone": {"exists": True}},
    {"tier": {"gte": "h"}},
)


def add_contact_conditions(dice: Dice, document: Raw) -> None:
    """Ask rules for attributes: beside what they ask already, or instead; also in trees of `given`."""
    for rule in document["rules"]:
        if not dice.chance(70):
            continue
        if "audience" in rule:
            rule["audience"] = beside(dice, rule["audience"], {"contact": dice.pick(_OF_CONTACT)})
        else:
            asked = {"contact": dice.pick(_OF_CONTACT)}
            rule["given"] = beside_list(dice, rule.get("given"), asked)


def add_still(dice: Dice, document: Raw) -> None:
    """Ask of what waits whether something holds still: of history, of attributes, of both."""
    for rule in document["rules"]:
        if "wait" not in rule or not dice.chance(85):
            continue
        asked = [condition(dice, with_same=True) for _ in range(dice.pick((1, 1, 2)))]
        of_contact = {"contact": dice.pick(_OF_CONTACT)}
        drawn: tuple[Any, ...] = (asked[0], asked, asked, {"any": [*asked, of_contact]}, {"not": asked[0]})
        rule["still"] = dice.pick((*drawn, of_contact, [of_contact, *asked], {"all": [{"not": of_contact}, *asked]}))


def add_named_audiences(dice: Dice, document: Raw) -> None:
    """Name audiences in other rules: those there are, and one more that may be off."""
    rules = document["rules"]
    named = {"id": "named", "audience": dice.pick((tree(dice, 0), {"contact": dice.pick(_OF_CONTACT)}, tree(dice, 0)))}
    named["mode"] = dice.pick(("off", "off", "shadow", "live"))
    place = dice.randrange(len(rules) + 1)
    before: list[str] = ["named"]
    for rule in rules:
        asked: Raw = {"in": dice.pick(before)}
        if "audience" in rule:
            rule["audience"] = beside(dice, rule["audience"], asked) if dice.chance(60) else rule["audience"]
            before.append(rule["id"])
        elif dice.chance(75):
            rule["given"] = beside_list(dice, rule.get("given"), asked)
        elif "wait" in rule:
            rule["still"] = beside_list(dice, rule.get("still"), asked)
    rules.insert(place, named)


def beside(dice: Dice, old: Raw, asked: Raw) -> Raw:
    """A tree that asks something more, or something else."""
    asked = {"not": asked} if dice.chance(25) else asked
    return dice.pick(({"all": [old, asked]}, {"any": [asked, old]}, {"all": [asked, {"not": old}]}, asked))


def beside_list(dice: Dice, given: Any, asked: Raw) -> Any:
    """Conditions that ask something more: in a list, in a tree, or alone."""
    if given is None:
        return dice.pick((asked, [asked], {"not": asked}, {"any": [asked, condition(dice, with_same=True)]}))
    listed = given if isinstance(given, list) else [given]
    return dice.pick(([*listed, asked], [asked, *listed], {"any": [{"all": listed}, asked]}, [{"not": asked}, *listed]))


def add_changes_of_tier(dice: Dice, events: list[Raw]) -> list[Raw]:
    """More changes of the tier, at the times of other events or between them."""
    if not events:
        return events
    found = list(events)
    for number in range(dice.randint(1, 6)):
        at = (clock.parse_instant(dice.pick(events)["time"]) or 0) + dice.pick((0, 0, 0, 1, 2)) * dice.unit // 2
        properties = {"tier": dice.pick(("gold", "gold", "silver", None, 5))}
        event = {"event_id": dice.pick(("a", "u", "z")) + f"u{number}", "time": dice.written(at)}
        subject = {name: events[0][name] for name in ("account_id", "contact_id")}
        found.append({**event, "type": "contact.updated", "properties": properties, **subject})
    return found
