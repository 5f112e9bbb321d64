"""`python -m tests.soak`: a streaming job under faults for weeks of event time, hour after hour of ours.

Every day contacts come who live for six days, and prices of what they look at, late, twice and out of order. The orders
of one account stop now and then: there are none, or they come late; some days a contact floods it. Versions of the
rules are published, and polled over a line that fails now and then, or all day; now and then the watermark stands still
for hours, and events come long before it; bundles die, timers fire again,
processes begin anew. When a contact's time is over its rows have to be those that the kernel decides in one call, and
nothing may be kept of it. What the job keeps, its memory, and how often timers fire have to stay as they were.

Exit code 1 if anything is wrong, which is reported with the seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Final

from tests.soak.firings import QUIET_FIRINGS, Quiet
from tests.soak.job import Day, Soak

FULL_DAYS: Final = 45
"""From then on as many contacts go as come: a life, what is remembered of one, and prices that concern it."""
CYCLE_DAYS: Final = 60
"""In so many days there have been rules of every kind: what a contact keeps depends on them."""
GROWTH: Final = 1.5
"""How many times as much the newest cycle may keep as the first full one: contacts are drawn, and some are crowds."""
GROWTH_MB: Final = 64
"""By how much the process may grow: nothing that the job keeps, but what an allocator holds."""
VERSION_MB: Final = 5
"""By so much more for each version of the rules that came meanwhile: job and comparison keep it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: everything holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=480, help="how long it runs (480)")
    parser.add_argument("--contacts", type=int, default=40, help="that come a day (40)")
    parser.add_argument("--seed", type=int, default=0, help="(0)")
    asked = parser.parse_args(arguments)
    print(f"seed {asked.seed}, {asked.contacts} contacts a day, {asked.minutes:g} minutes", flush=True)
    soak, days = Soak(asked.seed, asked.contacts), list[Day]()
    ends_s = time.monotonic() + 60 * asked.minutes
    while time.monotonic() < ends_s and not soak.wrong:
        days.append(soak.day())
        if len(days) % 7 == 0:
            _report(days[-1])
    wrong = [*soak.wrong, *growth(days), *restlessness(days)]
    print(", ".join(f"{name} {number:,}" for name, number in sorted(soak.counts.items())))
    print("\n".join(wrong) or f"{len(days)} days, {days[-1].resident_mb} MB at most, nothing wrong")
    return int(bool(wrong))


def growth(days: Sequence[Day]) -> list[str]:
    """What the newest cycle keeps more than the first full one, in words; nothing before there are two."""
    first, newest = days[FULL_DAYS : FULL_DAYS + CYCLE_DAYS], days[-CYCLE_DAYS:]
    if len(days) < FULL_DAYS + 2 * CYCLE_DAYS:
        return []
    found = []
    for name in ("contacts", "kept_bytes", "timers", "item_bytes", "feed_bytes"):
        was, now = (sum(getattr(day, name) for day in cycle) / CYCLE_DAYS for cycle in (first, newest))
        if now > GROWTH * was:
            found.append(f"{name} grow: {was:.0f} a day in the first full cycle, {now:.0f} in the newest")
    versions = newest[-1].versions - first[-1].versions
    if newest[-1].resident_mb > first[-1].resident_mb + GROWTH_MB + VERSION_MB * versions:
        found.append(
            f"memory grows: {first[-1].resident_mb} MB after the first full cycle, {newest[-1].resident_mb} now"
        )
    return found


def restlessness(days: Sequence[Day]) -> list[str]:
    """Whether timers of contacts to which nothing comes fire too often on average, in words."""
    contacts, firings = (sum(getattr(day.quiet, name) for day in days) for name in Quiet._fields)
    if firings <= QUIET_FIRINGS * contacts:
        return []
    return [f"timers fire for nothing: {firings} times in {contacts} days of contacts to which nothing came"]


def _report(day: Day) -> None:
    print(
        f"day {day.number}: {day.contacts:,} contacts, {day.kept_bytes:,} bytes kept, {day.timers:,} timers, "
        f"{day.item_bytes:,} bytes of items, {day.feed_bytes:,} of feeds, {day.versions} versions, "
        f"{day.quiet.firings:,} firings of {day.quiet.contacts:,} quiet contacts, {day.resident_mb} MB",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
