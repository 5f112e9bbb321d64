"""Quiet hours: whether it is quiet where a contact is, and until when.

Pure. Called by `run.eligibility` and `run.gating`.
"""

from __future__ import annotations

from bisect import bisect_right

from kittiwake.kernel.plan.quiet_hours import QuietHours
from kittiwake.time.instants import DAY_US, WEEK_US
from kittiwake.time.zones import local_time_of_week_us, next_change_us, offset_us


def is_quiet(quiet: QuietHours, zone: str, now_us: int) -> bool:
    """Whether the local clock lies in one of the stretches."""
    return bisect_right(quiet.edges, local_time_of_week_us(zone, now_us)) % 2 == 1


def release_us(quiet: QuietHours, zone: str, now_us: int) -> int:
    """The first instant after `now_us`, inside quiet hours, at which the local clock is outside them.

    The clock may jump meanwhile: out of quiet hours, which releases at the jump, or back into them.
    """
    at_us = now_us
    while True:
        left_us = _left_us(quiet, local_time_of_week_us(zone, at_us))
        ahead_us = at_us + min(left_us, DAY_US)  # no zone changes its clock and changes it back within a day
        if offset_us(zone, ahead_us) == offset_us(zone, at_us):
            if left_us <= DAY_US:
                return ahead_us
            at_us = ahead_us
            continue
        at_us = next_change_us(zone, at_us, ahead_us)
        if not is_quiet(quiet, zone, at_us):
            return at_us


def _left_us(quiet: QuietHours, time_of_week_us: int) -> int:
    """How long a stretch goes on by a clock that does not change."""
    edges = quiet.edges
    ends_us = edges[bisect_right(edges, time_of_week_us)]
    if ends_us == WEEK_US and edges[0] == 0:
        ends_us += edges[1]
    return ends_us - time_of_week_us
