"""What random worlds are given of event matches: operators of `where` and names of `same` that came later."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.oracle import clock
from tests.oracle.dice import AMOUNTS, KEYS, TYPES, Dice

Raw = dict[str, Any]

LINES = "lines"
"""A property with a list of objects, as orders have them."""


def matches_in(rule: Raw) -> Iterator[tuple[Callable[[Any], None], Any]]:
    """Every event match of a rule, with what puts another in its place."""
    when = rule.get("when")
    if isinstance(when, dict) and "sequence" in when:
        yield from _places(when["sequence"])
    elif when is not None:
        yield lambda found: rule.update(when=found), when
    for condition in conditions_in(rule):
        name = next(key for key in ("count", "present", "absent", "of") if key in condition)
        yield lambda found, at=condition, key=name: at.update({key: found}), condition[name]  # type: ignore[misc]
    unless = rule.get("unless")
    if isinstance(unless, list):
        yield from _places(unless)
    elif unless is not None:
        yield lambda found: rule.update(unless=found), unless


def conditions_in(rule: Raw) -> Iterator[Raw]:
    """Every history condition of a rule, the leaves of its trees."""
    clauses = [rule[name] for name in ("given", "still", "audience") if name in rule]
    trees = [tree for each in clauses for tree in (each if isinstance(each, list) else [each])][::-1]
    while trees:
        tree = trees.pop()
        name = next((each for each in ("all", "any", "not") if each in tree), None)
        if name is not None:
            trees += tree[name] if isinstance(tree[name], list) else [tree[name]]
        elif "contact" not in tree and set(tree) != {"in"}:
            yield tree


def _places(written: list[Any]) -> Iterator[tuple[Callable[[Any], None], Any]]:
    for place, one in enumerate(written):
        yield lambda found, at=place: written.__setitem__(at, found), one  # type: ignore[misc]


# -- operators ---------------------------------------------------------------------------------------------------


def add_operators(dice: Dice, document: Raw) -> None:
    """Ask some matches of the file for an element, for emptiness, or for another property."""
    for rule in document["rules"]:
        for put, match in [*matches_in(rule)]:
            if dice.chance(60):
                put(_asking(dice, match))


def _asking(dice: Dice, match: Any) -> Any:
    """The match, its `where` with one entry more; a list of types becomes an object."""
    if isinstance(match, dict):
        where = match.get("where")
        entry = _entry(dice)
        return {**match, "where": entry if where is None else {dice.pick(("all", "any")): [where, entry]}}
    if isinstance(match, list) and not all(isinstance(each, str) for each in match):
        return match
    return {"event": match, "where": _entry(dice)}


def _entry(dice: Dice) -> Raw:
    number = dice.pick([each for each in AMOUNTS if each])
    order = dice.pick(("gt", "gte", "lt", "lte", "eq", "ne"))
    return dice.pick(
        (
            {LINES: {"contains": _element(dice, 0)}},
            {LINES: {"contains": _element(dice, 0)}},
            {"not": {LINES: {"contains": _element(dice, 0)}}},
            {dice.pick((LINES, "tags", "tag", "cart", "k")): {"empty": dice.chance(50)}},
            {"v": {order: {"path": dice.pick(("w", "cart.total", "n"))}}},
            {"v": {order: {"path": dice.pick(("w", "contact.limit"))}, "lt": number + 200}},
            {"k": {dice.pick(("eq", "ne")): {"path": dice.pick(("j", "g", "flag"))}}},
            {"tag": {order: {"path": dice.pick(("j", "contact.tier"))}}},
            {"contact": {"limit": {order: {"path": "points"}}}},
            {"contact": {dice.pick(("tier", "limit")): {"empty": dice.chance(30)}}},
            {"tag": {"starts_with": dice.pick(("red", "g", "Ü"))}},
            {"tag": {"starts_with": dice.pick(("red", ""))}},
            {dice.pick(("k", "j")): {"not_in": dice.some(KEYS, 1, 3)}},
        )
    )


def _element(dice: Dice, depth: int) -> Raw:
    """What one element of a list of objects has to be."""
    if depth < 2 and dice.chance(20):
        name = dice.pick(("all", "any", "not"))
        inner = [_element(dice, depth + 1) for _ in range(1 if name == "not" else 2)]
        return {name: inner[0] if name == "not" else inner}
    if dice.chance(15):
        return {"parts": {"contains": {"q": {"gte": 2}} if dice.chance(60) else dice.pick(KEYS)}}
    found = {
        "k": dice.pick((dice.pick(KEYS), {"exists": dice.chance(70)}, {"in": dice.some(KEYS, 2, 3)})),
        "q": {dice.pick(("gte", "lt", "ne")): dice.pick((1, 2, 3))},
        "v": {dice.pick(("lt", "gte", "eq")): {"path": dice.pick(("w", "q", "k"))}},
        "parts": {"empty": dice.chance(50)},
    }
    return {name: found[name] for name in dice.some(tuple(found), 1, 2)}


def add_lines(dice: Dice, events: list[Raw]) -> list[Raw]:
    """Lists of objects and second values; copies draw anew, so that they differ."""
    for event in events:
        if event["type"] in TYPES:
            properties = event.setdefault("properties", {})
            properties |= {"w": dice.pick((*AMOUNTS, "w", None)), "j": dice.pick((*KEYS, "red", "x"))}
            if dice.chance(85):
                properties[LINES] = _lines(dice)
        elif event["type"] == "contact.updated" and dice.chance(60):
            event.setdefault("properties", {}).update(limit=dice.pick((50, 68.74, 100, "100", None)))
            event["properties"]["points"] = dice.pick((50, 100, 100.5, None))
    return events


def _lines(dice: Dice) -> Any:
    if dice.chance(8):
        return dice.pick(("", "x", {}, {"k": "p1", "q": 2}, None, ["p1"], [[{"k": "p1"}]]))
    return [_line(dice) for _ in range(dice.pick((0, 1, 1, 2, 3)))]


def _line(dice: Dice) -> Any:
    if dice.chance(8):
        return dice.pick(("p1", None, [], 2))
    line = {
        "k": dice.pick((*KEYS, None)),
        "q": dice.pick((1, 2, 3, "2")),
        "v": dice.pick(AMOUNTS),
        "w": dice.pick(AMOUNTS),
        "parts": dice.pick(([], ["p1"], [{"q": 1}], [{"q": 3}, "p2"])),
    }
    return {name: value for name, value in line.items() if dice.chance(90)}


# -- names of `same` ---------------------------------------------------------------------------------------------


def add_names(dice: Dice, document: Raw) -> None:
    """Give some of what events share another name in the other event."""
    for rule in document["rules"]:
        unless = rule.get("unless")
        found = unless if isinstance(unless, list) else [unless]
        for written in [*conditions_in(rule), *found]:
            for holder in (written, *(written.values() if isinstance(written, dict) else ())):
                if isinstance(holder, dict) and "same" in holder and dice.chance(75):
                    holder["same"] = _named(dice, holder["same"])


def _named(dice: Dice, same: Any) -> Any:
    """One name for both events, or several of them, become pairs of names."""
    names = [name for name in (same if isinstance(same, list) else [same]) if isinstance(name, str)]
    if len(names) != len(same if isinstance(same, list) else [same]):
        return same
    pairs = {name: dice.pick(("j", "j", "k", "g")) for name in names}
    if len(names) == 1 or dice.chance(50):
        return pairs
    return [names[0], {names[1]: pairs[names[1]]}]


def add_second_keys(dice: Dice, events: list[Raw]) -> list[Raw]:
    """A second property of the values that the first ones have."""
    for event in events:
        if event["type"] in TYPES and dice.chance(90):
            event.setdefault("properties", {})["j"] = dice.pick((*KEYS, "x", "y"))
    return events


# -- changes of attributes ---------------------------------------------------------------------------------------


def add_changes(dice: Dice, document: Raw) -> None:
    """Let some matches of the file be changes of attributes, alone or beside what they were."""
    for rule in document["rules"]:
        for put, match in [*matches_in(rule)]:
            if dice.chance(75):
                put(_changing(dice, match))
        if dice.chance(60):
            rule.pop("given", None)  # which holds more rarely of what happens rarely
        if isinstance(rule.get("unless"), list):
            rule["unless"] = [one for part in rule["unless"] for one in (part if isinstance(part, list) else [part])]


def _changing(dice: Dice, match: Any) -> Any:
    change = _change(dice)
    same = match.get("same") if isinstance(match, dict) else None
    if same is not None:
        return {**change, "same": same}
    if dice.chance(15):
        change["where"] = {dice.pick(("k", "tier", "points")): {"exists": dice.chance(50)}}
    beside = match if isinstance(match, list) else [match]
    if dice.chance(30) and not any(isinstance(each, dict) and "same" in each for each in beside):
        return [*beside, change]
    return change


def _change(dice: Dice) -> Raw:
    if dice.chance(35):
        spec: Raw = dice.pick(({"becomes": dice.pick(("gold", "silver"))}, {"changes": True}))
        if dice.chance(35):
            spec["from"] = dice.pick(("bronze", ["bronze", "lead"]))
        return {"contact": {"tier": spec}}
    kind = dice.pick(("rises_above", "drops_below", "drops_below", "rises_by", "drops_by", "drops_by", "changes"))
    if kind.endswith("_by"):
        spec = {kind: dice.pick((10, 0.5, 0.5, "10%", "33.3%", "100%"))}
    elif kind == "changes":
        spec = dice.pick(({"changes": True}, {"becomes": dice.pick((100, "100", True))}))
    else:
        spec = {kind: dice.pick((55, 68.74, 100))}
    if dice.chance(15):
        spec["from"] = dice.pick((50, [50, 90], "x"))
    return {"contact": {dice.pick(("points", "points", "card.points")): spec}}


def add_updates(dice: Dice, events: list[Raw]) -> list[Raw]:
    """More updates of the contact, now and then some at the instant of another event; and what they say."""
    more: list[Raw] = []
    for number in range(dice.randint(4, 12)):
        like = dice.pick(events)
        at = clock.parse_instant(like["time"])
        assert at is not None
        fields = {name: like[name] for name in ("account_id", "contact_id")}
        time = dice.written(at + dice.pick((0, 0, 1, 2)) * dice.unit)
        more.append({**fields, "event_id": f"u{number:02}", "type": "contact.updated", "time": time})
    for event in [*events, *more]:
        if event["type"] == "contact.updated":
            event.setdefault("properties", {}).update(_attributes(dice))
    return [*events, *more]


def _attributes(dice: Dice) -> Raw:
    found: Raw = {}
    if dice.chance(70):
        found["tier"] = dice.pick(("gold", "silver", "bronze", "lead", "gold", None))
    if dice.chance(90):
        found["points"] = dice.pick((*_POINTS, *_POINTS, "100", True, None, 0, -20.5))
    if dice.chance(30):
        found["card"] = dice.pick(({"points": dice.pick(_POINTS)}, {"points": dice.pick(_POINTS), "n": 1}, {}, "x"))
    if dice.chance(30):
        found["k"] = dice.pick(KEYS)
    return found


_POINTS = (45, 50, 55, 68.74, 90, 99.5, 100, 100.5, 110)
