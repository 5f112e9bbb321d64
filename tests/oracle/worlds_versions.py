"""Seeded random worlds whose rules change while the contact lives, and worlds whose contact is forgotten."""

from dataclasses import dataclass, replace
from typing import Any

from tests.oracle import clock
from tests.oracle.additions import add_to_documents, add_to_events, drawn_additions
from tests.oracle.dice import Dice
from tests.oracle.edits import add_profile_retention, edited, first_policy, retention
from tests.oracle.worlds import World, happenings, world
from tests.oracle.worlds_rules import document


@dataclass(frozen=True)
class VersionedWorld:
    """What both sides are asked to decide under several versions."""

    versions: list[tuple[int | None, dict[str, Any]]]
    events: list[dict[str, Any]]
    until_us: int
    allowed_lateness_us: int = clock.HOUR
    limits: dict[str, int] | None = None


def versioned_world(seed: int) -> VersionedWorld:
    """The world of that seed, with one to four versions that come into force within its history."""
    dice = Dice(seed)
    documents = [document(dice)]
    first_policy(dice, documents[0])
    for _ in range(dice.pick((0, 1, 1, 1, 2, 2, 3))):
        documents.append(edited(dice, documents))
    events, until, horizon, limits = happenings(dice, [rule for each in documents for rule in each["rules"]])
    starts: list[int | None] = list(_starts(dice, events, len(documents)))
    if dice.chance(65):
        starts[0] = None
    for each in documents:
        if dice.chance(25):
            add_profile_retention(dice, each)
    names = drawn_additions(seed, dice)
    add_to_documents(seed, dice, names, documents)
    events = add_to_events(seed, dice, names, events)
    return VersionedWorld(list(zip(starts, documents, strict=True)), events, until, horizon, _room(dice, limits))


def _room(dice: Dice, limits: dict[str, int] | None) -> dict[str, int] | None:
    """Now and then little room for attributes: for a zone or a birthday, hardly for both."""
    if not dice.chance(12):
        return limits
    return {**(limits or {}), "attribute_bytes": dice.randint(20, 60)}


def _starts(dice: Dice, events: list[dict[str, Any]], number: int) -> list[int]:
    """Rising instants within the history: of events, of what they set, between them, and a hair beside."""
    times = [clock.parse_instant(event["time"]) or 0 for event in events]
    found: set[int] = set()
    while len(found) < number:
        near = dice.pick(times) + dice.pick((0, 0, 0, 1, 1, 2, 3, 4, 6)) * dice.unit
        found.add(near + dice.pick((0, 0, 0, 0, 0, 0, 0, 0, 1, -1, dice.unit // 2)))
    return sorted(found)


def retention_world(seed: int) -> World:
    """The single-version world of that seed, its contact forgotten after a few units of its time."""
    of, dice = world(seed), Dice(seed)
    policy = {**of.document.get("policy", {}), "retention": retention(dice)}
    document = {**of.document, "policy": policy}
    if dice.chance(35):
        add_profile_retention(dice, document)
    return replace(of, document=document, limits=_room(dice, of.limits))
