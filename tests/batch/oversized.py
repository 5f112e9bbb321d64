"""A contact like a robot: millions of events, of which batches are made one after the other.

`python -m tests.batch.oversized EVENTS` decides it, and prints as JSON what it took and came to.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from kittiwake.batch.counts import Counts
from kittiwake.batch.event_rows import Row
from kittiwake.batch.oversized_contacts import decide_in_slices
from kittiwake.batch.partitions import HELD_BYTES, contacts_of
from kittiwake.batch.record_batches import RecordBatcher
from kittiwake.input.bulk import Table
from kittiwake.kernel.plan.versions import as_versions
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.compile.accounts import plan_of
from kittiwake.rules.documents import load_document
from kittiwake.time.instants import SECOND_US

ACCOUNT, CONTACT = "acme", "robot"
START_US = 1_700_000_000_000_000
PACK_EVENTS = 2_000
BUSY = 10_000  # after so many events the robot rests for as many seconds
RULES = {
    "account": ACCOUNT,
    "rules": [
        {"id": "silence", "when": "page.viewed", "wait": "1h", "include": {"page": "page"}},
        {"id": "cart", "when": "cart.item_added", "include": {"page": "page"}},
    ],
}


def batches(events: int) -> Iterator[bytes]:
    """Batches of one partition, read as a runner may read them; `events` is a multiple of `BUSY`."""
    for first in range(0, events, PACK_EVENTS):
        batcher = RecordBatcher(1)
        batcher.add(Table([ACCOUNT] * PACK_EVENTS, [CONTACT] * PACK_EVENTS, *map(list, zip(*rows(first), strict=True))))
        yield from (batch for _, batch in batcher.batches())


def rows(first: int) -> list[Row]:
    """One a second, ids in no order, every fiftieth a duplicate of the one before."""
    numbers = [number - (number % 50 == 0) for number in range(first + 1, first + PACK_EVENTS + 1)]
    return [(time_us_of(n), f"{n * 7_919 % 999_999_937:012}", type_of(n), page(n)) for n in numbers]


def time_us_of(number: int) -> int:
    return START_US + (number + number // BUSY * BUSY) * SECOND_US


def type_of(number: int) -> str:
    """Half of them are wanted by no rule."""
    if number % 100 == 1:
        return "cart.item_added"
    return "page.scrolled" if number % 2 else "page.viewed"


def page(number: int) -> bytes:
    return b'{"page":"/products/%d","referrer":"https://shop.example/"}' % number


def fired_of(events: int) -> int:
    """How many triggers the rules fire: a cart in a hundred events, and one for every rest."""
    return events // 100 + events // BUSY


def decide_batches(events: int, held_bytes: int) -> Counts:
    """What a host does with the partition."""
    plan, counts = plan_of(as_versions(compile_account(load_document(RULES), ACCOUNT))), Counts()
    for (_, contact_id), coming in contacts_of(batches(events), held_bytes):
        assert not isinstance(coming, list)
        for _ in decide_in_slices(plan, contact_id, coming, time_us_of(events + BUSY), counts, held_bytes):
            pass
    return counts


def peak_bytes() -> int:
    """The most memory this process has held. `ru_maxrss` would count what its parent held when it was started."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024


def main() -> None:
    began = time.monotonic()
    counts = decide_batches(int(sys.argv[1]), HELD_BYTES)
    told = {
        "contacts": counts.contacts,
        "duplicates": counts.duplicates,
        "fired": sum(counts.verdicts.values()),
        "peak_bytes": peak_bytes(),
    }
    print(json.dumps(told))
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
