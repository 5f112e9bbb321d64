"""A contact's whole history at once: what batch hosts ask instead of `advance`, with the same answer.

Called by `replay` and the backfill for every contact, with all of its events.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from kittiwake.kernel.advance import advance, unfinished
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
            found = sweep(program, parts, contact_id, wanted, until_us)
            if found is not None:
                return Whole(found, 0)
    advanced = advance(program, new_state(contact_id), events, until_us)
    return Whole([*advanced.decisions, *unfinished(program, advanced.state)], advanced.duplicates)


__all__ = ["Parts", "Whole", "decide_whole", "parts_of"]
