"""Deduplication: one id of a type counts once within the horizon, and events have one order.

Pure but for the execution it is given. Called by both entrances and by `late` with the events they evaluate. Ids are
remembered for two horizons, and the newest `Limits.ids` of them: whether an event is a duplicate depends on those
before it in the order, not on when it came.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final, TypeAlias

from kittiwake.event_types import is_item_change
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.state.state import State, StoredEvent
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.model import Event, rest_of
from kittiwake.values import canonical, parse_json

order_key: Final = attrgetter("time_us", "event_id", "type")
"""By which events are ordered."""

identity_of: Final = attrgetter("event_id", "type")
"""What duplicates share."""

Name: TypeAlias = tuple[str, str]

ANY: Final = ""
"""The type of an id that an earlier release remembered without one: an event of every type is its duplicate."""


def stored(event: Event) -> StoredEvent:
    """An event as a state keeps it."""
    return StoredEvent(event.time_us, event.event_id, event.type, canonical(event.properties))


def restored(kept: StoredEvent) -> Event:
    """The event that a state keeps."""
    return Event(kept.time_us, kept.event_id, kept.type, parse_json(kept.properties))


def in_order(events: Iterable[Event]) -> list[Event]:
    """The events by `(time, event_id, type)`; of duplicates that share all three, the one that counts."""
    ordered = sorted(events, key=order_key)
    if len(set(map(order_key, ordered))) == len(ordered):
        return ordered
    groups = (list(duplicates) for _, duplicates in groupby(ordered, key=order_key))
    return [duplicates[0] if len(duplicates) == 1 else min(duplicates, key=rest_of) for duplicates in groups]


def are_distinct(events: Sequence[Event]) -> bool:
    """Whether no two events share id and type. Mostly the ids alone decide it."""
    count = len(events)
    return len({event.event_id for event in events}) == count or len(set(map(identity_of, events))) == count


def without_duplicates(run: Execution, events: Sequence[Event]) -> Sequence[Event]:
    """Of events in order those that are no duplicates of earlier ones; the execution remembers them."""
    state, horizon_us = run.state, run.program.allowed_lateness_us
    counted = state.counted
    known = len(state.seen) + sum(map(len, counted.values()))
    if known + len(events) > run.program.limits.ids:
        return _without_duplicates_of_many(run, events)
    if not known and are_distinct(events):
        for event in events:
            counted.setdefault(event.type, {})[event.event_id] = event.time_us
        return events
    found = []
    for event in events:
        if is_duplicate(state, event, horizon_us):
            _drop(run, event)
        else:
            counted.setdefault(event.type, {})[event.event_id] = event.time_us
            found.append(event)
    return found


def is_duplicate(state: State, event: Event, horizon_us: int) -> bool:
    """Whether an event is a duplicate of one that is remembered and is no later than it.

    Of changes of items the join knows which count: there only those of one instant are duplicates.
    """
    times_us = state.counted.get(event.type)
    counted_us = None if times_us is None else times_us.get(event.event_id)
    if counted_us is None and not state.seen:
        return False
    if is_item_change(event.type):
        horizon_us = 0
    if counted_us is not None and 0 <= event.time_us - counted_us <= horizon_us:
        return True
    seen_us = state.seen.get(event.event_id) if state.seen else None
    return seen_us is not None and 0 <= event.time_us - seen_us <= horizon_us


def are_new(state: State, events: Sequence[Event], limit: int) -> bool:
    """Whether no two of the events share id and type, none is a duplicate of one that is remembered, nor that of it.

    Where ids have to make room, that is not asked: False.
    """
    if len(state.seen) + sum(map(len, state.counted.values())) + len(events) > limit or not are_distinct(events):
        return False
    return not any(
        event.event_id in state.seen or event.event_id in state.counted.get(event.type, ()) for event in events
    )


def newest_id_us(state: State) -> int | None:
    """The newest time of an id that is remembered."""
    return max(
        (time_us for times_us in (state.seen, *state.counted.values()) for time_us in times_us.values()), default=None
    )


def _drop(run: Execution, event: Event) -> None:
    run.outputs.duplicates += 1
    if run.trace is not None:
        details = {"event_id": event.event_id, "type": event.type}
        run.trace.append(Step(event.time_us, StepKind.DUPLICATE, None, None, details))


# ---------------------------------------------------------------- more than are remembered


class NewestIds:
    """Ids of the newest events that count, the oldest first: of a contact that has more than are remembered."""

    def __init__(self, limit: int, horizon_us: int) -> None:
        self._limit = limit
        self._horizon_us = horizon_us
        self.times_us: OrderedDict[Name, int] = OrderedDict()
        self.forgotten = 0
        """Ids that had to make room while duplicates of them could still come."""

    def is_duplicate(self, name: Name, time_us: int) -> bool:
        """Whether an event, no older than those that are remembered, is a duplicate of one of them."""
        for one in (name, (name[0], ANY)):
            counted_us = self.times_us.get(one)
            span_us = 0 if is_item_change(name[1]) else self._horizon_us
            if counted_us is not None and time_us - counted_us <= span_us:
                return True
        return False

    def add(self, name: Name, time_us: int) -> None:
        """Remember an event that counts, the newest; the oldest makes room."""
        self.times_us.pop(name, None)
        self.times_us[name] = time_us
        if len(self.times_us) > self._limit:
            _, oldest_us = self.times_us.popitem(last=False)
            self.forgotten += time_us - oldest_us <= self._horizon_us


def _without_duplicates_of_many(run: Execution, events: Sequence[Event]) -> list[Event]:
    """As `that_count`, where some ids may have to make room."""
    newest = NewestIds(run.program.limits.ids, run.program.allowed_lateness_us)
    for time_us, name in sorted(_remembered(run.state)):
        newest.add(name, time_us)
    newest.forgotten = 0  # only an earlier release has left too many, and knew them all
    found = []
    for event in events:
        name = identity_of(event)
        if newest.is_duplicate(name, event.time_us):
            _drop(run, event)
        else:
            newest.add(name, event.time_us)
            found.append(event)
    run.outputs.ids_forgotten += newest.forgotten
    run.state.seen, run.state.counted = {}, {}
    for (event_id, event_type), time_us in newest.times_us.items():
        kept = run.state.seen if event_type == ANY else run.state.counted.setdefault(event_type, {})
        kept[event_id] = time_us
    return found


def _remembered(state: State) -> Iterable[tuple[int, Name]]:
    for event_id, time_us in state.seen.items():
        yield time_us, (event_id, ANY)
    for event_type, times_us in state.counted.items():
        for event_id, time_us in times_us.items():
            yield time_us, (event_id, event_type)


def ids_forgotten(events: Sequence[Event], limit: int, horizon_us: int) -> int:
    """Ids of events, in order without duplicates, that make room while duplicates of them could still come."""
    pairs = zip(events, events[limit:], strict=False)
    return sum(newer.time_us - older.time_us <= horizon_us for older, newer in pairs)
