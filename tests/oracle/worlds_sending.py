"""Clauses about being sent that random documents are given: variants."""

from typing import Any

from tests.oracle.dice import Dice

Raw = dict[str, Any]

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
