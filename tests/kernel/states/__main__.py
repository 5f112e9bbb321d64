"""Writes the states of the present `codec.VERSION`: run it once, when the version has become final."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from kittiwake.kernel.incremental import Advanced, advance
from kittiwake.kernel.state.codec import VERSION, encode
from kittiwake.kernel.state.state import State, new_state
from kittiwake.values import canonical
from tests.kernel.execution_modes import CONTACT
from tests.laws.programs import WORLDS, World, end_us, history

FOLDER = Path(__file__).parent
SEEDS = 150


def told(advanced: Advanced) -> list[list[Any]]:
    """What became of candidates, in short."""
    return [
        [row.trigger_id, str(row.decision), row.reason and str(row.reason), row.decided_us, row.revision]
        for row in advanced.decisions
    ]


def case(name: str, world: World, seed: int) -> tuple[State, dict[str, Any]]:
    """A state in the middle of a history, settled in steps, some of it corrected; of what comes then one is late."""
    dice, rules = Random(f"states {name} {seed}"), world.program()
    events = history(dice, world, 24)
    cuts_us = sorted({dice.choice(events).time_us + 1 for _ in range(5)})
    cut_us = cuts_us[-1]
    before = [event for event in events if event.time_us < cut_us]
    held_back = dice.sample(before, min(3, len(before)))
    state = new_state(CONTACT)
    for upto_us in cuts_us:
        given = [event for event in before if event not in held_back and (state.evaluated_to_us or 0) <= event.time_us]
        state = advance(rules, state, [event for event in given if event.time_us < upto_us], upto_us).state
    inside = [event for event in held_back if event.time_us >= cut_us - rules.allowed_lateness_us]
    state = advance(rules, state, inside[1:], cut_us).state
    until_us = end_us(events, world)
    after = [*inside[:1], *(event for event in events if event.time_us >= cut_us)]
    return state, {
        "state": encode(state).hex(),
        "until_us": until_us,
        "events": [[one.time_us, one.event_id, one.type, canonical(one.properties)] for one in after],
        "decided": told(advance(rules, state, after, until_us)),
    }


def features(state: State, decided: list[Any]) -> Iterator[str]:
    """What is worth having in a state of an earlier release."""
    since = state.since
    instances = [one for rule in state.rules.values() for one in rule.instances.values()]
    yield from ("pending" for one in instances if one.episode is not None)
    yield from ("deferred" for one in instances if one.held is not None)
    yield from ("reached" for one in instances if one.reached is not None and one.reached.used)
    yield from ("chain" for one in instances if one.prefixes)
    yield from ("fired" for one in instances if one.fired_us is not None)
    if since is not None:
        yield from ("checkpoint" for _ in [since.checkpoint] if since.checkpoint is not None)
        yield from ("chunks" for _ in since.chunks[1:])
        yield from ("revoked" for _ in since.revoked)
        yield from ("owed" for _ in since.pending)
    yield from ("corrected" for row in decided if row[1] == "revoked" or row[4])


def main() -> None:
    """For each world a case of everything that a state of it can hold: of each the one that decides the most."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, world in WORLDS.items():
        best: dict[str, dict[str, Any]] = {}
        for seed in range(SEEDS):
            state, made = case(name, world, seed)
            for feature in set(features(state, made["decided"])):
                known = best.get(feature)
                if known is None or len(known["decided"]) < len(made["decided"]):
                    best[feature] = made
        found[name] = list({one["state"]: one for one in best.values()}.values())
    path = FOLDER / f"version-{VERSION}.json"
    path.write_text(json.dumps(found, indent=0, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
