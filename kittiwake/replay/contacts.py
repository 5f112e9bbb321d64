"""One contact from its events to its decisions: sort, drop copies, decide once.

Pure. What both hosts do with every contact, so that they cannot differ. Events travel as rows,
their properties as text: only those of events that a rule wants are ever parsed.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from typing import Final, TypeAlias

from kittiwake.kernel.whole import decide_whole
from kittiwake.model import Decision, Event, rest_of
from kittiwake.replay.counts import Counts, count_decision
from kittiwake.replay.programs import Plan
from kittiwake.values import canonical, parse_json

Subject: TypeAlias = tuple[str, str]
"""Account and contact, whose events are decided together."""

Row: TypeAlias = tuple[int, str, str, bytes]
"""What is kept of an event: time, id, type, and its properties as JSON that `parse_json` takes."""

Groups: TypeAlias = dict[Subject, list[Row]]

NOTHING: Final = b"{}"
"""No properties."""


def row_of(event: Event) -> Row:
    """The row of an event; `bytes` of its properties, whichever way they were written."""
    properties = canonical(event.properties).encode() if event.properties else NOTHING
    return event.time_us, event.event_id, event.type, properties


def settle(plan: Plan, contact_id: str, rows: list[Row], until_us: int, counts: Counts) -> list[Decision]:
    """Decide everything of one contact up to the end of the run, and count it.

    The rows may come in any order, with copies; they are sorted in place. Returned are the final
    decisions and those still deferred at the end, by due time, rule and instance.
    """
    rows.sort()
    wanted = plan.wanted
    counts.contacts += 1
    counts.unsettled += len(rows) - bisect_left(rows, (until_us,))
    if wanted is not None:
        counts.unneeded += sum([row[2] not in wanted for row in rows])
    events, copies = _events(plan, rows)
    whole = decide_whole(plan.program, contact_id, events, until_us, plan.parts)
    counts.duplicates += copies + whole.duplicates
    decisions = sorted(whole.decisions, key=place_of)
    for decision in decisions:
        count_decision(counts, decision)
    return decisions


def place_of(decision: Decision) -> tuple[int, str, str, int, str]:
    """By which a contact's decisions are ordered."""
    return decision.time_us, decision.rule_id, decision.instance, decision.reminder or 0, decision.trigger_id


def _events(plan: Plan, rows: list[Row]) -> tuple[list[Event], int]:
    """The events that the kernel has to see, and how many copies of one time and id were dropped.

    Where an id comes back at another time, the kernel sees all events: it knows the horizon of copies.
    Of an event that nobody wants it then needs the id and the time only.
    """
    wanted, count = plan.wanted, len(rows)
    if len({row[1] for row in rows}) < count:
        rows = [that_counts(list(copies)) for _, copies in groupby(rows, key=instant_and_id)]
        if len({row[1] for row in rows}) < len(rows):
            return [event_of(row, parsed=wanted is None or row[2] in wanted) for row in rows], count - len(rows)
    needed = rows if wanted is None else [row for row in rows if row[2] in wanted]
    return [event_of(row, parsed=True) for row in needed], count - len(rows)


def instant_and_id(row: Row) -> tuple[int, str]:
    """What copies of one time share."""
    return row[:2]


def event_of(row: Row, *, parsed: bool) -> Event:
    """The event of a row; without its properties where nobody reads them."""
    time_us, event_id, event_type, properties = row
    return Event(time_us, event_id, event_type, parse_json(properties) if parsed and properties != NOTHING else {})


def that_counts(copies: list[Row]) -> Row:
    """Of rows that share time and id the one that counts, as in `advance`."""
    if len(copies) == 1 or copies[0] == copies[-1]:  # they are sorted
        return copies[0]
    return min(copies, key=lambda row: rest_of(event_of(row, parsed=True)))
