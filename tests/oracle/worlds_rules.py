"""Random documents over every clause of the language for contact events. Only what a loader accepts."""

from collections.abc import Callable
from typing import Any

from tests.oracle import clock
from tests.oracle.dice import AMOUNTS, KEYS, TAGS, TYPES, ZONES, Dice

REPEATS = (
    "daily",
    "daily",
    "weekly",
    "monthly",
    "yearly",
    "FREQ=DAILY;INTERVAL=2",
    "FREQ=WEEKLY;BYDAY=MO,WE,SA",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=YEARLY;BYWEEKNO=1,3,9,10,13,14,43,44,45,53",
    "FREQ=DAILY;COUNT=4",
)
INCLUDES = {"sku": "k", "total": "v", "cart": "cart.id", "tier": "contact.tier", "none": "nowhere", "tags": "tags"}


def document(dice: Dice) -> dict[str, Any]:
    """One account's rules file."""
    names = dice.some(("alpha", "beta", "gamma", "delta", "r-1", "r-10", "r-2"), 4, 4)
    drawn: dict[str, Any] = {"account": dice.pick(("acme", "acme", "*"))}
    if dice.chance(80):
        drawn["timezone"] = dice.zone
    if dice.chance(75, ties=30, keep=30, room=60, night=100, caps=100):
        drawn["policy"] = whole_policy(dice)
    drawn["rules"] = [one_rule(dice, names[place]) for place in range(dice.pick((1, 2, 2, 3, 3, 4)))]
    return drawn


def one_rule(dice: Dice, name: str) -> dict[str, Any]:
    """A rule of any shape."""
    rule = {"id": name, **dice.pick(_SHAPES.get(dice.theme, _ALL_SHAPES))(dice)}
    if "audience" not in rule:
        rule |= _event_clauses(dice, waits="wait" in rule)
    if dice.chance(40):
        names = [each for each, path in INCLUDES.items() if "audience" not in rule or path.startswith("contact.")]
        rule["include"] = {each: INCLUDES[each] for each in dice.some(names, 1, 3)}
    return rule | eligibility(dice, per="per" in rule)


# -- what arms ---------------------------------------------------------------------------------------------------


def _plain(dice: Dice) -> dict[str, Any]:
    return {"when": arming(dice)}


def _waiting(dice: Dice) -> dict[str, Any]:
    return {"when": arming(dice), "wait": silence(dice)}


def silence(dice: Dice) -> Any:
    """A wait that is no `until`."""
    if dice.chance(35):
        steps = sorted(dice.sample(range(9), dice.randint(1, 3)))
        return [dice.text(step * dice.unit) for step in steps]
    if dice.chance(30):
        field = {"field": "n", "unit": {30 * clock.MINUTE: "hour", clock.DAY: "days"}.get(dice.unit, "hours")}
        return field | ({"default": dice.span(0, 4)} if dice.chance(50) else {})
    return dice.span(0, 5)


def _until(dice: Dice) -> dict[str, Any]:
    contact = dice.chance(55)
    wait: dict[str, Any] = {"until": "contact.birthday" if contact else "d"}
    if dice.chance(40):
        wait["offset"] = dice.text(dice.pick((-2, -1, 1, 2)) * dice.unit)
    if dice.chance(60):
        wait["at"] = dice.clock_text()
    if dice.chance(50, night=85, dates=85, room=80):
        wait["repeat"] = dice.pick(REPEATS[:3] if dice.theme == "night" else REPEATS)
    when = (
        dice.pick(("contact.updated", ["contact.updated", TYPES[0]])) if contact and dice.chance(65) else arming(dice)
    )
    return {"when": when, "wait": wait}


def _reaching(dice: Dice) -> dict[str, Any]:
    if dice.chance(40, room=20):
        reaches: dict[str, Any] = {"count": True, "at": sorted(dice.sample(range(1, 6), dice.randint(1, 3)))}
    else:
        at = sorted(dice.some((50, 68.74, 100.5, 150, 250, 300), 1, 3))
        reaches = {"sum": dice.pick(("v", "v", "cart.total")), "at": at}
    return {"when": arming(dice), "reaches": reaches}


def arming(dice: Dice) -> Any:
    """What stands under `when`."""
    if not dice.chance(22, ties=8, night=5, caps=5, dates=5):
        return match(dice)
    length = dice.pick((2, 2, 2, 2, 3, 4, 5))
    steps = [
        match(dice) if length == 2 or dice.chance(30) else dice.pick(("*", dice.some(TYPES, 2, 4)))
        for _ in range(length)
    ]
    return {"sequence": steps, "within": dice.span(3, 12)}


