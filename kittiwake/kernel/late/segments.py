"""Segments: what is kept for corrections, cut so that a correction begins at the one it concerns and ends where it may.

Pure. Called by `late.reevaluation`. A segment begins at a state: at the checkpoint, or at a mark that an earlier
correction has left. A contact that is never corrected has one segment and no marks, so it pays nothing for them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from kittiwake.kernel.late.emitted import events_in
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.retention import freeze
from kittiwake.kernel.state.codec import bare, decoded, encoded, in_one_order
from kittiwake.kernel.state.state import Chunk, Mark, State, StoredEvent
from kittiwake.model import Event

MARKED_EVENTS: Final = 128
"""Events between two marks: walking them costs some milliseconds with a dozen rules, ten times what a mark costs."""


class Segment(NamedTuple):
    """Part of what was evaluated since the checkpoint."""

    begun_us: int
    """Its events are not older."""
    mark: Mark | None
    """The state it begins at; None: at the checkpoint."""
    chunks: Sequence[Chunk]


def segments_of(chunks: Sequence[Chunk], from_us: int) -> list[Segment]:
    """What is kept, from the checkpoint at `from_us` on; at least one segment."""
    starts = [0, *(at for at, chunk in enumerate(chunks) if at and chunk.mark is not None)]
    ends = [*starts[1:], len(chunks)]
    found = []
    for at, end in zip(starts, ends, strict=True):
        mark = chunks[at].mark if at else None
        found.append(Segment(from_us if mark is None else mark.at_us, mark, chunks[at:end]))
    return found


def concerned(segments: Sequence[Segment], time_us: int) -> int:
    """The index of the segment to which an event of that time belongs."""
    return bisect_right(segments, time_us, key=lambda segment: segment.begun_us) - 1


def events_at(chunks: Sequence[Chunk], time_us: int) -> list[StoredEvent]:
    """The events of one instant; an instant lies in one chunk."""
    at = bisect_left(chunks, time_us, key=lambda chunk: chunk.newest_us)
    while at < len(chunks) and not chunks[at].count:
        at += 1
    return [event for event in events_in(chunks[at : at + 1]) if event.time_us == time_us]


def end_of_part(events: Sequence[Event], at: int, size: int) -> int:
    """Where a part of about `size` events ends that begins at an index; no instant is cut in two.

    What would be less than half a part behind it belongs to it: else each correction would leave a part of an event.
    """
    end = min(at + size, len(events))
    if len(events) - end < size // 2:
        return len(events)
    while at < end < len(events) and events[end].time_us == events[end - 1].time_us:
        end += 1
    return end


def mark_of(versions: Versions, run: Execution, at_us: int, from_us: int) -> Mark:
    """The state of an execution that has come to `at_us`, and may go on."""
    state = freeze(run, at_us, from_us)
    data = encoded(_without_ids(state))
    pruned = freeze(Execution(versions.at(at_us), decoded(data)), at_us, at_us)
    return Mark(at_us, in_one_order(encoded(pruned)))


def _without_ids(state: State) -> State:
    found = bare(state)
    found.seen, found.counted = {}, {}
    return found
