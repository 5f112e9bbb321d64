"""The policy of an account, compiled: what may be sent, how often and when.

Read by `kernel.run.eligibility` and `kernel.run.gating`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

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
    channel: str | None = None
    """Counts and holds only rules on this channel; None: all."""

    def concerns(self, group: str | None, channel: str | None) -> bool:
        """Whether it holds a rule of a group on a channel, and counts its firings."""
        return self.group in (None, group) and self.channel in (None, channel)


CAP_MEMORY_US: Final = 33 * DAY_US
"""How long a firing may count in a calendar month, whatever zone counts it."""


def memory_of_cap_us(cap: Cap) -> int:
    """For how long after a firing a cap may count it."""
    return cap.within_us if cap.calendar is None else CAP_MEMORY_US


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


class Channel(msgspec.Struct, frozen=True):
    """What holds for the rules on a channel. Consent and quiet hours: instead of the policy's; None: those hold."""

    name: str
    consent: Consent | None = None
    quiet_hours: QuietHours | None = None
    frequency: tuple[Cap, ...] = ()
    """Beside the policy's."""


class Rhythm(NamedTuple):
    """By what a feed is known, or a breaker: a version may ask another `every`, or `max`, of the same type."""

    type: str
    every_us: int
    """Of a breaker its `per`."""
    max_events: int = 0
    """Of a breaker, how many events of an interval it lets through; 0: a feed."""

    @property
    def is_breaker(self) -> bool:
        """Whether times are kept at which there are too many events, and not at which there are none."""
        return self.max_events > 0


class Feed(msgspec.Struct, frozen=True):
    """A type of which, in the whole account, an event is expected within `every_us`.

    Of a breaker: of which at most `max_events` are expected within `every_us`.
    """

    type: str
    every_us: int
    holds: bool = False
    """Whether what relies on it is held while it is silent, or by a flood of it; else that is counted only."""
    max_events: int = 0
    """0: it is no breaker."""

    @property
    def rhythm(self) -> Rhythm:
        """By what its silences, or floods, are known."""
        return Rhythm(self.type, self.every_us, self.max_events)

    @property
    def is_breaker(self) -> bool:
        """Whether too many of its events are watched for, and not that there are none."""
        return self.max_events > 0


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
    channels: tuple[Channel, ...] = ()
    feeds: tuple[Feed, ...] = ()
    """Types of events that have a rhythm in the account, and the breakers of types."""

    @property
    def purposes(self) -> frozenset[str]:
        """What it asks consent for, on any channel."""
        consents = (self.consent, *(channel.consent for channel in self.channels))
        return frozenset(consent.purpose for consent in consents if consent is not None)

    @property
    def caps(self) -> tuple[Cap, ...]:
        """Its own, and those of its channels."""
        return (*self.frequency, *(cap for channel in self.channels for cap in channel.frequency))

    def channel(self, name: str | None) -> Channel | None:
        """The channel of that name."""
        return next((channel for channel in self.channels if channel.name == name), None)


class Reentry(msgspec.Struct, frozen=True):
    """`within_us` None: once (remembered for the rule's `keep_us`)."""

    within_us: int | None