def _event_clauses(dice: Dice, *, waits: bool) -> dict[str, Any]:
    """`per`, `given`, `unless`, `restart` round what arms."""
    clauses: dict[str, Any] = {}
    if dice.chance(40, ties=30, keep=80, room=75):
        clauses["per"] = dice.pick(("k", "k", "k", ["k", "g"], "cart.id"))
    if dice.chance(28, keep=60, room=40, night=5, caps=5, dates=5):
        given = [condition(dice, with_same=True) for _ in range(dice.pick((1, 1, 2)))]
        clauses["given"] = given[0] if len(given) == 1 and dice.chance(50) else given
    if dice.chance(65 if waits else 25, ties=95, night=25, caps=10, dates=15):
        unless = [unless_match(dice) for _ in range(dice.pick((1, 1, 2)))]
        clauses["unless"] = unless[0] if len(unless) == 1 else unless
    if waits and dice.chance(30, ties=15):
        clauses["restart"] = dice.chance(15)
    return clauses


def unless_match(dice: Dice) -> Any:
    """One event match under `unless`."""
    if dice.chance(50, ties=20):
        return dice.pick(TYPES)
    drawn: dict[str, Any] = {"event": dice.pick((dice.pick(TYPES), dice.some(TYPES, 2, 2), "*"))}
    if dice.chance(55, ties=85):
        drawn["same"] = dice.pick(("k", "k", "g", ["k", "g"]))
    if dice.chance(30):
        drawn["where"] = where(dice)
    return drawn


def match(dice: Dice) -> Any:
    """An event match in one of its shapes."""
    kind = dice.randrange(10)
    if kind < 5:
        return dice.pick(TYPES)
    if kind < 7:
        return dice.some(TYPES, 1, 3)
    if kind == 7:
        return "*"
    named = dice.pick((dice.pick(TYPES), dice.pick(TYPES), dice.some(TYPES, 2, 3), "*"))
    return {"event": named, "where": where(dice)}


def where(dice: Dice, depth: int = 0) -> dict[str, Any]:
    """A `where` of one or two entries, nested at most twice."""
    if depth < 2 and dice.chance(25):
        name = dice.pick(("all", "any", "not"))
        inner = [where(dice, depth + 1) for _ in range(1 if name == "not" else 2)]
        return {name: inner[0] if name == "not" else inner}
    if dice.chance(25):
        return {"contact": dice.pick(({"tier": "gold"}, {"tier": ["gold", "silver"]}, {"tier": {"exists": False}}))}
    entries = [_entry(dice) for _ in range(dice.pick((1, 1, 2)))]
    return dict(entries)


def _entry(dice: Dice) -> tuple[str, Any]:
    number = dice.pick([each for each in AMOUNTS if each])
    return dice.pick(
        (
            ("k", dice.pick(KEYS)),
            ("k", dice.some(KEYS, 2, 3)),
            ("k", {dice.pick(("eq", "ne")): dice.pick(KEYS)}),
            ("k", {dice.pick(("in", "not_in")): dice.some(KEYS, 2, 3)}),
            ("v", {dice.pick(("gt", "gte", "lt", "lte", "eq", "ne")): number}),
            ("v", {"gte": 8.51, "lt": number + 100}),
            ("tag", {dice.pick(("gt", "lte")): "red"}),
            ("tag", {dice.pick(("contains", "starts_with")): dice.pick(("red", "ish", "Ü"))}),
            ("tags", {"contains": dice.pick(("a", 1, True))}),
            (dice.pick(("flag", "k", "cart.id", "tag")), {"exists": dice.chance(50)}),
            ("cart.total", {"gt": 8.51}),
            ("flag", dice.chance(50)),
        )
    )


# -- history -----------------------------------------------------------------------------------------------------


def condition(dice: Dice, *, with_same: bool) -> dict[str, Any]:
    """A history condition of any kind, ever or within."""
    what = dice.pick(("count", "count", "sum", "distinct", "present", "absent"))
    found, same = (
        match(dice),
        dice.pick(("k", "g", ["k", "g"])) if with_same and dice.chance(35, keep=80, room=60) else None,
    )
    if same is not None and dice.chance(30):
        found = {**(found if isinstance(found, dict) else {"event": found}), "same": same}
        same = None
    drawn: dict[str, Any] = {what: found}
    if what in ("sum", "distinct"):
        drawn = {what: dice.pick(("v", "v", "cart.total") if what == "sum" else ("k", "v", "tag")), "of": found}
    if same is not None:
        drawn["same"] = same
    if dice.chance(70, keep=20):
        drawn["within"] = dice.span(1, 12)
    return drawn if what in ("present", "absent") else drawn | bound(dice, what)


def bound(dice: Dice, what: str) -> dict[str, Any]:
    """What the measure is compared with."""
    op = dice.pick(("gte", "gte", "gt", "lt", "lte", "eq"))
    if what == "sum":
        return {op: dice.pick((8.51, 50, 68.74, 100, 165.21, -20.5))}
    return {op: dice.pick((1, 1, 2, 3))}


def _audience(dice: Dice) -> dict[str, Any]:
    drawn: dict[str, Any] = {"audience": tree(dice, 0)}
    if dice.chance(75):
        drawn["emits"] = ["entered", "exited"] if dice.chance(70) else ["entered"]
    return drawn


def tree(dice: Dice, depth: int) -> dict[str, Any]:
    """What stands under `audience`."""
    if depth == 2 or dice.chance(40):
        return condition(dice, with_same=False)
    name = dice.pick(("all", "any", "not"))
    if name == "not":
        return {"not": tree(dice, depth + 1)}
    return {name: [tree(dice, depth + 1) for _ in range(2)]}


