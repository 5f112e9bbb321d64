"""Derived events in random worlds: lists of lines in events of every type, and events made of them."""

from typing import Any

from tests.oracle import clock
from tests.oracle.dice import TYPES, Dice
from tests.oracle.worlds_rules import properties, where

Raw = dict[str, Any]
LISTS = ("lines", "lines", "cart.lines", "tags")


def document(dice: Dice, raw: Raw) -> None:
    """Gives the file one to three derivations, of types that nothing else is done with."""
    repeated = {name for each in raw.get("repeats", []) for name in _types(each)}
    free = [name for name in TYPES if name not in repeated]
    if not free:
        return
    made = dice.some(free, 1, 2)
    parents = [name for name in TYPES if name not in made]
    found: dict[tuple[str, str], Raw] = {}
    for _ in range(dice.pick((1, 1, 2, 3))):
        one = _derivation(dice, dice.pick(made), parents)
        found[one["event"], one["each"]] = one
    raw["derive"] = [*found.values()]


def _types(entry: Raw) -> list[str]:
    return entry["event"] if isinstance(entry["event"], list) else [entry["event"]]


def _derivation(dice: Dice, made: str, parents: list[str]) -> Raw:
    match: Any = dice.pick((dice.pick(parents), dice.some(parents, 1, 3), dice.some(parents, 2, 3), "*"))
    if dice.chance(20):
        match = {"event": match, "where": where(dice)}
    elif dice.chance(10):
        match = ["contact.updated", dice.pick(parents)]
    found: Raw = {"event": made, "from": match, "each": dice.pick(LISTS)}
    if dice.chance(60):
        found["keep"] = dice.some(("k", "g", "v", "n", "d", "cart"), 1, 3)
    if dice.chance(50):
        found["as"] = dice.pick(("k", "g", "v"))
    return found


def events(dice: Dice, written: list[Raw]) -> list[Raw]:
    """Lists of lines in most events."""
    return [_with_lines(dice, each) if dice.chance(65) else each for each in written]


def _with_lines(dice: Dice, event: Raw) -> Raw:
    if event["type"].startswith(("consent.", "contact.deleted", "contact.merged")):
        return event
    held = {**(event.get("properties") or {})}
    at = clock.parse_instant(event["time"]) or 0
    lines = [_line(dice, at) for _ in range(dice.pick((0, 1, 1, 2, 2, 3)))]
    if dice.chance(25) and isinstance(held.get("cart"), dict):
        held["cart"] = {**held["cart"], "lines": lines}
    else:
        held["lines"] = lines if dice.chance(92) else dice.pick((None, "p1", {"0": {}}, 5))
    return {**event, "properties": held}


def _line(dice: Dice, at: int) -> Any:
    if dice.chance(15):
        return dice.pick(("p1", "p2", 1, True, None, [1], [{"k": "p1"}], "long" * 300))
    drawn = properties(dice, at)
    return {name: drawn[name] for name in drawn if dice.chance(70)}
