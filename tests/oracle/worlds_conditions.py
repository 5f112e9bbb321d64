"""Random trees of conditions, and what histories need for them to matter."""

from typing import Any

from tests.oracle import clock
from tests.oracle.dice import Dice
from tests.oracle.worlds_rules import condition

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


def beside(dice: Dice, tree: Raw, asked: Raw) -> Raw:
    """A tree that asks something more, or something else."""
    asked = {"not": asked} if dice.chance(25) else asked
    return dice.pick(({"all": [tree, asked]}, {"any": [asked, tree]}, {"all": [asked, {"not": tree}]}, asked))


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
