"""Repeats in random worlds: events that come again under another id, with a value of one that counted."""

from typing import Any

from tests.oracle.dice import ODD, TYPES, Dice
from tests.oracle.worlds_rules import where

Raw = dict[str, Any]
PATHS = ("oid", "oid", "oid", "k", "cart.id")


def document(dice: Dice, raw: Raw) -> None:
    """Gives the file one to three entries, of types that are not derived."""
    free = [name for name in TYPES if name not in {each["event"] for each in raw.get("derive", [])}]
    raw["repeats"] = [_entry(dice, free) for _ in range(dice.pick((1, 1, 2, 3)))]


def _entry(dice: Dice, free: list[str]) -> Raw:
    types = dice.pick(("*", dice.pick(free), dice.some(free, 1, 3), dice.some(free, 2, 4)))
    found: Raw = {"event": types, "same": dice.pick(PATHS), "within": dice.span(1, 12)}
    if dice.chance(25) and "contact" not in str(asked := where(dice)):
        found["where"] = asked
    return found


def events(dice: Dice, written: list[Raw]) -> list[Raw]:
    """An order's number in most events, few different ones."""
    return [_numbered(dice, each) if dice.chance(75) else each for each in written]


def _numbered(dice: Dice, event: Raw) -> Raw:
    if event["type"].startswith("contact."):
        return event
    number = dice.pick(ODD) if dice.chance(6) else dice.pick(("o1", "o1", "o2", "o3", 1, "1", 1.0, True, "o" * 257))
    return {**event, "properties": {**(event.get("properties") or {}), "oid": number}}
