"""A contact's whole history at once: what batch hosts ask instead of `advance`, with the same answer.

Called by `replay` and the backfill for every contact, with all of its events.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from kittiwake.kernel.advance import advance, unfinished, walk
from kittiwake.kernel.program import Program
from kittiwake.kernel.state import new_state
from kittiwake.kernel.sweep import Parts, parts_of, sweep
from kittiwake.model import Decision, Event

_place: Final = attrgetter("time_us", "event_id")


class Whole(NamedTuple):
    """What became of a contact: every candidate's final decision, those still deferred included."""

    decisions: list[Decision]
    duplicates: int


def decide_whole(
    program: Program, contact_id: str, events: Sequence[Event], until_us: int, parts: Parts | None = None
) -> Whole:
    """Decide all of a contact's events before `until_us`, and what is due up to and at it.

    The events may come in any order, with copies. `parts` is `parts_of(program)`, worked out once by
    the host; None asks for the long way.
    """
    if parts is not None:
        ordered = sorted(events, key=_place)
        if len({event.event_id for event in ordered}) == len(ordered):
            wants = program.wants
            wanted = [event for event in ordered if wants(event.type) and event.time_us < until_us]
            return Whole(decide_sorted(program, contact_id, wanted, until_us, parts), 0)
    advanced = advance(program, new_state(contact_id), events, until_us)
    return Whole([*advanced.decisions, *unfinished(program, advanced.state)], advanced.duplicates)


def decide_sorted(
    program: Program, contact_id: str, events: Sequence[Event], until_us: int, parts: Parts | None = None
) -> list[Decision]:
    """As `decide_whole`, of events that are ready to be taken.

    They are sorted by `(time_us, event_id)`, without copies, all before `until_us`, and of types that the
    program wants. Of types it does not read (`Program.reads`) the properties may be left out.
    """
    found = None if parts is None else sweep(program, parts, contact_id, events, until_us)
    return walk(program, contact_id, events, until_us) if found is None else found


__all__ = ["Parts", "Whole", "decide_sorted", "decide_whole", "parts_of"]
