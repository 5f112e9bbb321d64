"""Re-evaluation: the events since a mark once more, with late ones among them, up to where the state is what it was.

Mutable, made and dropped by `late.corrections`. Marks are left on the way, for the next late event to begin at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from kittiwake.kernel.late.deduplication import are_new, in_order, restored, stored, without_duplicates
from kittiwake.kernel.late.emitted import current_in, events_in
from kittiwake.kernel.late.episode_counts import Counts, chunk_counted_on, counted_on, counts_apart, only_counted
from kittiwake.kernel.late.segments import MARKED_EVENTS, Segment, concerned, end_of_part, mark_of, segments_of
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.run.retention import freeze
from kittiwake.kernel.run.timeline import pass_through, start
from kittiwake.kernel.state.codec import bare, decoded
from kittiwake.kernel.state.state import Chunk, Mark, State, StoredEvent
from kittiwake.model import Decision, Event


class Part(NamedTuple):
    """What becomes a chunk."""

    mark: Mark | None
    """The state before it."""
    events: list[StoredEvent]
    upto_us: int
    decisions: int
    """How many had been made at its end."""


class Reevaluation:
    """The segments that late events concern, walked anew."""

    def __init__(
        self, versions: Versions, state: State, chunks: Sequence[Chunk], checkpoint: bytes, late: Sequence[Event]
    ) -> None:
        """`late` are in order, no duplicates of one another; `checkpoint` is as of `from_us`.

        An id that is known asks for the long way: what comes after may be a duplicate now, or may be none any more.
        So do more ids than are remembered.
        """
        assert state.from_us is not None
        assert state.evaluated_to_us is not None
        self._versions, self._state, self._late = versions, state, late
        self._from_us, self._evaluated_to_us = state.from_us, state.evaluated_to_us
        self._knows_ids = not are_new(state, late, versions.newest.limits.ids)
        whole = [Segment(self._from_us, None, chunks)]
        self._segments = whole if self._knows_ids else segments_of(chunks, self._from_us)
        self._first = self._end = concerned(self._segments, late[0].time_us)
        begin = self._segments[self._first]
        self._mark = begin.mark
        base = decoded(checkpoint if begin.mark is None else begin.mark.state)
        self._run = start(versions, base, begin.begun_us)
        self._counts: Counts = {}
        self.parts: list[Part] = []
        self.placed: list[Event] = []
        """Late events that count."""
        self.duplicates = 0

    @property
    def ids_forgotten(self) -> int:
        """As of `Advanced`."""
        return self._run.outputs.ids_forgotten

    @property
    def decisions(self) -> list[Decision]:
        """What was decided, as a run decides that knows nothing of what was decided before."""
        return self._run.outputs.decisions

    @property
    def before(self) -> list[Chunk]:
        """What was not walked, for it lies before."""
        return _chunks_in(self._segments[: self._first])

    @property
    def replaced(self) -> list[Chunk]:
        """What was walked anew."""
        return _chunks_in(self._segments[self._first : self._end])

    @property
    def after(self) -> list[Chunk]:
        """What was not walked, for nothing is other there than it was but what episodes have counted."""
        return [chunk_counted_on(chunk, self._counts) for chunk in self._left]

    @property
    def _left(self) -> list[Chunk]:
        return _chunks_in(self._segments[self._end :])

    def walk(self) -> State:
        """The state at the evaluated time."""
        while self._end < len(self._segments):
            self._pass_segment()
            if self._end < len(self._segments) and self._meets_again():
                front = replace(bare(self._state), counted=self._counted())
                counted_on(front, self._counts)
                return front
        front = freeze(self._run, self._evaluated_to_us, self._from_us, self._evaluated_to_us)
        if not self._knows_ids:
            front.seen, front.counted = self._state.seen, self._counted()
        return front

    def _counted(self) -> dict[str, dict[str, int]]:
        """The ids of events, of which none of the late ones was known."""
        found = dict(self._state.counted)
        for name in {event.type for event in self._late}:
            late = {event.event_id: event.time_us for event in self._late if event.type == name}
            found[name] = {**found.get(name, {}), **late}
        return found

    def _meets_again(self) -> bool:
        """Whether no late event is left, and the state is what it was: the same follows from it."""
        following = self._segments[self._end]
        self._mark = mark_of(self._versions, self._run, following.begun_us, self._from_us)
        if following.mark is None or self._late[-1].time_us >= following.begun_us:
            return False
        counts = counts_apart(self._mark, following.mark)
        if counts is None or not only_counted(counts, current_in(self._left).values(), self._state):
            return False
        self._counts = counts
        return True

    def _pass_segment(self) -> None:
        segment = self._segments[self._end]
        self._end += 1
        is_last = self._end == len(self._segments)
        end_us = self._evaluated_to_us if is_last else self._segments[self._end].begun_us
        kept = events_in(segment.chunks)
        before = list(map(restored, kept))
        late = [event for event in self._late if segment.begun_us <= event.time_us < end_us]
        merged = in_order([*before, *late])
        counted = without_duplicates(self._run, merged) if self._knows_ids else merged
        self.duplicates += len(before) + len(late) - len(counted)
        known = {id(event): one for event, one in zip(before, kept, strict=True)}
        self.placed.extend(event for event in counted if id(event) not in known)
        self._pass_parts(counted, [known.get(id(event)) or stored(event) for event in counted], end_us)

    def _pass_parts(self, events: Sequence[Event], kept: list[StoredEvent], end_us: int) -> None:
        """Walk events, and leave a mark after so many as weigh more than it does."""
        at, size = 0, MARKED_EVENTS
        while True:
            end = end_of_part(events, at, size)
            upto_us = events[end].time_us if end < len(events) else end_us
            self._run = pass_through(self._versions, self._run, events[at:end], upto_us)
            self.parts.append(Part(self._mark, kept[at:end], upto_us, len(self._run.outputs.decisions)))
            if end == len(events):
                return
            self._mark = mark_of(self._versions, self._run, upto_us, self._from_us)
            size *= 1 if _is_worth(self._mark, kept[at:end]) else 2
            at = end


def _is_worth(mark: Mark, events: Sequence[StoredEvent]) -> bool:
    """Whether a mark weighs no more than the events that it saves walking: where not, marks come further apart."""
    return len(mark.state) <= sum(len(one.properties) for one in events)


def _chunks_in(segments: Sequence[Segment]) -> list[Chunk]:
    return [chunk for segment in segments for chunk in segment.chunks]
