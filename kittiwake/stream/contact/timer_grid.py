"""When timers fire: in buckets, so that what falls close together shares a firing, and never before it may.

Pure. A timer at W fires when the watermark has reached W; by then no event before W is to be expected, and the host
evaluates what lies `settle_delay_us` further back. A timer bucket ends at a multiple of the timer resolution. Timers
are whole milliseconds, so is the resolution.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kittiwake.time.instants import DAY_US, HOUR_US, SECOND_US

RECHECK_US: Final = 30 * SECOND_US
"""How soon a host that is held back checks again, at the earliest: rules are polled as often."""

RECHECK_SHARE: Final = 4
"""Held back for a time, it checks again after this part of it: an outage of minutes costs a contact a dozen firings."""

RECHECK_MAX_US: Final = HOUR_US
"""How soon a contact that is held back, or fails, is tried again, at the latest: the end of a long freeze, or a fix,
helps within the hour. A contact for which something is due costs it 24 firings a day, each of which reads what it has.

What is held back where the watermark lies behind the clock is tried again an hour past the clock at the latest: hours
of months past come all at once, as when a job catches up, or when the watermark of old events is pushed to infinity.
"""

REEVALUATE_EVERY_US: Final = DAY_US
"""A timer of a contact fires so often even if nothing is due: a version published meanwhile may concern it."""

SKEW_US: Final = HOUR_US
"""How far the clocks of workers may be apart, where it costs nothing to be generous."""

TIMER_US: Final = 1_000
"""Timers are whole milliseconds."""

LAST_US: Final = 253_402_300_800 * SECOND_US
"""The year 10,000: no timer is set for it, so that a job whose watermark was pushed to infinity comes to an end."""

PACE_FROM: Final = 64
"""From so many buffered events on, a contact's firings are paced."""

PACE_SHARE: Final = 8
"""A paced firing evaluates at least this part of what waits: each event is read some eight times, not n times."""


class TimerSettings(NamedTuple):
    """How long a stream waits, and how finely its timers fire."""

    settle_delay_us: int = 10 * SECOND_US
    """How far the watermark has to be past an event before it is evaluated."""
    resolution_us: int = SECOND_US
    """Timers are set for multiples of it. Whole milliseconds."""


USUAL: Final = TimerSettings()
"""The defaults of the job."""


def bucket_us(due_us: int, settings: TimerSettings) -> int:
    """The timer bucket of what is due once everything before `due_us` is evaluated: the instant its timer is set for.

    >>> bucket_us(1_500_000, TimerSettings(10_000_000, 1_000_000))
    12000000
    """
    return -(-(due_us + settings.settle_delay_us) // settings.resolution_us) * settings.resolution_us


def bucket_of_event_us(time_us: int, settings: TimerSettings) -> int:
    """The timer bucket of an event: after its own instant, for a watermark of T still admits an event at T."""
    return bucket_us(time_us + 1, settings)


def recheck_us(at_us: int, asked_us: int, held_us: int, clock_us: int, reached_us: int) -> int | None:
    """When to check again, after a firing at `at_us` asked to evaluate to `asked_us` and was held back at `held_us`.

    A late event's timer fires long after its own time: counted from there, each check would come at once. So it counts
    from what the watermark is known to have reached, though not from ahead of the clock, where the distance doubles.

    With the watermark at infinity, as a drain leaves it, each check comes at once: before the clock what was held back
    grows by a quarter from check to check, after it the distance to the clock doubles, and after some dozens of them
    there is no further one (None).
    """
    late_us = _late_us(at_us, clock_us, reached_us)
    at_us, asked_us = at_us + late_us, asked_us + late_us
    behind_us = max(clock_us - at_us, 0)
    share_us = min((asked_us - held_us) // RECHECK_SHARE, behind_us + RECHECK_MAX_US)
    ahead_us = max(RECHECK_US, at_us - clock_us, share_us)
    next_us = -(-(at_us + ahead_us) // TIMER_US) * TIMER_US
    return next_us if next_us < LAST_US else None


def retry_us(at_us: int, asked_us: int, failing_us: int, clock_us: int, reached_us: int) -> int | None:
    """When to try again what has been failing since `failing_us`: as `recheck_us`, but always within the hour."""
    known_us = asked_us + _late_us(at_us, clock_us, reached_us)
    since_us = max(failing_us, known_us - RECHECK_SHARE * RECHECK_MAX_US)
    return recheck_us(at_us, asked_us, since_us, clock_us, reached_us)


def _late_us(at_us: int, clock_us: int, reached_us: int) -> int:
    return max(min(reached_us, clock_us) - at_us, 0)
