"""Worlds with `digest`: rules of several instances, which rounds, nights and instants release together."""

from dataclasses import replace
from typing import Any

from tests.oracle import clock
from tests.oracle.dice import TYPES, Dice
from tests.oracle.worlds import World, world
from tests.oracle.worlds_catalog import catalog_world, catalog_world_of_versions
from tests.oracle.worlds_versions import VersionedWorld, versioned_world

Raw = dict[str, Any]
_NAMES = ("gathers", "lists", "sums")
_FIELDS = {"total": "v", "sku": "k", "tier": "contact.tier"}
_PRIORITIES = (10, 50, 50, 60, 90)


def gather(dice: Dice, document: Raw) -> None:
    """Digests of rules with instances, and mostly more such rules, with what holds them back."""
    if dice.chance(75):
        document["rules"] += [_rule(dice, name) for name in dice.some(_NAMES, 1, 2)]
    for rule in document["rules"]:
        if ("per" in rule or "interest" in rule) and "reaches" not in rule and dice.chance(80):
            rule["digest"] = _digest(dice, rule)
    policy = document.setdefault("policy", {})
    if "arbitration" not in policy and dice.chance(50):
        policy["arbitration"] = {
            "within": dice.text(dice.pick([n for n in (1, 2, 4) if n * dice.unit <= clock.DAY]) * dice.unit)
        }
    if "quiet_hours" not in policy and dice.chance(35):
        policy["quiet_hours"] = {"from": "20:00", "to": dice.pick(("03:00", "08:00", "14:00"))}


def _digest(dice: Dice, rule: Raw) -> Raw:
    digest: Raw = {"max": dice.pick((1, 2, 2, 3, 10))}
    names = tuple(rule.get("include") or ())
    if names and dice.chance(70):
        digest[dice.pick(("highest", "lowest"))] = dice.pick(names)
    return digest


def _rule(dice: Dice, name: str) -> Raw:
    """A rule that falls due soon and often, for several instances."""
    drawn: Raw = {"id": name, "when": dice.pick((*TYPES, dice.some(TYPES, 2, 4))), "priority": dice.pick(_PRIORITIES)}
    drawn["per"] = dice.pick(("k", "k", ["k", "g"]))
    if dice.chance(75):
        drawn["include"] = {each: _FIELDS[each] for each in dice.some(tuple(_FIELDS), 1, 3)}
    if dice.chance(60):
        drawn["wait"] = dice.pick((dice.span(0, 3), [dice.span(0, 1), dice.span(2, 5)]))
        if dice.chance(30):
            drawn["unless"] = dice.pick((dice.pick(TYPES), {"event": dice.pick(TYPES), "same": "k"}))
    if dice.chance(12):
        drawn["mode"] = "shadow"
    if dice.chance(12):
        drawn["transactional"] = True
    if dice.chance(25):
        drawn["reentry"] = dice.pick(("once", dice.span(1, 6)))
    if dice.chance(20):
        drawn["expires"] = dice.span(1, 8)
    return drawn


def digest_world(seed: int) -> World:
    """The world of that seed, with digests."""
    found = world(seed)
    return replace(found, document=_with_digests(Dice(seed).beside(f"{seed} digests"), found.document))


def digest_world_of_items(seed: int) -> World:
    """The world of that seed with catalogue rules, and digests."""
    found = catalog_world(seed)
    return replace(found, document=_with_digests(Dice(seed).beside(f"{seed} digests"), found.document))


def digest_world_of_versions(seed: int) -> VersionedWorld:
    """The versioned world of that seed, with catalogue rules in every other; digests come, change and go."""
    found = versioned_world(seed) if seed % 2 else catalog_world_of_versions(seed)
    versions = []
    for number, (since, document) in enumerate(found.versions):
        own = Dice(seed).beside(f"{seed} digests {number}")
        dice = Dice(seed).beside(f"{seed} digests") if own.chance(60) else own
        versions.append((since, document if own.chance(15) else _with_digests(dice, document)))
    return replace(found, versions=versions)


def _with_digests(dice: Dice, document: Raw) -> Raw:
    found = {
        **document,
        "rules": [dict(rule) for rule in document["rules"]],
        **({"policy": dict(document["policy"])} if "policy" in document else {}),
    }
    gather(dice, found)
    return found
