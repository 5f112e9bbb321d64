"""What two rule sets decide differently: plain values, by rule and cause.

Pure. Filled in by `comparison`, written by `report`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kittiwake.batch.summary import Summary
from kittiwake.rules.publishing.changes import Change


class Became(StrEnum):
    """How a candidate differs under the new rules."""

    GAINED = "gained"
    """It fires now."""
    LOST = "lost"
    """It fires no more."""
    MOVED = "moved"
    """It fires at another time."""
    ALTERED = "altered"
    """It fires at the same time and carries something else: fields of `include`, variant, channel."""
    REASON = "reason"
    """It fires neither way, and what became of it is another."""


class Why(StrEnum):
    """What of the rules made the difference."""

    ADDED = "added"
    """There was no such rule."""
    REMOVED = "removed"
    """The rule is gone."""
    CHANGED = "changed"
    """Its own text is another."""
    SETTINGS = "settings"
    """Its text is the same; the policy or another setting of the account is not."""
    OTHERS = "others"
    """Its text and the account's settings are the same: other rules were changed."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Candidates of a rule that differ in one way."""

    account_id: str
    rule_id: str
    became: Became
    why: Why
    before: str
    """What became of it under the old rules: `fired`, the reason; `none`: there was no such candidate."""
    after: str


@dataclass(frozen=True, slots=True)
class Example:
    """A candidate that differs, for `kittiwake explain`; times are None where it did not fire."""

    contact_id: str
    trigger_id: str
    before_us: int | None
    after_us: int | None


@dataclass(frozen=True, slots=True)
class CauseFigures:
    """How many there are of a cause."""

    cause: Cause
    number: int
    contacts: int
    examples: tuple[Example, ...]
    """The first by contact."""


@dataclass(frozen=True, slots=True)
class Through:
    """Triggers gained or lost through a cap or a round, by the rule that had used it up.

    Of what was gained under the old rules, of what was lost under the new ones.
    """

    account_id: str
    rule_id: str
    became: Became
    by: str
    number: int


@dataclass(frozen=True, slots=True)
class RuleTotals:
    """What a rule fired under both."""

    account_id: str
    rule_id: str
    why: Why | None
    """None: nothing differs."""
    before: int
    after: int
    number: dict[Became, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """What two rule sets decide differently with the events of one input."""

    old: Summary
    new: Summary
    edits: tuple[Change, ...]
    """How the texts differ: those of the newest versions."""
    rules: tuple[RuleTotals, ...]
    """By account and id; those in which nothing differs too."""
    causes: tuple[CauseFigures, ...]
    through: tuple[Through, ...]
    alike: int = 0
    """Contacts without any event that could matter to what differs."""

    def number(self, *became: Became) -> int:
        """How many candidates differ in one of these ways."""
        return sum(one.number for one in self.causes if one.cause.became in became)

    def number_of_others(self) -> int:
        """How many candidates differ of rules of which neither the text nor the settings were changed."""
        return sum(one.number for one in self.causes if one.cause.why is Why.OTHERS)
