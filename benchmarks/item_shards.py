"""`python -m benchmarks.item_shards`: what a stream spends on items and on the interest in them, record by record.

Drives what the job's step does, without Beam: events are routed to the shards of their items, and every record goes
through the bytes of its shard's state. The events are those of a whole catalogue as in `benchmarks.items`.

    python -m benchmarks.item_shards               # 100,000 items, 1,000,000 interests, 2 changes of each price
    python -m benchmarks.item_shards --scale 0.01
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final, NamedTuple

from benchmarks.items import RULES, START_US, VIEWS, Shape, lines
from kittiwake.input.events import parse_event
from kittiwake.model import Event
from kittiwake.rules.compile.accounts import Plan, Programs
from kittiwake.rules.loader import load_files
from kittiwake.stream.items.records import subject_of_item
from kittiwake.stream.items.routing import SHARDS, ItemRouters
from kittiwake.stream.items.shard import on_record
from kittiwake.time.instants import DAY_US, HOUR_US

ITEMS: Final = 100_000
CHANGES: Final = 2
BLOCK: Final = 10_000
"""Events that are parsed before their time is taken."""


class Step(NamedTuple):
    """What the records of one kind took."""

    name: str
    events: int
    records: int
    given: int
    routed_s: float
    taken_s: float


class Shards:
    """The state of all shards in memory, as bytes; `on_record` is given one of them at a time."""

    def __init__(self) -> None:
        self.items: dict[bytes, bytes] = {}
        self.interests: defaultdict[bytes, list[bytes]] = defaultdict(list)
        self.timers: Counter[int] = Counter()
        self.key = b""

    def read_item(self) -> bytes | None:
        """The value of the shard."""
        return self.items.get(self.key)

    def write_item(self, data: bytes) -> None:
        """Keep this value."""
        self.items[self.key] = data

    def read_interests(self) -> Iterable[bytes]:
        """The entries of the shard."""
        return self.interests.get(self.key, ())

    def add_interest(self, element: bytes) -> None:
        """Keep one entry more."""
        self.interests[self.key].append(element)

    def write_interests(self, elements: Sequence[bytes]) -> None:
        """Keep these entries only."""
        self.interests[self.key] = list(elements)

    def set_timer(self, at_us: int) -> None:
        """Count it: nothing is forgotten here."""
        self.timers[at_us] += 1

    def pass_over(self, why: str) -> None:
        """Nothing is damaged here."""
        raise AssertionError(why)


def main() -> None:
    """Take the events of a catalogue in, and print what each kind of them took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="part of the sizes (default 1)")
    parser.add_argument("--shards", type=int, default=SHARDS, help=f"of the contacts of an item (default {SHARDS})")
    asked = parser.parse_args()
    items = int(ITEMS * asked.scale)
    shards = Shards()
    print("| step | events | records | given to contacts | routing, µs an event | taking, µs a record |")
    print("| --- | --: | --: | --: | --: | --: |")
    for one in steps(Shape("catalogue", items, items, VIEWS, CHANGES), asked.shards, shards):
        routed, taken = one.routed_s / one.events * 1e6, one.taken_s / one.records * 1e6
        print(f"| {one.name} | {one.events:,} | {one.records:,} | {one.given:,} | {routed:.1f} | {taken:.1f} |")
    entries = sum(map(len, shards.interests.values()))
    print(f"{sum(map(len, shards.items.values())) / len(shards.items):.0f} bytes an item and shard, ", end="")
    print(f"{sum(map(len, chain.from_iterable(shards.interests.values()))) / entries:.0f} an interest")


def steps(shape: Shape, shards: int, store: Shards) -> Iterator[Step]:
    """What first prices, views and changes take, one after the other."""
    plan = Programs(load_files({"rules.yaml": RULES.encode()}), HOUR_US).plan("acme")
    routers, coming = ItemRouters(shards), lines(shape)
    views, changes = shape.contacts * shape.views, shape.items * shape.changes
    for name, number in (("first price", shape.items), ("interest", views), ("change of a price", changes)):
        yield _step(name, number, coming, plan, routers, store)


def _step(name: str, number: int, coming: Iterator[bytes], plan: Plan, routers: ItemRouters, store: Shards) -> Step:
    records = given = 0
    routed_s = taken_s = 0.0
    parsed = _events(coming, number)
    while events := list(islice(parsed, BLOCK)):
        began = time.process_time()
        routed = [one for event in events for one in routers.routed("acme", plan, event, None)]
        routed_s += time.process_time() - began
        began = time.process_time()
        given += _taken(routed, plan, store)
        taken_s += time.process_time() - began
        records += len(routed)
    return Step(name, number, records, given, routed_s, taken_s)


def _events(coming: Iterator[bytes], number: int) -> Iterator[Event]:
    for _ in range(number):
        found = parse_event(next(coming), "here", START_US + DAY_US)
        assert isinstance(found, Event)
        yield found


def _taken(routed: Iterable[tuple[bytes, bytes]], plan: Plan, store: Shards) -> int:
    """How many changes contacts are given."""
    given = 0
    for key, record in routed:
        store.key = key
        account_id, item_id, _ = subject_of_item(key)
        found = on_record(store, (account_id, item_id), record, plan.versions.horizon_us)
        given += sum(1 for _ in found.changes)
    return given


if __name__ == "__main__":
    main()
