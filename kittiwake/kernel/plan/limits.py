"""Limits on everything the kernel remembers, each with its reason.

The compiler puts a `Limits` into every program (tests use small ones); the loader refuses rules beyond them.
"""

from __future__ import annotations

from typing import NamedTuple

from kittiwake.time.instants import DAY_US


class Limits(NamedTuple):
    """What one rule may remember of one contact."""

    keys: int = 1_000
    """Instances of a rule, and `same` keys of a history condition: far beyond what one person browses; ~100 KB."""
    distinct: int = 10_000
    """Distinct values of a condition: ~300 KB, still one value state of Beam."""
    sum_entries: int = 10_000
    """Entries of a windowed sum: one per event in the window; ~200 KB."""
    max_wait_us: int = 400 * DAY_US
    """Longest wait: a year and a month. A contact silent for longer is forgotten (`retention`), and most waits."""
    correction_bytes: int = 4_000_000
    """What a contact keeps for corrections, some 30,000 events: with all else far below what one value may have. Beyond
    it the contact's horizon begins anew, and what comes late from before goes to the late output."""
    include_bytes: int = 64 * 1024
    """Bytes of a trigger's `include`, as canonical JSON. Beyond it the longest fields are cut. What senders of
    messages take (50 to 100 KB); with all else, a row is a tenth of what a message may have. Each pending instance
    keeps one."""
    attribute_bytes: int = 65_536
    """Attributes that rules read, as canonical JSON: they stay for ever, and a profile of 64 KiB is no profile."""
    ids: int = 25_000
    """Ids of events by which duplicates are known, the newest; in two horizons of an hour one event every 0.3 s. Of the
    longest ASCII ids 3.5 MB, which leaves room for all else in one value; of ordinary ones 1.2 MB."""

    repeats: int = 10_000
    """Values of `repeats`, over all entries: thirty purchases a day for a year. 300 KB, of the longest 3.5 MB."""

    interests: int = 10_000
    """Items that a contact is interested in, of a catalogue rule: more than one person browses in a year; ~1 MB."""
    interest_bytes: int = 4_096
    """Bytes of what `include` shows of an interest, as canonical JSON. Beyond it the longest properties are cut."""

    digest_bytes: int = 64 * 1024
    """Bytes of the list of a digest, as canonical JSON: as much again as `include`. What does not fit is not listed."""


DEFAULT_LIMITS = Limits()
