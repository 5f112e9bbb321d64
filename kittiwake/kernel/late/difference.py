"""The difference a correction makes: rows that were emitted are compared with those that are decided now.

Pure. Called by `late.corrections`. What differs leaves as a revision, a revocation or a new row (semantics.md,
section 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec.structs import replace

from kittiwake.kernel.evaluate.digest import listed_in
from kittiwake.kernel.late.emitted import emitted_of, is_stale, revised, would_fire
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import Instance, PendingCorrection, Since, State
from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason
from kittiwake.values import canonical

FIRED: Final = Outcome.FIRED


def difference(
    versions: Versions,
    emitted: Mapping[str, Decision],
    decided: Sequence[Decision],
    front: State,
    since: Since,
    clock_us: int | None,
) -> tuple[list[Decision], list[Decision]]:
    """The rows that correct what was emitted, and all of `decided` as they stand then, in their order.

    `since` learns what is revoked, and what corrections are pending.
    """
    now = {row.trigger_id: row for row in decided}
    gone = [row for trigger_id, row in emitted.items() if trigger_id not in now]
    fires = {row.trigger_id for row in decided if would_fire(row, versions)}
    had_fired = {trigger_id for trigger_id, row in emitted.items() if would_fire(row, versions)}
    lost = [row for trigger_id, row in emitted.items() if trigger_id in now and trigger_id in had_fired - fires]
    taken_back = {name for row in (*gone, *lost) for name in (row.trigger_id, *row.replaces)}
    rows = [_revoked(row, front) for row in gone]
    fires_anew = (row for row in decided if row.trigger_id in fires and row.trigger_id not in emitted)
    instead = {subject for row in fires_anew for subject in _subjects(row)}
    since.pending.extend(
        pending
        for row in gone
        for subject in _subjects(row)
        if subject not in instead
        for pending in _pending(row, subject, front)
    )
    since.revoked.extend(emitted_of(row) for row in rows)
    new = {row.trigger_id: row for row in revised(_not_in(emitted, decided), since, versions, clock_us)}
    stands = []
    for row in decided:
        before = emitted.get(row.trigger_id)
        if before is None:
            row = _corrected(new[row.trigger_id], taken_back if row.trigger_id in fires else ())
            rows.append(row)
        elif not _are_alike(before, row) or (row.trigger_id in fires and row.decided_us != before.decided_us):
            # `stale` is said of what fires for the first time.
            first = row.trigger_id not in had_fired
            stale = is_stale(row, versions, clock_us) if first else before.stale and row.trigger_id in fires
            row = replace(row, revision=before.revision + 1, replaces=before.replaces, stale=stale)
            row = _corrected(row, taken_back if row.trigger_id in fires else ())
            rows.append(row)
        else:
            row = before
        stands.append(row)
    return rows, stands


def _not_in(emitted: Mapping[str, Decision], decided: Iterable[Decision]) -> Iterator[Decision]:
    return (row for row in decided if row.trigger_id not in emitted)


Subject: TypeAlias = tuple[str, str, int | None]
"""Rule, instance and reminder."""


def _subjects(row: Decision) -> list[Subject]:
    """Where a trigger of the same thing would come up; of a digest, of each that it lists."""
    if row.digest is None:
        return [(row.rule_id, row.instance, row.reminder)]
    return [(row.rule_id, canonical(one["instance"]), one["reminder"]) for one in listed_in(row)]


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
    assert front.evaluated_to_us is not None
    return replace(
        row,
        decision=Outcome.REVOKED,
        reason=Reason.LATE_EVENT,
        fired_at_us=None,
        decided_us=front.evaluated_to_us,
        revision=row.revision + 1,
        late=True,
        stale=False,
    )


def _corrected(row: Decision, taken_back: Iterable[str]) -> Decision:
    """A row as a correction emits it: instead of what it took back, if it fires or would but for the holdout."""
    replaces = {*row.replaces, *taken_back} - {row.trigger_id}
    return replace(row, replaces=tuple(sorted(replaces)), late=True)


# ---------------------------------------------------------------- what is still to come


def _pending(row: Decision, subject: Subject, front: State) -> Iterator[PendingCorrection]:
    """What is still pending or deferred in an instance of a revoked row, and may be the same thing once more."""
    rule_id, instance, reminder = subject
    rule = front.rules.get(rule_id)
    one = None if rule is None else rule.instances.get(instance)
    for opened in _still_to_come(one, reminder) if one is not None else ():
        yield PendingCorrection(rule_id, instance, reminder, [row.trigger_id, *row.replaces], *opened)


def _still_to_come(one: Instance, reminder: int | None) -> Iterator[tuple[str | None, str]]:
    """Id and type of the event that opened it."""
    if one.held is not None and one.held.candidate.reminder == reminder:
        yield one.held.candidate.opened_id, one.held.candidate.opened_type
    elif one.episode is not None:
        indices = [each.index if one.episode.numbered else None for each in one.episode.reminders]
        if reminder in indices:
            yield one.episode.opened_id, one.episode.opened_type
