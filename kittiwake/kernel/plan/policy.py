"""The policy of an account, compiled: what may be sent, how often and when.

Read by `kernel.run.eligibility` and `kernel.run.gating`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kittiwake.kernel.plan.quiet_hours import QuietHours
from kittiwake.time.instants import DAY_US
from kittiwake.values import Number


class Calendar(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Cap(msgspec.Struct, frozen=True):
    """At most `max_fired` firings per calendar period, or in `(t - within_us, t]`."""

    max_fired: int
    calendar: Calendar | None
    within_us: int = 0
    group: str | None = None
    """Counts and holds only rules of this group; None: all."""


class Arbitration(msgspec.Struct, frozen=True):
    """Of what falls due within `within_us` of the first, only the best `max_fired` fire, all at the end of that."""

    within_us: int
    max_fired: int


class Consent(msgspec.Struct, frozen=True):
    purpose: str
    default_granted: bool


class Holdout(msgspec.Struct, frozen=True):
    percent: Number
    salt: str


class Policy(msgspec.Struct, frozen=True):
    """One account's policy; `live_from` and `history_from` are compiled into each rule's `ready_us`."""

    consent: Consent | None = None
    holdout: Holdout | None = None
    frequency: tuple[Cap, ...] = ()
    quiet_hours: QuietHours | None = None
    retention_us: int = 400 * DAY_US
    """A contact without events for so long is forgotten: what it did."""
    profile_retention_us: int | None = None
    """At least `retention_us`: after so long what stays of a forgotten contact goes too. None: never."""
    arbitration: Arbitration | None = None


class Reentry(msgspec.Struct, frozen=True):
    """`within_us` None: once (remembered for the rule's `keep_us`)."""

    within_us: int | None
