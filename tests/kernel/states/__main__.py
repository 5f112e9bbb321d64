"""Writes the states of the present `codec.VERSION`: run it once, when the version has become final."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from kittiwake.kernel.advance import Advanced, advance
from kittiwake.kernel.codec import VERSION, encode
from kittiwake.kernel.state import new_state
from kittiwake.values import canonical
from tests.kernel.ways import CONTACT
from tests.laws.programs import WORLDS, World, end_us, history

FOLDER = Path(__file__).parent
SEEDS = 40


def told(advanced: Advanced) -> list[list[Any]]:
    """What became of candidates, in short."""
    return [
        [row.trigger_id, str(row.decision), row.reason and str(row.reason), row.decided_us, row.revision]
        for row in advanced.decisions
    ]


def case(name: str, world: World, seed: int) -> dict[str, Any]:
    """A state in the middle of a history; of what comes after it, one event is late."""
    dice, rules = Random(f"states {name} {seed}"), world.program()
    events = history(dice, world, 24)
    cut_us = dice.choice(events).time_us + 1
    before = [event for event in events if event.time_us < cut_us]
    late = [event for event in before if event.time_us >= cut_us - rules.allowed_lateness_us][:1]
    state = advance(rules, new_state(CONTACT), [event for event in before if event not in late], cut_us).state
    after = [*late, *(event for event in events if event.time_us >= cut_us)]
    until_us = end_us(events, world)
    return {
        "state": encode(state).hex(),
        "until_us": until_us,
        "events": [[one.time_us, one.event_id, one.type, canonical(one.properties)] for one in after],
        "decided": told(advance(rules, state, after, until_us)),
    }


def main() -> None:
    """For each world the case that decides something and whose state is the largest."""
    found = {}
    for name, world in WORLDS.items():
        cases = [case(name, world, seed) for seed in range(SEEDS)]
        found[name] = max(cases, key=lambda one: (bool(one["decided"]), len(one["state"])))
    path = FOLDER / f"version-{VERSION}.json"
    path.write_text(json.dumps(found, indent=0, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
