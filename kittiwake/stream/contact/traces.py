"""Trace contexts of a contact: those that came with its events, and which of them goes with what is decided.

Pure. Called by `timers`; they are kept beside the state (`cell`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kittiwake.event_types import parent_id
from kittiwake.kernel import State
from kittiwake.kernel.state.state import keeps_ids
from kittiwake.model import Decision
from kittiwake.stream.records import BufferedEvent, trace_of

TRACES_MAX: Final = 16
"""Trace contexts kept of a contact, the newest: 1 KB, and most rules wait for one of the last few events."""


def sent_as(event_id: str) -> Iterator[str]:
    """The ids under which an event may have been sent: its own, or that of the event it is derived from.

    >>> list(sent_as("o-1")), list(sent_as("o/1/order.completed/order.item_purchased/0"))
    (['o-1'], ['o/1/order.completed/order.item_purchased/0', 'o/1'])
    """
    yield event_id
    parent = parent_id(event_id)
    if parent is not None:
        yield parent


def traces_with(traces: dict[str, str], arrivals: Iterable[BufferedEvent]) -> dict[str, str]:
    """The newest trace contexts."""
    found = dict(traces)
    for arrival in arrivals:
        traceparent = trace_of(arrival.attributes)
        if traceparent is not None:
            found.pop(arrival.event_id, None)
            found[arrival.event_id] = traceparent
    return dict(list(found.items())[-TRACES_MAX:])


def traceparent_of(decision: Decision, traces: dict[str, str]) -> str | None:
    """That of its newest event, else of its first; of one that is derived, that of the event it is derived from."""
    ids = decision.events
    if ids is None or not traces:
        return None
    return next((traces[one] for event_id in (ids.last, ids.first) for one in sent_as(event_id) if one in traces), None)


def traces_needed(state: State, traces: dict[str, str]) -> dict[str, str]:
    """Of a contact that is gone, those that a trigger may need: of late events, and of what it still waits for."""
    if not traces or state.first_us is not None or state.since or keeps_ids(state) or state.inbox:
        return traces
    instances = [one for rule in state.rules.values() for one in rule.instances.values()]
    waiting = [one.episode for one in instances if one.episode is not None]
    ids = {one for episode in waiting for each in (episode.opened_id, episode.last_id) for one in sent_as(each)}
    return {event_id: text for event_id, text in traces.items() if event_id in ids}
