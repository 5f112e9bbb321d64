"""What goes in and what comes out: events, decisions, dead letters.

Pure values. Parsed by `kittiwake.input.events`, decided by the kernel, written by the hosts.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from kittiwake.event_types import is_item_change
from kittiwake.reasons import DeadLetterReason, Kind, Outcome, Reason
from kittiwake.values import Number, canonical

KNOWN: Final = "known"
"""In the properties of an item change: of how many events of the item, differing duplicates counted, whoever made it
had learnt by then. Left out where all of them were known."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """One thing a contact did, or that was learnt of it. Events are ordered by `(time_us, event_id, type)`."""

    time_us: int
    event_id: str
    type: str
    properties: dict[str, Any] = {}
    account_id: str = ""
    contact_id: str | None = None
    item_id: str | None = None


def rest_of(event: Event) -> tuple[int, str]:
    """All of an event but its ids, type and time, by which duplicates of one time are ordered: the smallest counts.

    Its canonical JSON; of changes of items (ADR 0026) first that which knows more.
    """
    known = event.properties.get(KNOWN, 0) if is_item_change(event.type) else 0
    return -known, canonical({"properties": event.properties})


class EventIds(msgspec.Struct, frozen=True, gc=False):
    """The arming events of an episode (field `events`)."""

    first: str
    last: str
    count: int
    first_us: int | None = None
    """When the first happened; None: an earlier release opened the episode, and did not keep it."""
    last_us: int | None = None
    first_type: str = ""
    """What the first is an event of, which no row shows; empty: the episode bears the id of an earlier release."""


CUT: Final = "~cut"
"""The field of `include` that lists those that were cut, if any were. No author's field is called so."""


class Decision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What became of one candidate: a row of `decisions`, and if it fired one of `triggers`.

    The fields of rules.md, section 5; the host adds `mode`.
    """

    trigger_id: str
    account_id: str
    contact_id: str
    rule_id: str
    rule_version: str
    kind: Kind
    time_us: int
    """Event time at which it fell due."""
    decision: Outcome
    reason: Reason | None
    decided_us: int
    """Event time at which this became final: the gate's, the cancelling event's, the end of the run's."""
    fired_at_us: int | None = None
    instance: str = "{}"
    """Canonical JSON of the `per` values."""
    events: EventIds | None = None
    include: str = "{}"
    """Canonical JSON of the author's fields."""
    threshold: Number | None = None
    reminder: int | None = None
    occurrence: date | None = None
    ruleset_version: str = ""
    """Of the version in force when it was taken."""
    partial_history: bool = False
    """The rule's look-backs began after the contact (`history_from: effective`)."""
    revision: int = 0
    """Within one id the newest counts."""
    replaces: tuple[str, ...] = ()
    """Ids that the correction which made it took back, sorted."""
    late: bool = False
    """A late event caused it."""
    stale: bool = False
    """Fired too long after it was due to be delivered."""
    variant: str | None = None
    """Which of the rule's variants the contact gets; None: it has none."""
    channel: str | None = None
    """The rule's; None: it has none."""
    outranked_by: str | None = None
    """Of what arbitration refused: the id of the last that passed every gate at that instant."""
    digest: str | None = None
    """Of a digest: how many instances were due, and those that it lists, as canonical JSON."""
    digest_id: str | None = None
    """Of what left in a digest, or was not listed by it: the digest's id."""


class DeadLetter(NamedTuple):
    """An input record that could not become an event, whole, and why."""

    reason: DeadLetterReason
    detail: str
    """What is wrong, for a person; names fields, never their values."""
    raw: bytes
    """The record's bytes as read (its first `replay.events.RAW_BYTES_MAX` if it is longer)."""
    source: str
    """Where it was read: file and line."""
    raw_size: int
