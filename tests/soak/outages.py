"""When the feed of an account stops: its orders are kept back, and come late, or there are none."""

from __future__ import annotations

import random
from typing import Final, NamedTuple

from kittiwake.time.instants import DAY_US, HOUR_US
from tests.soak.rules import ACCOUNT, FEED

OUTAGE_EVERY: Final = 4
"""Days from one to the next."""
LOST_US: Final = (6 * HOUR_US, 16 * HOUR_US, 2 * DAY_US)
KEPT_BACK_US: Final = (6 * HOUR_US, 10 * HOUR_US, 16 * HOUR_US)
"""Less than what an event may be late, with what it takes until it comes."""
BACKLOG_US: Final = HOUR_US
"""What was kept back comes within so much of the end."""


class Outage(NamedTuple):
    """A time without orders of `ACCOUNT`, half open."""

    begins_us: int
    ends_us: int
    is_lost: bool
    """Nobody orders anything; else what is ordered comes when it is over."""


class Outages:
    """Those of a job. What happens on a day depends on the seed and the day alone."""

    def __init__(self, seed: int, start_us: int) -> None:
        self._seed, self._start_us = seed, start_us

    def at(self, account_id: str, event_type: str, time_us: int) -> Outage | None:
        """The one that an event falls into; of several one in which orders are lost."""
        if (account_id, event_type) != (ACCOUNT, FEED):
            return None
        day = (time_us - self._start_us) // DAY_US
        found = [one for number in range(day - 2, day + 1) if (one := self._of(number)) is not None]
        inside = [one for one in found if one.begins_us <= time_us < one.ends_us]
        return max(inside, key=lambda one: one.is_lost, default=None)

    def _of(self, day: int) -> Outage | None:
        if day % OUTAGE_EVERY != 1:
            return None
        rng = random.Random(f"outage {self._seed} {day}")
        begins_us, is_lost = self._start_us + day * DAY_US + rng.randrange(DAY_US), rng.random() < 0.5
        return Outage(begins_us, begins_us + rng.choice(LOST_US if is_lost else KEPT_BACK_US), is_lost)
