"""Random named matches: some of what the rules of a document match is written under names, with the same meaning."""

from typing import Any

from tests.oracle.dice import Dice

Raw = dict[str, Any]
_CONDITIONS = ("count", "present", "absent", "of")


def name_matches(dice: Dice, document: Raw) -> None:
    """Write half of the matches of a document under names: whole, or a part of their `where`, or names within names."""
    names: Raw = {}
    for rule in document["rules"]:
        when = rule.get("when")
        if isinstance(when, dict) and "sequence" in when:
            when["sequence"] = [_named(dice, names, step) for step in when["sequence"]]
        elif when is not None:
            rule["when"] = _named(dice, names, when)
        if rule.get("unless") is not None:
            rule["unless"] = _named(dice, names, rule["unless"])
        for key in ("given", "still", "audience"):
            _name_conditions(dice, names, rule.get(key))
    if names:
        document["matches"] = names


def _name_conditions(dice: Dice, names: Raw, tree: Any) -> None:
    for part in tree if isinstance(tree, list) else [tree] if isinstance(tree, dict) else []:
        for key in ("all", "any", "not"):
            _name_conditions(dice, names, part.get(key))
        for key in _CONDITIONS:
            if key in part:
                part[key] = _named(dice, names, part[key])


def _named(dice: Dice, names: Raw, match: Any) -> Any:
    """The match, or a use of a name that has come to stand for it."""
    if isinstance(match, list):
        if dice.chance(30):
            return _name(dice, names, match)
        return [_named(dice, names, entry) for entry in match]
    if not dice.chance(50):
        return match
    if isinstance(match, str) or "event" not in match or "item" in match:
        return _name(dice, names, match)
    inside, beside = {"event": match["event"]}, {}
    for key in ("where", "same"):
        if key in match:
            (inside if dice.chance(50) else beside)[key] = match[key]
    if not beside:
        return _name(dice, names, match)
    used = {"match": _new(names, inside if len(inside) > 1 else inside["event"]), **beside}
    return _name(dice, names, used) if dice.chance(30) else used


def _name(dice: Dice, names: Raw, match: Any) -> Any:
    """A new name of the match, bare or as an object."""
    name = _new(names, match)
    return name if dice.chance(50) else {"match": name}


def _new(names: Raw, match: Any) -> str:
    name = f"match_{len(names)}"
    names[name] = match
    return name
