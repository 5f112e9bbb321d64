"""Many versioned worlds under versions that all of them share, as a target holds them."""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.oracle import clock
from tests.oracle.additions import with_additions
from tests.oracle.values import canonical, exact
from tests.oracle.worlds_versions import VersionedWorld, versioned_world

VERSIONS = 3
DRAWN_FROM = 8  # the worlds of a draw are one in so many: neighbours in time
CONTACTS = 3

Subject = tuple[str, str]


class Together(NamedTuple):
    """A world for each contact, all with the same instants, one end and one horizon; the first version is always."""

    worlds: dict[Subject, VersionedWorld]
    starts: tuple[int | None, ...]
    until_us: int
    horizon_us: int

    def files(self, number: int) -> dict[str, bytes]:
        """The rules files of a version, by name: one an account, of those that have rules in it."""
        start = self.starts[number]
        return {
            f"{account}.json": canonical(exact(document)).encode()
            for (account, _), of in self.worlds.items()
            for since, document in of.versions
            if since == start and document["rules"]
        }


def together(
    dice: random.Random, worlds: int, *, added: bool = False, draw: Callable[[int], VersionedWorld] = versioned_world
) -> Together:
    """Worlds that end near one another, so that the end cuts through many; each version has as many events.

    `added`: all of them are given clauses of `additions`. `draw` makes the world of a seed.
    """
    sample = dice.sample(range(10**9), worlds * DRAWN_FROM)
    seeds = sorted(map(with_additions, sample) if added else sample, key=lambda each: newest_us(draw(each)))
    first = dice.randrange(len(seeds) - worlds + 1)
    chosen = [draw(each) for each in seeds[first : first + worlds]]
    until_us = dice.choice(sorted(of.until_us for of in chosen)[worlds // 2 :])
    known = sorted(time for of in chosen for time in _times(of) if time < until_us)
    cuts = [known[len(known) * part // VERSIONS] + dice.choice((0, 0, 1, -1)) for part in range(1, VERSIONS)]
    starts = (None, *cuts)
    horizon_us = dice.choice(chosen).allowed_lateness_us
    drawn = {}
    for number, of in enumerate(chosen):
        late = dice.random() < 0.2  # an account that comes with the second version
        documents = [document for _, document in of.versions]
        documents = [*documents, *documents[-1:] * VERSIONS][:VERSIONS]
        for contact in range(dice.randint(1, CONTACTS)):
            account = f"w{number}"
            texts = [{**document, "account": account} for document in documents]
            if late:  # a version that does not name it is one of it all the same, without rules
                texts[0] = {"account": account, "rules": []}
            versions = list(zip(starts, texts, strict=True))
            of_items = [{**event, "account_id": account} for event in of.events if "item_id" in event]
            events = [
                {**event, "account_id": account, "contact_id": f"c{contact}"}
                for event in of.events
                if "item_id" not in event
            ]
            dropped = {each["event_id"] for each in dice.sample(events, len(events) // 4 if contact else 0)}
            events = [*(each for each in events if each["event_id"] not in dropped), *of_items]
            drawn[account, f"c{contact}"] = VersionedWorld(versions, events, until_us, horizon_us)
    return Together(drawn, starts, until_us, horizon_us)


def newest_us(of: VersionedWorld) -> int:
    return max(_times(of))


def _times(of: VersionedWorld) -> list[int]:
    return [clock.parse_instant(event["time"]) or 0 for event in of.events]


def story(of: VersionedWorld) -> str:
    """A world as a person reads it."""
    events = sorted(of.events, key=lambda each: (clock.parse_instant(each["time"]) or 0, each["event_id"]))
    shown: list[Any] = [
        f"  {each['time']} {each['event_id']} {each['type']} {each.get('properties')}" for each in events
    ]
    rules = [
        f"{'always' if since is None else clock.rfc3339(since)}: {canonical(exact(text))}"
        for since, text in of.versions
    ]
    return "\n".join([*rules, f"until {clock.rfc3339(of.until_us)}, horizon {of.allowed_lateness_us} µs", *shown])
