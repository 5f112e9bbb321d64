"""One contact from its events to its decisions: group, sort, advance once.

Pure. What both hosts do with every contact, so that they cannot differ. Also how a contact's
key and events travel from one worker to another: as bytes, numbers exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from kittiwake.kernel.advance import advance, unfinished
from kittiwake.kernel.program import Program
from kittiwake.kernel.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.replay.counts import Counts, count_decision
from kittiwake.values import canonical, parse_json


class Subject(NamedTuple):
    """Whose events are decided together; in order of account, then contact."""

    account_id: str
    contact_id: str


class Settled(NamedTuple):
    """What became of one contact."""

    decisions: list[Decision]
    """Final ones, then those still deferred at the end; by due time, rule and instance."""
    counts: Counts


def settle(program: Program, contact_id: str, events: Sequence[Event], until_us: int) -> Settled:
    """Decide everything of one contact up to the end of the run. The events may come in any order, with copies."""
    advanced = advance(program, new_state(contact_id), events, until_us)
    decisions = sorted((*advanced.decisions, *unfinished(program, advanced.state)), key=_place)
    counts = Counts(contacts=1, duplicates=advanced.duplicates)
    counts.unneeded = sum(not program.wants(event.type) for event in events)
    counts.unsettled = len(advanced.late) + sum(event.time_us >= until_us for event in events)
    for decision in decisions:
        count_decision(counts, decision)
    return Settled(decisions, counts)


def _place(decision: Decision) -> tuple[int, str, str, int, str]:
    return decision.time_us, decision.rule_id, decision.instance, decision.reminder or 0, decision.trigger_id


# ---------------------------------------------------------------- as bytes


def pack_subject(event: Event) -> bytes:
    """The key of a contact's event: equal bytes for equal contacts, and no others."""
    return msgspec.json.encode((event.account_id, event.contact_id))


def unpack_subject(key: bytes) -> Subject:
    """The contact a key stands for."""
    return Subject(*msgspec.json.decode(key, type=tuple[str, str]))


def pack_event(event: Event) -> bytes:
    """What of an event is not in its key."""
    return canonical([event.time_us, event.event_id, event.type, event.properties]).encode()


def unpack_event(subject: Subject, packed: bytes) -> Event:
    """The event of `pack_event`."""
    time_us, event_id, event_type, properties = parse_json(packed)
    return Event(time_us, event_id, event_type, properties, subject.account_id, subject.contact_id)
