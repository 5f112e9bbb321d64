"""Random rules that say what they are for, who owns them and how they are tagged, and tell it in their triggers."""

from typing import Any

from tests.oracle.dice import Dice

_SAID = {
    "description": ("Reminds.", "Reminds once,\nand then no more.", "Erinnert einmal – mit Grüßen"),
    "owner": ("retention team", "mara@example.com"),
    "tags": (["cart"], ["mail", "cart"]),
}


def say_of_itself(dice: Dice, document: dict[str, Any]) -> None:
    """Some rules get texts, and most of these copy one into their triggers."""
    for rule in document["rules"]:
        if not dice.chance(60):
            continue
        for key in dice.some(tuple(_SAID), 1, 3):
            rule[key] = dice.pick(_SAID[key])
            if dice.chance(60):
                rule["include"] = {**rule.get("include", {}), f"of_{key}": {"rule": key}}