_ALL_SHAPES: tuple[Callable[[Dice], dict[str, Any]], ...] = (
    *(_plain, _plain, _waiting, _waiting, _waiting, _until, _until, _reaching, _audience, _audience),
)
_SHAPES: dict[str, tuple[Callable[[Dice], dict[str, Any]], ...]] = {
    "ties": (_waiting,),
    "keep": (_plain, _reaching, _reaching, _waiting, _audience),
    "room": (_plain, _waiting, _until, _until, _reaching, _reaching, _audience),
    "night": (_plain, _waiting, _until, _until, _until, _reaching, _audience),
    "caps": (_plain, _plain, _waiting),
    "dates": (_until,),
}


# -- eligibility -------------------------------------------------------------------------------------------------


def eligibility(dice: Dice, *, per: bool) -> dict[str, Any]:
    drawn: dict[str, Any] = {}
    if dice.chance(12):
        drawn["mode"] = "shadow" if dice.chance(85) else "off"
    if dice.chance(35):
        drawn["priority"] = dice.pick((0, 49, 51, 100))
    if dice.chance(45, ties=5, keep=60, caps=5):
        drawn["reentry"] = dice.pick(("once", "once", "always", dice.span(1, 8), dice.span(1, 8)))
    if dice.chance(30, caps=80):
        drawn["group"] = dice.pick(("intent", "care"))
    if dice.chance(20, night=50):
        drawn["transactional"] = dice.chance(40, night=5)
    if dice.chance(15):
        drawn["holdout"] = dice.chance(20)
    if dice.chance(30, night=70):
        drawn["expires"] = dice.span(1, 6)
    if dice.chance(10, caps=0):
        drawn["live_from"] = dice.written(dice.instant(0, 12))
    if dice.chance(35 if per else 15, keep=100, room=60):
        drawn["keep"] = dice.span(2, 5) if dice.theme == "keep" else dice.span(4, 14)
    return drawn


def whole_policy(dice: Dice) -> dict[str, Any]:
    """An account's policy."""
    drawn: dict[str, Any] = {}
    if dice.chance(15, caps=0):
        drawn["live_from"] = dice.written(dice.instant(0, 12))
    if dice.chance(12, caps=0):
        drawn["history_from"] = dice.written(dice.instant(-4, 6))
    if dice.chance(35, caps=0, night=15, dates=10):
        drawn["consent"] = {"purpose": dice.pick(("marketing", "news"))}
        if dice.chance(60):
            drawn["consent"]["default"] = "granted" if dice.chance(70) else "withdrawn"
    if dice.chance(20, caps=0, night=5, dates=5):
        drawn["holdout"] = {"percent": dice.pick((0, 5, 12.5, 50, 50, 100)), "salt": dice.pick(("winter", "s"))}
    if dice.chance(45, caps=100):
        drawn["frequency"] = [cap(dice) for _ in range(dice.pick((1, 1, 2)))]
    if dice.chance(55, night=100, caps=20, dates=70):
        start, end = dice.some(("21:00", "22:30", "08:00", "00:30", "01:30", "02:30", "12:00", "03:00"), 2, 2)
        drawn["quiet_hours"] = {"from": start, "to": end}
    return drawn


def cap(dice: Dice) -> dict[str, Any]:
    """One frequency cap."""
    drawn: dict[str, Any] = {
        "max": dice.pick((1, 1, 2, 3)),
        "per": dice.pick(("day", "week", "month", dice.span(1, 12))),
    }
    if dice.chance(30, caps=60):
        drawn["group"] = "intent"
    return drawn


def attribute_changes(dice: Dice, at: int) -> dict[str, Any]:
    """Properties of a `contact.updated`."""
    drawn: dict[str, Any] = {}
    if dice.chance(30, dates=60):
        drawn["timezone"] = dice.pick(
            (
                *ZONES,
                None,
                dice.pick(("Mars/Olympus", "", 5, "+02:00", "europe/berlin", " Asia/KOLKATA\t", "America/New York")),
            )
        )
    if dice.chance(75):
        drawn["birthday"] = dice.date_value(at)
    if dice.chance(40):
        drawn["tier"] = dice.pick(("gold", "silver", None))
    return drawn


def properties(dice: Dice, at: int) -> dict[str, Any]:
    """Properties of an event of the account's own types."""
    drawn: dict[str, Any] = {
        "k": dice.pick(KEYS),
        "g": dice.pick(("x", "x", "y")),
        "v": dice.pick(AMOUNTS),
        "n": dice.pick((0, 1, 2, 0.5, 1.5, 3, -1)),
        "d": dice.date_value(at),
        "tag": dice.pick(TAGS),
        "tags": dice.pick((["a", 1], [True], "a", [])),
        "flag": dice.pick((True, False, None)),
        "cart": dice.pick(
            ({"id": "c1", "total": 68.74}, {"id": "c1"}, {"id": "c2", "total": -8.51}, {"id": None, "total": 50})
        ),
    }
    return drawn
