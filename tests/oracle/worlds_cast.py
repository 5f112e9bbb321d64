"""Casts in random worlds: money and times that shops send as text or as epoch numbers."""

from typing import Any

from tests.oracle import clock
from tests.oracle.dice import TYPES, Dice

Raw = dict[str, Any]
NUMBERS = ("v", "n", "cart.total", "score")
INSTANTS = ("d", "birthday")
ODD = ("12.50 EUR", " 5", "1e400", "", "0x1", "-0.0", "٣", "1e-400", "007", "-3", "253402300800", "-1")


def document(dice: Dice, raw: Raw) -> None:
    """Gives the file one to three casts."""
    raw["cast"] = [_cast(dice) for _ in range(dice.pick((1, 1, 2, 3)))]


def _cast(dice: Dice) -> Raw:
    types = dice.pick(("*", "*", "contact.updated", ["*", "contact.updated"], dice.some(TYPES, 1, 3), dice.pick(TYPES)))
    found: Raw = {"event": types}
    if dice.chance(75):
        found["number"] = dice.pick(("v", "cart.total", dice.some(NUMBERS, 1, 3), dice.some(NUMBERS, 2, 4)))
    if "number" not in found or dice.chance(50):
        named = dice.some(INSTANTS, 1, 2)
        found["instant"] = {name: dice.pick(("epoch_seconds", "epoch_seconds", "epoch_millis")) for name in named}
    return found


def events(dice: Dice, written: list[Raw]) -> list[Raw]:
    """Numbers of half of the events as text, dates of some as epoch numbers, now and then what is neither."""
    return [_as_text(dice, each) if dice.chance(60) else each for each in written]


def _as_text(dice: Dice, event: Raw) -> Raw:
    properties = event.get("properties")
    if not properties:
        return event
    return {**event, "properties": {name: _value(dice, name, value) for name, value in properties.items()}}


def _value(dice: Dice, name: str, value: Any) -> Any:
    if name == "cart" and isinstance(value, dict):
        return {key: _value(dice, f"cart.{key}", part) for key, part in value.items()}
    if name in NUMBERS and dice.chance(80):
        return dice.pick(ODD) if dice.chance(10) else value if isinstance(value, bool) else _text(value)
    if name in INSTANTS and isinstance(value, str) and dice.chance(80):
        return _epoch(dice, value)
    return value


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, str | list | dict) else str(value)


def _epoch(dice: Dice, value: str) -> Any:
    """The instant, or the day's noon, as seconds or milliseconds since 1970, a number or a text."""
    at = clock.parse_instant(value)
    day = clock.parse_date(value) if at is None else None
    if day is not None:
        at = clock.parse_instant(f"{day.isoformat()}T12:00:00Z")
    if at is None:
        return value
    whole = at // dice.pick((clock.SECOND, clock.SECOND, 1_000))
    fine = whole + 0.5 if dice.chance(10) else whole
    return dice.pick((fine, str(fine), str(fine), str(whole * 10 + 5)))
