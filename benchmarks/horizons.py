"""`python -m benchmarks.horizons`: what corrections cost in time and in bytes, for a quiet and for a busy contact.

Drives the kernel as a stream does: each event wakes its contact once, and the state goes through its bytes every time.
`none` is the kernel's walk alone, without what corrections keep (`kernel.settling` between decode and encode).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from benchmarks.rulesets import ONE, SHIPPED, TWELVE
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.run.retention import freeze
from kittiwake.kernel.run.timeline import pass_through, start
from kittiwake.kernel.state.codec import decode, encode
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Event
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.loader import load
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US, parse_instant

START_US: Final = parse_instant("2026-03-02T08:00:00Z")
HORIZONS: Final = {"none": None, "0": 0, "1 h": HOUR_US, "24 h": DAY_US}
SETTLE_US: Final = 10 * SECOND_US
TYPES: Final = ("product.viewed", "product.viewed", "product.viewed", "cart.item_added", "search.performed")


class Contact(NamedTuple):
    """How busy a contact is."""

    name: str
    events: int
    every_us: int


CONTACTS: Final = (
    Contact("quiet: an event every 6 h, 60 d", 240, 6 * HOUR_US),
    Contact("a visit: an event a minute, 40 min a day, 10 d", 400, MINUTE_US),
    Contact("busy: an event every 10 s, 6 h", 2_160, 10 * SECOND_US),
)


class Cost(NamedTuple):
    """What a contact costs under a horizon."""

    us_an_event: float
    bytes_mean: float
    bytes_max: int
    bytes_after_a_day: int
    """When the contact has been silent for a day and a horizon, and was woken once."""
    correction_us: float | None
    """One event that comes half a horizon late, a few minutes at the most, after the last."""


def main() -> None:
    """Measure and print a table."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.horizons", description=__doc__)
    asked.add_argument("--repeats", type=int, default=5, help="runs of each, of which the median counts (5)")
    repeats = asked.parse_args().repeats
    print("| rules | contact | horizon | µs an event | bytes, mean | bytes, most | a day later | a correction, µs |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for rules in (ONE, TWELVE):
        for contact in CONTACTS:
            for name, horizon_us in HORIZONS.items():
                print(_row(rules, contact, name, _median([_cost(rules, contact, horizon_us) for _ in range(repeats)])))


def _row(rules: str, contact: Contact, horizon: str, cost: Cost) -> str:
    correction = "–" if cost.correction_us is None else f"{cost.correction_us:,.0f}"
    sizes = f"{cost.bytes_mean:,.0f} | {cost.bytes_max:,} | {cost.bytes_after_a_day:,}"
    return f"| {rules} | {contact.name} | {horizon} | {cost.us_an_event:,.0f} | {sizes} | {correction} |"


def _median(costs: list[Cost]) -> Cost:
    corrections = [cost.correction_us for cost in costs if cost.correction_us is not None]
    return costs[0]._replace(
        us_an_event=median(cost.us_an_event for cost in costs),
        correction_us=median(corrections) if corrections else None,
    )


# ---------------------------------------------------------------- one contact


Settle = Callable[[Versions, State, list[Event], int], State]


def _cost(rules: str, contact: Contact, horizon_us: int | None) -> Cost:
    versions = versions_of(rules, horizon_us or 0)
    settle: Settle = _walked if horizon_us is None else _advanced
    data, sizes = encode(new_state("c-1")), []
    begun = time.process_time()
    upto_us = START_US
    for event in _events(contact):
        upto_us = event.time_us + SETTLE_US
        data = encode(settle(versions, decoded(data), [event], upto_us))
        sizes.append(len(data))
    us_an_event = (time.process_time() - begun) * 1e6 / contact.events
    correction_us = _correction_us(versions, data, upto_us) if horizon_us else None
    silent_us = upto_us + DAY_US + (horizon_us or 0) + 1
    later = encode(settle(versions, decoded(data), [], silent_us))
    return Cost(us_an_event, sum(sizes) / len(sizes), max(sizes), len(later), correction_us)


def _correction_us(versions: Versions, data: bytes, evaluated_to_us: int) -> float:
    late_us = evaluated_to_us - min(versions.horizon_us // 2, 5 * MINUTE_US)
    late = Event(late_us, "late", "cart.item_added", {"product_id": "p-1", "price": 20})
    begun = time.process_time()
    advanced = advance(versions, decoded(data), [late], evaluated_to_us)
    encode(advanced.state)
    assert advanced.corrected == 1
    return (time.process_time() - begun) * 1e6


def _advanced(versions: Versions, state: State, events: list[Event], upto_us: int) -> State:
    return advance(versions, state, events, upto_us).state


def _walked(versions: Versions, state: State, events: list[Event], upto_us: int) -> State:
    run = start(versions, state, upto_us)
    return freeze(pass_through(versions, run, events, upto_us), upto_us, upto_us)


def decoded(data: bytes) -> State:
    """The state of sound bytes."""
    state = decode(data)
    assert isinstance(state, State)
    return state


def versions_of(rules: str, horizon_us: int) -> Versions:
    """The shipped rules of that name under a horizon."""
    ruleset = load(Path(SHIPPED) / f"{rules}.yaml")
    account_id = next(name for name in ruleset.accounts)
    return as_versions(compile_account(ruleset, account_id, allowed_lateness_us=horizon_us))


def _events(contact: Contact) -> Iterator[Event]:
    """Events as a shop has them, at a steady pace; a visit a day where they come by the minute."""
    visit = 40 if contact.every_us == MINUTE_US else contact.events
    for i in range(contact.events):
        day, place = divmod(i, visit)
        properties = {"product_id": f"p-{i % 17}", "price": 10 + i % 90, "query": "mugs", "page": "/products/mugs"}
        time_us = START_US + day * DAY_US + place * contact.every_us
        yield Event(time_us, f"01JBN6{i:020d}", TYPES[i % len(TYPES)], properties)


if __name__ == "__main__":
    main()
