"""Clauses about being sent that random documents are given: variants, quiet hours by weekday, channels."""

from typing import Any

from tests.oracle.dice import Dice

Raw = dict[str, Any]

ROLLED_OUT: tuple[Any, ...] = (0, 5, 33.3, 50, 50, 50, 87.5, 100)
_SHARES: tuple[tuple[Any, ...], ...] = ((50, 50), (50, 50), (33.3, 33.3, 33.4), (90, 10), (0, 100), (100,), (5, 0, 95))


def add_variants(dice: Dice, document: Raw) -> None:
    """Variants of most rules, some by one salt, some by that of the holdout."""
    salts = ("spring", document.get("policy", {}).get("holdout", {}).get("salt", "s"))
    for rule in document["rules"]:
        if dice.chance(75):
            shares = dice.pick(_SHARES)
            rule["variants"] = dict(zip(("a", "b", "c"), shares, strict=False))
            if dice.chance(40):
                rule["variants"]["salt"] = dice.pick(salts)


def add_rollout(dice: Dice, document: Raw) -> None:
    """A rollout of most rules, some by one salt, some by that of the holdout."""
    salts = ("spring", document.get("policy", {}).get("holdout", {}).get("salt", "s"))
    for rule in document["rules"]:
        if dice.chance(75):
            rule["rollout"] = {"percent": dice.pick(ROLLED_OUT)}
            if dice.chance(40):
                rule["rollout"]["salt"] = dice.pick(salts)


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NIGHTS = (("21:00", "08:00"), ("22:30", "03:00"), ("00:30", "01:30"), ("12:00", "14:15"), ("01:30", "02:30"))
_STRETCHES = (("00:00", "10:00"), ("21:00", "12:00"), ("02:30", "03:00"), ("12:00", "00:00"), ("14:00", "09:30"))


def add_quiet_days(dice: Dice, document: Raw) -> None:
    """Quiet hours of some weekdays, beside those of every day or alone; a seventh day keeps some of its time."""
    days = dice.some(_DAYS, 2, 6)
    half = dice.randint(1, len(days) - 1)
    written = [_some_days(dice, each) for each in ((days[:half], days[half:]) if dice.chance(50) else (days,))]
    if dice.chance(60):
        start, end = dice.pick(_NIGHTS)
        written.insert(dice.randint(0, 1), {"from": start, "to": end})
    document.setdefault("policy", {})["quiet_hours"] = written if dice.chance(70) else written[0]


def _some_days(dice: Dice, days: list[str]) -> Raw:
    if dice.chance(40):
        return {"days": days}
    start, end = dice.pick(_STRETCHES)
    return {"days": days, "from": start, "to": end}


def add_channels(dice: Dice, document: Raw) -> None:
    """Channels that say other things than the policy does, or nothing, and most rules on one of them."""
    names = ("email", "push", "sms")[: dice.randint(1, 3)]
    document.setdefault("policy", {})["channels"] = {name: _channel(dice) for name in names}
    for rule in document["rules"]:
        if dice.chance(85):
            rule["channel"] = dice.pick(names)


def _channel(dice: Dice) -> Raw:
    drawn: Raw = {}
    if dice.chance(45, caps=10):
        drawn["consent"] = {"purpose": dice.pick(("marketing", "news")), "default": dice.pick(("granted", "withdrawn"))}
        if dice.chance(60):
            drawn["consent"]["default"] = "granted"
    if dice.chance(60, caps=100):
        caps = [{"max": dice.pick((1, 1, 2)), "per": dice.pick(("day", "week", dice.span(1, 12)))}]
        drawn["frequency"] = caps if dice.chance(70) else [{**caps[0], "group": "intent"}, *caps]
    if dice.chance(40, night=90, caps=20):
        start, end = dice.some(("21:00", "08:00", "00:30", "02:30", "12:00", "03:00"), 2, 2)
        drawn["quiet_hours"] = {"from": start, "to": end}
    return drawn
