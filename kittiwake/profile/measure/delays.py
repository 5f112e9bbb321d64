"""How long after its time an event was received, where it says when: late producers, and clocks that are ahead.

Pure. Called with the properties of events whose names are those under which producers say it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from kittiwake.input.event_times import instant_us
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US, BadTimeError

RECEIVED: Final = frozenset(
    {
        *("received_at", "receivedAt", "ingested_at", "ingestedAt", "server_time", "serverTime", "collector_tstamp"),
        *("sent_at", "sentAt"),
    }
)
"""Under which names a property says when an event was received or sent."""

LIMITS_US: Final = {
    "1s": SECOND_US,
    "1m": MINUTE_US,
    "10m": 10 * MINUTE_US,
    "1h": HOUR_US,
    "6h": 6 * HOUR_US,
    "1d": DAY_US,
    "7d": 7 * DAY_US,
}
"""How long it took: within which of these, by name."""


class Delays:
    """The delays of events that have one of the properties."""

    __slots__ = ("ahead", "ahead_max_us", "count", "longest_us", "within")

    def __init__(self) -> None:
        self.count = self.ahead = self.ahead_max_us = self.longest_us = 0
        """`ahead`: how many lie after the time at which they were received."""
        self.within = dict.fromkeys(LIMITS_US, 0)
        """How many were received within each of the limits, those ahead among them."""

    def add(self, values: Iterable[Any], times_us: Iterable[int]) -> None:
        """Take what events say, and their times; what is no instant is left out."""
        for value, time_us in zip(values, times_us, strict=True):
            received_us = _instant(value)
            if received_us is not None:
                self._take(received_us - time_us)

    def _take(self, delay_us: int) -> None:
        self.count += 1
        if delay_us < 0:
            self.ahead += 1
            self.ahead_max_us = max(self.ahead_max_us, -delay_us)
        self.longest_us = max(self.longest_us, delay_us)
        for name, limit_us in LIMITS_US.items():
            if delay_us <= limit_us:
                self.within[name] += 1

    def merge(self, other: Delays) -> None:
        """Take those of another part too."""
        self.count += other.count
        self.ahead += other.ahead
        self.ahead_max_us = max(self.ahead_max_us, other.ahead_max_us)
        self.longest_us = max(self.longest_us, other.longest_us)
        for name, number in other.within.items():
            self.within[name] += number


def _instant(value: Any) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        return instant_us(value)
    except BadTimeError:
        return None
