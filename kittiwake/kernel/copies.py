"""Copies of events: one place in the order holds one event, and one id counts once within the horizon.

Pure but for the run it is given. Called by `advance`, `correcting` and `checkpoint` with the events they settle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from kittiwake.kernel.run import Run
from kittiwake.kernel.state import State, Unsettled
from kittiwake.kernel.trace import Step, StepKind
from kittiwake.model import Event, rest_of
from kittiwake.values import canonical, parse_json

place_of: Final = attrgetter("time_us", "event_id")
"""By which events are ordered."""


def stored(event: Event) -> Unsettled:
    """An event as a state keeps it."""
    return Unsettled(event.time_us, event.event_id, event.type, canonical(event.properties))


def restored(kept: Unsettled) -> Event:
    """The event that a state keeps."""
    return Event(kept.time_us, kept.event_id, kept.type, parse_json(kept.properties))


def in_order(events: Iterable[Event]) -> list[Event]:
    """The events by `(time, event_id)`; of copies that share both, the one that counts."""
    ordered = sorted(events, key=place_of)
    if len(set(map(place_of, ordered))) == len(ordered):
        return ordered
    groups = (list(copies) for _, copies in groupby(ordered, key=place_of))
    return [copies[0] if len(copies) == 1 else min(copies, key=rest_of) for copies in groups]


def that_count(run: Run, events: Sequence[Event]) -> Sequence[Event]:
    """Of events in order those that are no copies of earlier ones; the run remembers them."""
    seen = run.state.seen
    if not seen and len({event.event_id for event in events}) == len(events):
        seen.update((event.event_id, event.time_us) for event in events)
        return events
    found = []
    for event in events:
        if is_copy(seen, event, run.program.allowed_lateness_us):
            run.duplicates += 1
            if run.trace is not None:
                details = {"event_id": event.event_id, "type": event.type}
                run.trace.append(Step(event.time_us, StepKind.DUPLICATE, None, None, details))
        else:
            seen[event.event_id] = event.time_us
            found.append(event)
    return found


def is_copy(seen: dict[str, int], event: Event, horizon_us: int) -> bool:
    """Whether an event is a copy of one that counts and is no later than it."""
    counted_us = seen.get(event.event_id)
    return counted_us is not None and 0 <= event.time_us - counted_us <= horizon_us


def dropped(state: State, events: Iterable[Event]) -> int:
    """How many of settled events did not count."""
    return sum(state.seen.get(event.event_id) != event.time_us for event in events)
