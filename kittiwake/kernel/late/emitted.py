"""The emitted log: what was emitted of each id since the checkpoint, what a correction takes back, as which revision.

Pure. Rows are kept as bytes: only corrections decode them. Called by `advance` and the rest of `late`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from decimal import Decimal
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from kittiwake.event_types import parent_and_type
from kittiwake.kernel.plan.periods import PERIOD_SPAN_US
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import Chunk, EmittedDecision, Mark, PendingCorrection, Since, State, StoredEvent
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.values import canonical, exact, parse_json

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_emitted: Final = msgspec.msgpack.Decoder(list[EmittedDecision]).decode
_decode_events: Final = msgspec.msgpack.Decoder(list[StoredEvent]).decode

FIRED: Final = Outcome.FIRED
HOLDOUT: Final = Reason.HOLDOUT
DIGESTED: Final = Reason.DIGESTED

JOINED: Final = 32
"""So many small chunks become one: each event is written once more, and a contact of an event every ten seconds has
some fifty chunks an hour instead of hundreds."""


# ---------------------------------------------------------------- bytes


def chunk_of(
    events: list[StoredEvent], rows: Iterable[Decision], evaluated_to_us: int, mark: Mark | None = None
) -> Chunk:
    """What one `advance` evaluated and emitted."""
    newest_us = events[-1].time_us if events else evaluated_to_us
    return Chunk(newest_us, len(events), _encode(events), _encode([emitted_of(row) for row in rows]), mark)


def weight_of(chunk: Chunk) -> int:
    """What a chunk weighs; deciding without events weighs as one."""
    return max(1, chunk.count)


def joined(chunks: list[Chunk]) -> list[Chunk]:
    """The chunks, the newest in one where many are small: a state should not grow with the number of its timers."""
    at = len(chunks)
    while at > 0 and weight_of(chunks[at - 1]) < JOINED and chunks[at - 1].mark is None:
        at -= 1
    small = chunks[at:]
    if len(small) < JOINED:
        return chunks
    events = [event for chunk in small for event in _decode_events(chunk.events)]
    emitted = [row for chunk in small for row in _decode_emitted(chunk.emitted)]
    return [*chunks[:at], Chunk(small[-1].newest_us, len(events), _encode(events), _encode(emitted))]


def events_in(chunks: Iterable[Chunk]) -> list[StoredEvent]:
    """Every event of the chunks, in order."""
    return [event for chunk in chunks for event in _decode_events(chunk.events)]


def events_of(since: Since) -> list[StoredEvent]:
    """Every event evaluated since the checkpoint, in order."""
    return events_in(since.chunks)


def current_rows(since: Since) -> dict[str, Decision]:
    """By id, what was emitted since the checkpoint and not revoked."""
    return current_in(since.chunks)


def current_in(chunks: Iterable[Chunk]) -> dict[str, Decision]:
    """By id, what the chunks hold of what was emitted and not revoked."""
    rows = (row_of_emitted(emitted) for chunk in chunks for emitted in _decode_emitted(chunk.emitted))
    return {row.trigger_id: row for row in rows}


def size_of(kept: list[EmittedDecision] | list[PendingCorrection]) -> int:
    """Bytes of what is revoked or pending."""
    return len(_encode(kept)) if kept else 0


def emitted_of(row: Decision) -> EmittedDecision:
    """A row as a state keeps it."""
    threshold = None if row.threshold is None else canonical(row.threshold)
    return EmittedDecision(row if threshold is None else replace(row, threshold=None), threshold)


def row_of_emitted(emitted: EmittedDecision) -> Decision:
    """The row that a state keeps."""
    return (
        emitted.decision
        if emitted.threshold is None
        else replace(emitted.decision, threshold=parse_json(emitted.threshold))
    )


# ---------------------------------------------------------------- revisions


def revised(rows: Iterable[Decision], since: Since, versions: Versions, clock_us: int | None) -> list[Decision]:
    """Rows as they are emitted: what was revoked goes on under its next revision, and says what it replaces.

    `since` forgets what is revoked no longer, and corrections that are pending no longer.
    """
    rows = list(rows)
    if not rows or not (since.revoked or since.pending or clock_us is not None):
        return rows
    revoked = {emitted.decision.trigger_id: emitted for emitted in since.revoked}
    carried: dict[str, set[str]] = {}
    pending: dict[Thing, list[PendingCorrection]] = {}
    for one in since.pending:
        pending.setdefault((one.rule_id, one.key, one.opened_id, one.opened_type, one.reminder), []).append(one)
    found = [_as_emitted(row, revoked, pending, carried, versions, clock_us) for row in rows]
    since.revoked = list(revoked.values())
    since.pending = [one for several in pending.values() for one in several]
    return found


Thing: TypeAlias = tuple[str, str, str | None, str, int | None]
"""What a trigger is about: rule, instance, id and type of the event that opened it, reminder."""

Opened: TypeAlias = tuple[str | None, str]
"""Id and type of the event that opened something; without its type: what bears the id of an earlier release."""


def _as_emitted(
    row: Decision,
    revoked: dict[str, EmittedDecision],
    pending: dict[Thing, list[PendingCorrection]],
    carried: dict[str, set[str]],
    versions: Versions,
    clock_us: int | None,
) -> Decision:
    """`carried` has, by the id of a digest, what the instances replace that it lists: it comes behind them."""
    emitted = revoked.pop(row.trigger_id, None)
    mine = pending.pop((row.rule_id, row.instance, *_opened(row), row.reminder), []) if row.digest is None else []
    replaces = {name for one in mine for name in one.ids}
    if row.reason is DIGESTED and row.digest_id is not None:
        carried.setdefault(row.digest_id, set()).update(replaces)
        replaces = set()
    replaces |= carried.get(row.trigger_id, set()) | {*(emitted.decision.replaces if emitted else ())}
    replaces.discard(row.trigger_id)
    revision = emitted.decision.revision + 1 if emitted else row.revision
    stale = is_stale(row, versions, clock_us)
    if revision == row.revision and not replaces and not stale:
        return row
    return replace(row, revision=revision, replaces=tuple(sorted({*row.replaces, *replaces})), stale=stale)


def would_fire(row: Decision, versions: Versions) -> bool:
    """Whether a row fires, or would but for the holdout: such rows are compared with those that fired, field by field.

    A rule in shadow would not have fired anyway.
    """
    if row.decision is FIRED:
        return True
    return row.reason is HOLDOUT and versions.at(row.decided_us).is_live(row.rule_id)


def _opened(row: Decision) -> Opened:
    return (None, "") if row.events is None else (row.events.first, row.events.first_type)


def is_stale(row: Decision, versions: Versions, clock_us: int | None) -> bool:
    """Whether what fires, or would but for the holdout, was due too long ago, by the clock."""
    if clock_us is None or not would_fire(row, versions):
        return False
    expires_us = versions.at(row.decided_us).expires_us(row.rule_id)
    return clock_us - row.time_us >= expires_us


# ---------------------------------------------------------------- forgetting

DERIVED: Final = "*"
"""Stands for the type of whatever is derived from an event: no type has a star."""


def forget_final(versions: Versions, since: Since, checkpoint: State, events: Iterable[Event | StoredEvent]) -> None:
    """Forget what is revoked or pending and cannot come any more, now that the checkpoint has moved.

    It can come while the event that began it lies behind the checkpoint, or it is pending or deferred there; a
    threshold, by whatever event, as long as it is not used up; an edge by time and a digest, while their instant does.
    """
    if not since.revoked and not since.pending:
        return
    opening = {
        opened
        for event in events
        for opened in ((event.event_id, event.type), (event.event_id, ""), (f"{event.event_id}/{event.type}", DERIVED))
    }
    since.revoked = [emitted for emitted in since.revoked if _may_come_again(versions, emitted, checkpoint, opening)]
    since.pending = [
        pending
        for pending in since.pending
        if _is_live(checkpoint, pending.rule_id, pending.key, (pending.opened_id, pending.opened_type), opening)
    ]


def _may_come_again(
    versions: Versions, emitted: EmittedDecision, checkpoint: State, opening: Container[Opened]
) -> bool:
    row = emitted.decision
    assert checkpoint.evaluated_to_us is not None
    if row.events is None or row.digest is not None:
        return row.time_us >= checkpoint.evaluated_to_us
    if _is_live(checkpoint, row.rule_id, row.instance, _opened(row), opening):
        return True
    return emitted.threshold is not None and _may_be_crossed(versions, emitted, checkpoint)


def _may_be_crossed(versions: Versions, emitted: EmittedDecision, checkpoint: State) -> bool:
    """Whether a threshold can still be crossed under the id of a row."""
    now_us, row = checkpoint.evaluated_to_us, emitted.decision
    if now_us is None or checkpoint.first_us is None or not row.events or not row.events.first_type:
        return False
    rule = next((one for one in versions.at(now_us).rules if one.state_key == row.rule_id), None)
    if rule is None or rule.reaches is None or (rule.per and now_us // rule.keep_us != row.time_us // rule.keep_us):
        return False
    if max(rule.anew_us or row.time_us, checkpoint.ended_us or row.time_us) > row.time_us:
        return False
    if rule.reaches.period is not None:
        return now_us < row.time_us + PERIOD_SPAN_US[rule.reaches.period]
    return not _is_used(checkpoint, rule, emitted)


def _is_used(checkpoint: State, rule: RuleProgram, emitted: EmittedDecision) -> bool:
    """Whether the instance of a row has used up its threshold."""
    left = checkpoint.rules.get(rule.rule_id)
    one = None if left is None else left.instances.get(emitted.decision.instance)
    if one is None or one.reached is None or rule.reaches is None:
        return False
    return any(canonical(exact(Decimal(rule.reaches.at[at]))) == emitted.threshold for at in one.reached.used)


def _is_live(checkpoint: State, rule_id: str, key: str, opened: Opened, opening: Container[Opened]) -> bool:
    if opened[0] is not None and (opened in opening or (parent_and_type(opened[0], opened[1]), DERIVED) in opening):
        return True
    return any(opened == found for found in _opened_in(checkpoint, rule_id, key))


def _opened_in(state: State, rule_id: str, key: str) -> Iterator[Opened]:
    rule = state.rules.get(rule_id)
    one = None if rule is None else rule.instances.get(key)
    if one is not None and one.episode is not None:
        yield one.episode.opened_id, one.episode.opened_type
    if one is not None and one.held is not None:
        yield one.held.candidate.opened_id, one.held.candidate.opened_type
