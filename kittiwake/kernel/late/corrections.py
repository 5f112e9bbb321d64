"""Corrections: late events inside the horizon are put in order, all since is evaluated again, differences are emitted.

Pure. Called by `advance` before it lets time pass. No construct has a special case here: a state from before the late
events is advanced anew, and two lists of rows are compared (semantics.md, section 10). It begins at the last mark
before them, and ends where the state is again what it was, so that it costs what has changed, not the horizon.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from kittiwake.kernel.late.deduplication import identity_of, in_order, restored
from kittiwake.kernel.late.difference import difference
from kittiwake.kernel.late.emitted import chunk_of, current_in
from kittiwake.kernel.late.reevaluation import Part, Reevaluation
from kittiwake.kernel.late.segments import events_at
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.codec import bare, encoded
from kittiwake.kernel.state.state import Chunk, Since, State
from kittiwake.model import Decision, Event, rest_of


class Corrected(NamedTuple):
    """What came of late events."""

    state: State
    """Evaluated to where it was before, with `since` and `from_us`."""
    rows: list[Decision]
    duplicates: int
    placed: list[Event]
    """The late events that count."""
    ids_forgotten: int = 0
    """As of `Advanced`."""


def correct(versions: Versions, state: State, late: Sequence[Event], clock_us: int | None) -> Corrected:
    """Evaluate again with events inside the horizon. `state` is left as it was, without its inbox."""
    from_us, since = state.from_us, state.since or Since()
    assert from_us is not None
    new = [event for event in in_order(late) if not _is_there(since.chunks, state, event)]
    duplicates = len(late) - len(new)
    if not new:
        return Corrected(bare(state, since, from_us), [], duplicates, [])
    checkpoint = since.checkpoint or encoded(replace(bare(state), evaluated_to_us=from_us))
    work = Reevaluation(versions, state, since.chunks, checkpoint, new)
    front = work.walk()
    emitted = current_in(work.replaced)
    since = Since(checkpoint, [], list(since.revoked), list(since.pending))
    rows, stands = difference(versions, emitted, work.decisions, front, since, clock_us)
    since.chunks = [*work.before, *_chunks_of(work.parts, stands), *work.after]
    if _size_of(since.chunks) > versions.newest.limits.correction_bytes:
        since.chunks = [replace(chunk, mark=None) for chunk in since.chunks]
    state = bare(front, since, from_us)
    return Corrected(state, rows, duplicates + work.duplicates, work.placed, work.ids_forgotten)


def _chunks_of(parts: Iterable[Part], stands: Sequence[Decision]) -> Iterator[Chunk]:
    """The parts as they are kept, each with the rows that were decided in it."""
    at = 0
    for part in parts:
        yield chunk_of(part.events, stands[at : part.decisions], part.upto_us, part.mark)
        at = part.decisions


def _size_of(chunks: Iterable[Chunk]) -> int:
    """Bytes of what is kept, marks included: they go first where it becomes too much."""
    return sum(len(one.events) + len(one.emitted) + (len(one.mark.state) if one.mark else 0) for one in chunks)


def _is_there(chunks: Sequence[Chunk], state: State, event: Event) -> bool:
    """Whether an event of that time, id and type is there already which counts before this one."""
    if state.counted.get(event.type, {}).get(event.event_id) != event.time_us:
        return False
    kept = (one for one in events_at(chunks, event.time_us) if (one.event_id, one.type) == identity_of(event))
    return any(rest_of(restored(one)) <= rest_of(event) for one in kept)
