"""Where more events of a type come than a breaker lets through: the first of each interval, kept in any order.

Pure. An interval is `per` long; they follow one another from 1970 on, in UTC. Of each the earliest events are kept, as
many as it takes to say from when on there are too many: what an interval says depends on the set of its events alone,
whichever came first, or twice. Where many are let through, one in some is counted, chosen by its name, so that what is
kept is small (ADR 0034).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Final

from kittiwake.kernel.plan.feeds import Span
from kittiwake.kernel.plan.policy import Rhythm

COUNTED_MAX: Final = 100
"""Events of an interval that are kept at most. Of a greater `max` one in some is counted, and so it is right within
some tenth: a breaker is set at several times the usual."""

MARK_BYTES: Final = 6
"""Of the names of an event: of a hundred, two alike are not to be expected in a thousand years."""

Entry = Span
"""When an event was, and the mark of its names."""


def mark_of(contact_id: str, event_id: str) -> int:
    """A number that stands for an event of a type, the same on every host.

    >>> mark_of("c-1", "e-1")
    119831472524153
    """
    names = f"{len(contact_id)}:{contact_id}{event_id}"
    return int.from_bytes(blake2b(names.encode(), digest_size=MARK_BYTES).digest(), "big")


def counts_one_in(rhythm: Rhythm) -> int:
    """One in how many events of a breaker is counted.

    >>> [counts_one_in(Rhythm("order", 3_600_000_000, most)) for most in (1, 100, 101, 5_000)]
    [1, 1, 2, 50]
    """
    return -(-rhythm.max_events // COUNTED_MAX)


def is_counted(rhythm: Rhythm, mark: int) -> bool:
    """Whether an event of a breaker's type is one of those that are counted."""
    return mark % counts_one_in(rhythm) == 0


def first_of(rhythm: Rhythm, entries: Iterable[Entry]) -> list[Entry]:
    """The earliest counted events of each interval, each once, at the earliest of its times: one more than pass."""
    number = rhythm.max_events // counts_one_in(rhythm) + 1
    return [one for of_interval in _by_interval(rhythm, entries) for one in _earliest(of_interval)[:number]]


def floods_of(rhythm: Rhythm, firsts: Sequence[Entry]) -> Iterator[Span]:
    """From the first event of an interval that is too many to its end, of what `first_of` kept.

    >>> list(floods_of(Rhythm("order", 10, 1), [(3, 7), (5, 8), (12, 7), (25, 7), (25, 9)]))
    [(5, 10), (25, 30)]
    """
    lets_through = rhythm.max_events // counts_one_in(rhythm)
    for of_interval in _by_interval(rhythm, firsts):
        if len(of_interval) > lets_through:
            begins_us = of_interval[lets_through][0]
            yield begins_us, interval_end_us(rhythm, begins_us)


def interval_end_us(rhythm: Rhythm, time_us: int) -> int:
    """The end of the interval in which an instant is."""
    return (time_us // rhythm.every_us + 1) * rhythm.every_us


def _earliest(entries: Iterable[Entry]) -> list[Entry]:
    times_us: dict[int, int] = {}
    for time_us, mark in entries:
        times_us[mark] = min(time_us, times_us.get(mark, time_us))
    return sorted((time_us, mark) for mark, time_us in times_us.items())


def _by_interval(rhythm: Rhythm, entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """In the order of time."""
    found: defaultdict[int, list[Entry]] = defaultdict(list)
    for one in entries:
        found[_interval(rhythm, one)].append(one)
    for number in sorted(found):
        yield found[number]


def _interval(rhythm: Rhythm, one: Entry) -> int:
    return one[0] // rhythm.every_us
