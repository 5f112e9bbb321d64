"""Random worlds with catalogue rules: a world as any other, with rules about items, and the events of those items.

They stand beside the additions: only hosts that join items to contacts decide them.
"""

from dataclasses import replace
from typing import Any

from tests.oracle import clock
from tests.oracle.dice import TYPES, Dice
from tests.oracle.worlds import World, world
from tests.oracle.worlds_rules import condition, eligibility, where
from tests.oracle.worlds_versions import VersionedWorld, versioned_world

Raw = dict[str, Any]

ITEMS = ("p1", "p2", "1")
"""As the property k of the contact's events names them; a third has a number for an id."""
TITLES = ("Mug", "Cup", "")
PRICES: tuple[Any, ...] = (100, 100, 100, 90, 89.99, 81, 80, 80, 50, 50, 120, 120)
ODD_PRICES: tuple[Any, ...] = (0, -5, "80", None, True, [80])
_CHANGES: tuple[Raw, ...] = (
    {"price": {"drops_by": "10%"}},
    {"price": {"drops_by": 10}},
    {"price": {"rises_by": "10%"}},
    {"price": {"drops_below": 85}},
    {"price": {"rises_above": 0}},
    {"price": {"becomes": 80}},
    {"price": {"changes": True}},
    {"meta.stock": {"rises_above": 0}},
    {"meta.stock": {"drops_below": 3}},
    {"title": {"changes": True}},
    {"title": {"becomes": "Cup"}},
)
_WHERES: tuple[Raw, ...] = (
    {"meta.stock": {"gt": 0}},
    {"meta.stock": {"gt": 0}},
    {"price": {"gte": 80, "lt": 110}},
    {"title": {"exists": False}},
    {"any": [{"title": ["Mug", "Cup"]}, {"not": {"price": {"gt": {"path": "meta.stock"}}}}]},
    {"contact": {"tier": "gold"}},
    {"price": {"gt": 60}, "not": {"contact": {"tier": {"exists": False}}}},
)
_INCLUDES = {"price": "item.price", "title": "item.title", "stock": "item.meta.stock", "id": "item_id", "seen": "v"}


def catalog_world(seed: int) -> World:
    """The world of that seed, with catalogue rules and events of items."""
    return with_items(seed, world(seed))


def with_items(seed: int, found: World) -> World:
    """A world with catalogue rules and events of items beside its own."""
    dice = Dice(seed).beside(f"{seed} catalog")
    document = {**found.document, "rules": [*found.document["rules"], *catalog_rules(dice)]}
    return replace(found, document=document, events=_events(dice, found.events))


def catalog_world_of_versions(seed: int) -> VersionedWorld:
    """The versioned world of that seed, likewise: in most versions the same rules, in some others or none."""
    found = versioned_world(seed)
    versions = []
    for number, (since, document) in enumerate(found.versions):
        of_all, own = Dice(seed).beside(f"{seed} catalog"), Dice(seed).beside(f"{seed} catalog {number}")
        rules = [] if own.chance(15) else catalog_rules(of_all if own.chance(60) else own)
        versions.append((since, {**document, "rules": [*document["rules"], *rules]}))
    dice = Dice(seed).beside(f"{seed} items")
    return replace(found, versions=versions, events=_events(dice, found.events))


def catalog_rules(dice: Dice) -> list[Raw]:
    """One or two catalogue rules."""
    return [_rule(dice, f"items-{number}") for number in range(dice.pick((1, 1, 2)))]


def _rule(dice: Dice, name: str) -> Raw:
    when: Raw = {"item": dice.pick(_CHANGES)}
    if dice.chance(30):
        when["since"] = "interest"
    if dice.chance(35):
        when["where"] = dice.pick(_WHERES)
    rule: Raw = {"id": name, "when": when, "interest": _interest(dice)}
    if dice.chance(60):
        rule["wait"] = dice.span(0, 4)
    if dice.chance(40):
        unless: Raw = {"event": dice.pick(TYPES)}
        rule["unless"] = unless | ({"item": "k"} if dice.chance(75) else {})
    if dice.chance(20):
        rule["given"] = condition(dice, with_same=False)
    if "wait" in rule and dice.chance(15):
        rule["still"] = condition(dice, with_same=False)
    if dice.chance(50):
        rule["include"] = {each: _INCLUDES[each] for each in dice.some(tuple(_INCLUDES), 1, 4)}
    return rule | eligibility(dice, per=False)


def _interest(dice: Dice) -> Raw:
    events: Any = dice.pick((dice.pick(TYPES), dice.some(TYPES, 2, 3), "*", "*"))
    if dice.chance(12):
        events = {"event": events if isinstance(events, str) else events[0], "where": where(dice)}
    return {"events": events, "item": "k", "within": dice.span(3, 40)}


def item_events(dice: Dice, events: list[Raw]) -> list[Raw]:
    """Events of items around those of a contact, many at the same instants and under the same ids, some twice."""
    times = [at for event in events if (at := clock.parse_instant(event["time"])) is not None]
    found: list[Raw] = []
    for number in range(dice.pick((dice.randint(3, 12), dice.randint(10, 40)))):
        at = dice.pick(times) + dice.pick((0, 0, 0, 1, 1, -1, 2, 3, 5, -3)) * dice.unit
        name = dice.pick((f"i{number:02}", f"e{number % 12:02}"))
        kind = dice.pick(("item.updated", "price.changed", TYPES[0]))
        one = {
            "event_id": name,
            "item_id": dice.pick(ITEMS[: dice.pick((1, 1, 1, 2, 3))]),
            "time": clock.rfc3339(at),
            "type": kind,
        }
        one["properties"] = _properties(dice)
        found.append(one)
        if dice.chance(12):
            again = clock.rfc3339(at + dice.pick((0, 0, dice.unit, 3 * dice.unit)))
            found.append({**one, "time": again, "properties": dice.pick((one["properties"], _properties(dice)))})
    return found


def _properties(dice: Dice) -> Raw:
    drawn: Raw = {}
    if dice.chance(75):
        drawn["price"] = dice.pick(ODD_PRICES if dice.chance(8) else PRICES)
    if dice.chance(50):
        drawn["meta"] = {"stock": dice.pick((0, 0, 1, 5, 5)) if dice.chance(90) else None}
    if dice.chance(30):
        drawn["title"] = dice.pick(TITLES)
    return drawn


def _events(dice: Dice, events: list[Raw]) -> list[Raw]:
    """The contact's events, of which most name an item, and those of items."""
    named: dict[str, Any] = {}
    own = []
    for event in events:
        item = named.setdefault(event["event_id"], dice.pick(("p1", "p1", *ITEMS, 1, 1.0)) if dice.chance(70) else None)
        properties = event.get("properties") or {}
        own.append(event if item is None else {**event, "properties": {**properties, "k": item}})
    found = [*own, *item_events(dice, events)]
    dice.shuffle(found)
    return found
