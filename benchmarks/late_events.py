"""`python -m benchmarks.late_events`: late events one by one, by how many events a contact has inside the horizon.

Drives the kernel as a stream does: the contact is woken for each late event, and its state goes through its bytes.
What is wanted is a cost that grows with what changes, that is with the events behind the late one, and not with the
horizon: `recent` late events lie within the newest hundred events, `anywhere` ones within the whole horizon.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from msgspec.structs import replace

from benchmarks.horizons import START_US, TYPES, decoded, versions_of
from benchmarks.rulesets import ONE, TWELVE
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.codec import encode
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.time.instants import HOUR_US

RECENT: Final = 100
"""Among so many of the newest events a recent late one falls."""

NEEDED: Final = "cart.item_added"
"""A type that every rule set of the benchmark needs."""

BATCH: Final = 500
"""Events a wake, while the contact's horizon fills."""


class Cost(NamedTuple):
    """What late events cost."""

    seconds: float
    bytes_before: int
    bytes_after: int


def main() -> None:
    """Measure and print a table."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.late_events", description=__doc__)
    asked.add_argument("--late", type=int, default=300, help="late events, each a wake of its own (300)")
    asked.add_argument("--events", type=int, nargs="*", default=[500, 5_000, 20_000], help="inside the horizon")
    asked.add_argument("--seed", type=int, default=0)
    options = asked.parse_args()
    print(f"seed {options.seed}, {options.late} late events one by one")
    print("| rules | events in the horizon | late events fall | CPU s | ms each | state before, bytes | after |")
    print("|---|--:|---|--:|--:|--:|--:|")
    for rules in (ONE, TWELVE):
        for events in options.events:
            for recent in (True, False):
                cost = cost_of(versions_of(rules, HOUR_US), events, options.late, options.seed, recent=recent)
                where, each_ms = "recent" if recent else "anywhere", cost.seconds / options.late * 1e3
                sizes = f"{cost.bytes_before:,} | {cost.bytes_after:,}"
                print(f"| {rules} | {events:,} | {where} | {cost.seconds:.2f} | {each_ms:.1f} | {sizes} |", flush=True)


def cost_of(versions: Versions, events: int, late: int, seed: int, *, recent: bool) -> Cost:
    """CPU seconds of `late` late events of a contact that has so many events in its horizon of an hour."""
    every_us, dice = HOUR_US // (events + 1), Random(seed)
    ordinary = [event_at(number, START_US + number * every_us) for number in range(events)]
    evaluated_to_us, state = START_US, new_state("c-1")
    for first in range(0, events, BATCH):
        some = ordinary[first : first + BATCH]
        evaluated_to_us = some[-1].time_us + 1
        state = decoded(encode(advance(versions, state, some, evaluated_to_us).state))
    data = encode(state)
    bytes_before = len(data)
    begun = time.process_time()
    for event in _late(dice, evaluated_to_us, every_us, events, late, recent=recent):
        advanced = advance(versions, decoded(data), [event], evaluated_to_us)
        assert advanced.corrected == 1
        data = encode(advanced.state)
    return Cost(time.process_time() - begun, bytes_before, len(data))


def _late(
    dice: Random, evaluated_to_us: int, every_us: int, events: int, late: int, *, recent: bool
) -> Iterator[Event]:
    span_us = (min(RECENT, events) if recent else events - 1) * every_us
    for number in range(late):
        late_event = event_at(events + number, evaluated_to_us - 1 - dice.randrange(span_us))
        yield replace(late_event, type=NEEDED)


def event_at(number: int, time_us: int) -> Event:
    """A shop's event, its id and its type by its number."""
    properties = {"product_id": f"p-{number % 17}", "price": 10 + number % 90, "query": "mugs", "page": "/mugs"}
    return Event(time_us, f"01JBN6{number:020d}", TYPES[number % len(TYPES)], properties)


if __name__ == "__main__":
    main()
