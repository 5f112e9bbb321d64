"""`python -m tests.soak`: a streaming job under faults for weeks of event time, hour after hour of ours.

Every day contacts come who live for six days, and prices of what they look at, late, twice and out of order; versions
of the rules are published, and polled over a line that fails now and then; bundles die, timers fire again, processes
begin anew. When a contact's time is over its rows have to be those that the kernel decides in one call, and nothing may
be kept of it. What the job keeps, and its memory, have to stay as they were.

Exit code 1 if anything is wrong, which is reported with the seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Final

from tests.soak.job import Day, Soak

FULL_DAYS: Final = 45
"""From then on as many contacts go as come: a life, what is remembered of one, and prices that concern it."""
GROWTH: Final = 1.25
"""By how much the newest week may keep more than the first full one: contacts are drawn."""
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
    wrong = [*soak.wrong, *growth(days)]
    print(", ".join(f"{name} {number:,}" for name, number in sorted(soak.counts.items())))
    print("\n".join(wrong) or f"{len(days)} days, {days[-1].resident_mb} MB at most, nothing wrong")
    return int(bool(wrong))


def growth(days: Sequence[Day]) -> list[str]:
    """What the newest week keeps more than the first full one, in words; nothing before there are two."""
    first, newest = days[FULL_DAYS : FULL_DAYS + 7], days[-7:]
    if len(days) < FULL_DAYS + 14:
        return []
    found = []
    for name in ("contacts", "kept_bytes", "timers", "item_bytes"):
        was, now = (sum(getattr(day, name) for day in week) / 7 for week in (first, newest))
        if now > GROWTH * was:
            found.append(f"{name} grow: {was:.0f} a day in the first full week, {now:.0f} in the newest")
    versions = newest[-1].versions - first[-1].versions
    if newest[-1].resident_mb > first[-1].resident_mb + GROWTH_MB + VERSION_MB * versions:
        found.append(
            f"memory grows: {first[-1].resident_mb} MB after the first full week, {newest[-1].resident_mb} now"
        )
    return found


def _report(day: Day) -> None:
    print(
        f"day {day.number}: {day.contacts:,} contacts, {day.kept_bytes:,} bytes kept, {day.timers:,} timers, "
        f"{day.item_bytes:,} bytes of items, {day.versions} versions, {day.resident_mb} MB",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
