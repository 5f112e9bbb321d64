"""When a host wakes up: on a grid, so that what falls close together shares a wake, and never before it may.

Pure. A timer at W fires when the watermark has reached W; by then no event before W is to be expected, and the host
settles what lies `settle_delay_us` further back. Timers are whole milliseconds, so is the grid.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kittiwake.time.instants import DAY_US, HOUR_US, SECOND_US

RECHECK_US: Final = 30 * SECOND_US
"""How soon a host that is held back looks again, at the earliest: rules are polled as often."""

RECHECK_SHARE: Final = 4
"""Held back for a time, it looks again after this part of it: a freeze of days costs a contact dozens of wakes, and
what waited comes a quarter later at most."""

RETRY_US: Final = HOUR_US
"""How soon a contact that could not be settled is tried again, at the latest: 24 wakes a day, and a fix helps soon."""

LOOK_EVERY_US: Final = DAY_US
"""A contact is looked at so often even if nothing is due: a version published meanwhile may concern it."""

SKEW_US: Final = HOUR_US
"""How far the clocks of workers may be apart, where it costs nothing to be generous."""

TIMER_US: Final = 1_000
"""Timers are whole milliseconds."""

LAST_US: Final = 253_402_300_800 * SECOND_US
"""The year 10,000: no timer is set for it, so that a job whose watermark was pushed to infinity comes to an end."""

PACE_FROM: Final = 64
"""From so many unsettled events on, a contact's wakes are paced."""

PACE_SHARE: Final = 8
"""A paced wake settles at least this part of what waits: each event is read some eight times, not n times."""


class TimerSettings(NamedTuple):
    """How long a stream waits, and how finely it wakes."""

    settle_delay_us: int = 10 * SECOND_US
    """How far the watermark has to be past an event before it is settled."""
    grid_us: int = SECOND_US
    """Wakes lie on multiples of it. Whole milliseconds."""


USUAL: Final = TimerSettings()
"""The defaults of the job."""


def slot_us(due_us: int, waits: TimerSettings) -> int:
    """When to wake for what is due once everything before `due_us` is settled.

    >>> slot_us(1_500_000, Waits(10_000_000, 1_000_000))
    12000000
    """
    return -(-(due_us + waits.settle_delay_us) // waits.grid_us) * waits.grid_us


def slot_of_event_us(time_us: int, waits: TimerSettings) -> int:
    """When to wake for an event: after its own instant, for a watermark of T still admits an event at T."""
    return slot_us(time_us + 1, waits)


def recheck_us(at_us: int, asked_us: int, held_us: int, clock_us: int) -> int | None:
    """When a wake at `at_us` that was asked to settle to `asked_us`, and may only to `held_us`, looks again.

    With the watermark at infinity, as a drain leaves it, each look comes at once: then the distance to the clock
    doubles from look to look, and after some forty of them there is no further one (None).
    """
    ahead_us = max(RECHECK_US, at_us - clock_us, (asked_us - held_us) // RECHECK_SHARE)
    next_us = at_us + -(-ahead_us // TIMER_US) * TIMER_US
    return next_us if next_us < LAST_US else None
