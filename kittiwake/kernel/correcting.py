"""Late events inside the horizon: put in their place, everything since worked out again, and told what differs.

Pure. Called by `advance` before it lets time pass. No pattern kind has a special case here: the state at the
checkpoint is advanced anew, and two lists of rows are compared (docs/semantics.md, section 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from kittiwake.kernel.codec import bare, decoded, encoded
from kittiwake.kernel.copies import in_order, restored, stored, that_count
from kittiwake.kernel.ledger import chunk_of, events_of, is_stale, revised, standing_rows, told_of
from kittiwake.kernel.settling import pass_through, start
from kittiwake.kernel.state import Instance, Owed, Since, State
from kittiwake.kernel.versions import Versions
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome, Reason

FIRED: Final = Outcome.FIRED


class Corrected(NamedTuple):
    """What came of late events."""

    state: State
    """Settled to where it was before, with `since` and `from_us`."""
    rows: list[Decision]
    duplicates: int
    placed: list[Event]
    """The late events that were put in their place."""
    ids_forgotten: int = 0
    """As of `Advanced`."""


def correct(versions: Versions, state: State, late: Sequence[Event], clock_us: int | None) -> Corrected:
    """Put events inside the horizon in their places. `state` is left as it was, without its inbox."""
    settled_us, from_us, since = state.settled_us, state.from_us, state.since or Since()
    assert settled_us is not None
    assert from_us is not None
    before = [restored(kept) for kept in events_of(since)]
    merged = in_order([*before, *late])
    if not _new_in(merged, before):
        return Corrected(bare(state, since, from_us), [], len(late), [])
    checkpoint = since.checkpoint or encoded(replace(bare(state), settled_us=from_us))
    run = start(versions, decoded(checkpoint), from_us)
    counted = that_count(run, merged)
    duplicates = len(before) + len(late) - len(counted)
    run = pass_through(versions, run, counted, settled_us)
    front = run.freeze(settled_us, from_us)
    since = Since(checkpoint, [], list(since.revoked), list(since.owed))
    told = standing_rows(state.since or Since())
    rows, stands = _difference(versions, told, run.decisions, front, since, clock_us)
    since.chunks = [chunk_of(list(map(stored, counted)), stands, settled_us)]
    state = bare(front, since, from_us)
    return Corrected(state, rows, duplicates, _new_in(counted, before), run.ids_forgotten)


def _new_in(merged: Sequence[Event], before: Iterable[Event]) -> list[Event]:
    """The events that were not there before, or that another copy of the same place had to give way to."""
    known = set(map(id, before))
    return [event for event in merged if id(event) not in known]


# ---------------------------------------------------------------- what differs


def _difference(
    versions: Versions,
    told: Mapping[str, Decision],
    decided: Sequence[Decision],
    front: State,
    since: Since,
    clock_us: int | None,
) -> tuple[list[Decision], list[Decision]]:
    """The rows that correct what was told, and all rows that stand then; `since` learns what is revoked and owed."""
    now = {row.trigger_id: row for row in decided}
    gone = [row for trigger_id, row in told.items() if trigger_id not in now]
    lost = [row for trigger_id, row in told.items() if trigger_id in now and _lost(row, now[trigger_id])]
    taken_back = {name for row in (*gone, *lost) for name in (row.trigger_id, *row.replaces)}
    rows = [_revoked(row, front) for row in gone]
    instead = {_place(row) for row in decided if row.decision is FIRED and row.trigger_id not in told}
    since.owed.extend(owed for row in gone if _place(row) not in instead for owed in _owed(row, front))
    since.revoked.extend(told_of(row) for row in rows)
    new = {row.trigger_id: row for row in revised(_not_in(told, decided), since, versions, clock_us)}
    stands = []
    for row in decided:
        before = told.get(row.trigger_id)
        if before is None:
            row = _corrected(new[row.trigger_id], taken_back)
            rows.append(row)
        elif not _are_alike(before, row):
            row = _corrected(_told_again(row, before, versions, clock_us), taken_back)
            rows.append(row)
        else:
            row = before
        stands.append(row)
    return rows, stands


def _not_in(told: Mapping[str, Decision], decided: Iterable[Decision]) -> Iterator[Decision]:
    return (row for row in decided if row.trigger_id not in told)


def _place(row: Decision) -> tuple[str, str, int | None]:
    """Where a trigger of the same thing would come up."""
    return row.rule_id, row.instance, row.reminder


def _lost(before: Decision, now: Decision) -> bool:
    return before.decision is FIRED and now.decision is not FIRED


def _are_alike(before: Decision, now: Decision) -> bool:
    """Whether two rows of one id show the same facts; an earlier release did not keep the times of events."""
    events = now.events
    if events is not None and before.events is not None and before.events.last_us is None:
        kept = replace(before.events, first_us=events.first_us, last_us=events.last_us)
        before = replace(before, events=kept)
    return _facts(before) == _facts(now)


def _facts(row: Decision) -> Decision:
    """What a row shows of the facts: all that a batch over the same events would show."""
    return replace(row, revision=0, replaces=(), late=False, stale=False, decided_us=0)


def _revoked(row: Decision, front: State) -> Decision:
    assert front.settled_us is not None
    return replace(
        row,
        decision=Outcome.REVOKED,
        reason=Reason.LATE_EVENT,
        fired_at_us=None,
        decided_us=front.settled_us,
        revision=row.revision + 1,
        late=True,
        stale=False,
    )


def _told_again(row: Decision, before: Decision, versions: Versions, clock_us: int | None) -> Decision:
    """A row that is another than before; `stale` is said of what fires for the first time."""
    stale = before.stale if before.decision is FIRED else is_stale(row, versions, clock_us)
    stale = stale and row.decision is FIRED
    return replace(row, revision=before.revision + 1, replaces=before.replaces, stale=stale)


def _corrected(row: Decision, taken_back: set[str]) -> Decision:
    """A row as a correction tells it: what fires replaces what the correction took back."""
    replaces = {*row.replaces, *(taken_back if row.decision is FIRED else ())} - {row.trigger_id}
    return replace(row, replaces=tuple(sorted(replaces)), late=True)


# ---------------------------------------------------------------- what is still to come


def _owed(row: Decision, front: State) -> Iterator[Owed]:
    """What is still pending or deferred in the instance of a revoked row, and may be the same thing once more."""
    rule = front.rules.get(row.rule_id)
    one = None if rule is None else rule.instances.get(row.instance)
    for opened in _still_to_come(one, row.reminder) if one is not None else ():
        yield Owed(row.rule_id, row.instance, row.reminder, [row.trigger_id, *row.replaces], *opened)


def _still_to_come(one: Instance, reminder: int | None) -> Iterator[tuple[str | None, str]]:
    """Id and type of the event that opened it."""
    if one.held is not None and one.held.candidate.reminder == reminder:
        yield one.held.candidate.opened_id, one.held.candidate.opened_type
    elif one.episode is not None:
        indices = [each.index if one.episode.numbered else None for each in one.episode.reminders]
        if reminder in indices:
            yield one.episode.opened_id, one.episode.opened_type
