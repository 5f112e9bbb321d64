"""An account's policy, as plain values the oracle can walk. Filled by `language`."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.oracle import clock

if TYPE_CHECKING:
    from tests.oracle.language import Rule

RETENTION = 400 * clock.DAY


@dataclass(frozen=True)
class Cap:
    """One frequency cap; `calendar` is day, week or month, else it rolls over `span`."""

    maximum: int
    calendar: str | None
    span: int
    group: str | None
    channel: str | None = None

    def concerns(self, group: str | None, channel: str | None) -> bool:
        """Whether it counts and holds rules of the group on the channel."""
        return self.group in (None, group) and self.channel in (None, channel)


@dataclass(frozen=True)
class Consent:
    """The purpose that is asked, and what holds before the first event about it."""

    purpose: str
    granted: bool


@dataclass(frozen=True)
class Channel:
    """What holds for the rules on a channel, where it says something of its own."""

    consent: Consent | None
    quiet: tuple[clock.Quiet, ...]


@dataclass(frozen=True)
class Policy:
    """The account's policy; what is absent does not gate.

    `effective`: a rule that lacks some of a contact's history decides all the same.
    """

    live_from: int | None = None
    history_from: int | None = None
    effective: bool = False
    consent: Consent | None = None
    holdout_percent: Fraction | None = None
    holdout_salt: str = ""
    caps: tuple[Cap, ...] = ()
    quiet: tuple[clock.Quiet, ...] = ()
    arbitration: tuple[int, int] | None = None
    feeds: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """By type, how long its events may stay away, and whether what leans on it is held then."""
    breakers: dict[str, tuple[int, int, bool]] = field(default_factory=dict)
    """By type, how many of its events an interval lets through, how long it is, and whether what is beyond is held."""
    retention: int = RETENTION
    profile_retention: int | None = None
    channels: dict[str, Channel] = field(default_factory=dict)

    @property
    def purposes(self) -> set[str]:
        """Every purpose that is asked of some rule or may be."""
        return {each.consent.purpose for each in (self, *self.channels.values()) if each.consent is not None}

    def consent_of(self, rule: Rule) -> Consent | None:
        """What the rule is asked: as its channel says, or else as the policy does."""
        own = self.channels[rule.channel].consent if rule.channel else None
        return own or self.consent

    def quiet_of(self, rule: Rule) -> tuple[clock.Quiet, ...]:
        """When nothing of the rule is sent, likewise."""
        own = self.channels[rule.channel].quiet if rule.channel else ()
        return own or self.quiet
