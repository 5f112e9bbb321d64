"""What a host does when a timer of a contact fires: settle as far as it may, tell what came of it, when to come again.

Pure: cell and bag in, cell and bag out. Called by `transforms.stream.evaluate` and by the harnesses of the tests. A
timer is only a wake-up: be it stale, early, repeated or out of order, what is due is worked out from the cell and the
bag.

    at - settle_delay = asked     how far the watermark lets us settle
    held                          how far we may: the clock, the rules we know, a freeze
    settled <= upto = min(asked, held)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

import msgspec

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.kernel import Advanced
from kittiwake.kernel.state.state import State, is_asleep, is_nothing, keeps_ids
from kittiwake.model import Decision
from kittiwake.rules.compile.accounts import Plan
from kittiwake.stream.contact.cell import CELL_BYTES_MAX, Cell, cell_of, decoded, new_cell, state_of, traces_with
from kittiwake.stream.contact.poison_events import Failed, Given, Settled, settle
from kittiwake.stream.contact.sealing import UnreadableError, unsealed
from kittiwake.stream.contact.timer_counts import TimerCounts
from kittiwake.stream.contact.timer_grid import (
    LOOK_EVERY_US,
    PACE_FROM,
    PACE_SHARE,
    RECHECK_SHARE,
    RETRY_US,
    SKEW_US,
    TIMER_US,
    USUAL,
    TimerSettings,
    recheck_us,
    slot_us,
)
from kittiwake.stream.records import (
    SEED,
    BufferedEvent,
    DeadLetterRecord,
    DecisionRecord,
    InitialState,
    LateEventRecord,
    head_of,
    subject_of,
    told,
    waiting_of,
)
from kittiwake.stream.rules_source.view import RulesView
from kittiwake.time.instants import BEFORE_ALL_US, END_OF_TIME_US


class TimerResult(NamedTuple):
    """What a wake asks the host to do. All of it, or nothing."""

    cell: bytes | None = None
    """The new cell; None with `writes`: there is none any more."""
    writes: bool = False
    """Whether the cell has changed at all."""
    waits: Sequence[bytes] | None = None
    """What the bag holds from now on; None: it stays as it is."""
    wake_us: int | None = None
    """When the contact's one timer of its own is to fire; None: it stays as it was set."""
    look_us: int | None = None
    """One more wake, beside those of what waits."""
    told: tuple[DecisionRecord, ...] = ()
    late: tuple[LateEventRecord, ...] = ()
    dead: tuple[DeadLetterRecord, ...] = ()
    tally: TimerCounts = TimerCounts()


class TimerFiring(NamedTuple):
    """A timer that fired: when it was set for, and what the host's clock says."""

    at_us: int
    clock_us: int


class Host(NamedTuple):
    """What every wake of a process goes by."""

    known: RulesView
    waits: TimerSettings = USUAL
    shape: InputShape = CANONICAL
    max_age_us: int | None = None
    """The intake refuses what is older: what has been forgotten for so long needs no trace. None: it keeps one."""


class _Work(NamedTuple):
    """One wake under way."""

    host: Host
    alarm: TimerFiring
    contact_id: str
    plan: Plan
    cell: Cell | None
    evaluated_to_us: int
    asked_us: int
    held_us: int
    """How far the host may settle, whatever the watermark says."""
    upto_us: int


def _begun(host: Host, key: bytes, data: bytes | None, alarm: TimerFiring) -> _Work:
    known, cell = host.known, cell_of(data)
    account_id, contact_id = subject_of(key)
    evaluated_to_us = BEFORE_ALL_US if cell is None else cell.evaluated_to_us
    asked_us = alarm.at_us - host.waits.settle_delay_us
    frozen_at_us = END_OF_TIME_US if known.frozen_at_us is None else known.frozen_at_us
    held_us = min(alarm.clock_us, known.until_us, frozen_at_us)
    upto_us = max(evaluated_to_us, min(asked_us, held_us))
    return _Work(host, alarm, contact_id, known.plan(account_id), cell, evaluated_to_us, asked_us, held_us, upto_us)


def wake(
    host: Host, key: bytes, data: bytes | None, bag: Callable[[], Iterable[bytes]], alarm: TimerFiring
) -> TimerResult:
    """Settle a contact whose cell is `data`; the bag, whose elements are sealed, is read only if it has to be.

    A contact of whom anything cannot be read keeps everything, for somebody who can: nothing is decided of the rest.
    """
    try:
        return _woken(host, key, data, bag, alarm)
    except UnreadableError as error:
        asked_us = alarm.at_us - host.waits.settle_delay_us
        wake_us = recheck_us(alarm.at_us, asked_us, asked_us - RECHECK_SHARE * RETRY_US, alarm.clock_us)
        return TimerResult(wake_us=wake_us, tally=TimerCounts(failed=1, failure=f"{type(error).__name__}: {error}"))


def _woken(
    host: Host, key: bytes, data: bytes | None, bag: Callable[[], Iterable[bytes]], alarm: TimerFiring
) -> TimerResult:
    work = _begun(host, key, data, alarm)
    if work.cell is not None and work.evaluated_to_us < work.asked_us < work.cell.look_us:
        return TimerResult(tally=TimerCounts(idle=1))
    due, rest = _parted(bag(), work.upto_us)
    if work.asked_us <= work.evaluated_to_us:
        return _looked_late(work, bool(due))
    if _is_behind(work, due) or (not due and work.upto_us == work.evaluated_to_us):
        return _held(work, [time_us for time_us, _ in rest])
    if work.cell is None and not due and not rest:
        return TimerResult(tally=TimerCounts(idle=1))
    return _settled(work, due, rest)


def _is_behind(work: _Work, due: Sequence[BufferedEvent | InitialState]) -> bool:
    """Whether somebody who knew more of the rules has settled the contact: late events cannot be put in their place."""
    evaluated_to_us = [one.time_us for one in due if isinstance(one, InitialState)]
    return work.host.known.until_us < max([work.evaluated_to_us, *evaluated_to_us])


def _parted(bag: Iterable[bytes], upto_us: int) -> tuple[list[BufferedEvent | InitialState], list[tuple[int, bytes]]]:
    """What is to be settled, and in order what is not yet, with its times. What has to wait on is not decoded."""
    due: list[BufferedEvent | InitialState] = []
    rest: list[tuple[int, bytes]] = []
    for element in bag:
        found = _due_or_time(element, upto_us)
        if isinstance(found, int):
            rest.append((found, element))
        else:
            due.append(found)
    rest.sort(key=itemgetter(0))
    return due, rest


def _due_or_time(element: bytes, upto_us: int) -> BufferedEvent | InitialState | int:
    """What waits, if it is to be settled by now; else its time.

    Raises:
        UnreadableError: it is damaged, or of a later release.
    """
    data = unsealed(element)
    try:
        head = head_of(data)
        return waiting_of(data) if head.time_us < upto_us or head.tag == SEED else head.time_us
    except (msgspec.DecodeError, ValueError):
        raise UnreadableError("what waits for it is damaged") from None


def _looked_late(work: _Work, has_late: bool) -> TimerResult:
    """There is no time to settle. Late events are put in their place together, when the next slot has come."""
    if not has_late:
        return TimerResult(tally=TimerCounts(idle=1))
    next_us = slot_us(work.evaluated_to_us + work.host.waits.grid_us, work.host.waits)
    return TimerResult(look_us=next_us, tally=TimerCounts(idle=1))


def _held(work: _Work, rest_us: Sequence[int]) -> TimerResult:
    """Nothing may be settled: look again later if something is due, or will have been by then."""
    return TimerResult(wake_us=_next_us(work, None, rest_us), tally=_tally_of_hold(work))


def _settled(
    work: _Work, due: Sequence[BufferedEvent | InitialState], rest: Sequence[tuple[int, bytes]]
) -> TimerResult:
    seeds = [one for one in due if isinstance(one, InitialState)]
    arrivals = [one for one in due if isinstance(one, BufferedEvent)]
    state = decoded(seeds[0].state) if work.cell is None and seeds else state_of(work.cell, work.contact_id)
    given = Given(
        work.plan, work.host.shape, state, arrivals, max(work.upto_us, state.evaluated_to_us or BEFORE_ALL_US)
    )
    found = settle(given, work.alarm.clock_us, work.host.known)
    if isinstance(found, Failed):
        return _failed(work, arrivals, found.why)
    traces = traces_with({} if work.cell is None else work.cell.traces, arrivals)
    rest_us = [time_us for time_us, _ in rest]
    look_us = _paced_us(work, rest_us)
    step, waits = found.step, [element for _, element in rest] if due else None
    kept = _kept(step.state, traces)
    cell = None if _is_over(work, state, arrivals, step.state) else new_cell(step.state, look_us, kept)
    if cell is not None and len(cell) > CELL_BYTES_MAX:
        return _failed(work, arrivals, "CellTooLarge")
    wake_us = slot_us(look_us, work.host.waits) if look_us > work.asked_us else _next_us(work, step, rest_us)
    return TimerResult(
        cell,
        True,
        waits,
        wake_us,
        None,
        tuple(told(decision, _traceparent(decision, traces)) for decision in step.decisions),
        found.late,
        found.dead,
        _tally(work, state, arrivals, found, len(rest), cell),
    )


def _failed(work: _Work, arrivals: Sequence[BufferedEvent], why: str) -> TimerResult:
    """Cell and bag stay as they are; it is tried again, more and more rarely.

    How long a contact was quiet before says nothing of how long it has been failing, nor does that it was never seen.
    """
    first_us = min((one.time_us for one in arrivals), default=work.evaluated_to_us)
    since_us = max(work.evaluated_to_us, first_us, work.asked_us - RECHECK_SHARE * RETRY_US)
    wake_us = recheck_us(work.alarm.at_us, work.asked_us, since_us, work.alarm.clock_us)
    return TimerResult(wake_us=wake_us, tally=TimerCounts(failed=1, failure=why))


def _is_over(work: _Work, before: State, arrivals: Sequence[BufferedEvent], after: State) -> bool:
    """Whether not even the settled time is needed any more, by which late events of a contact once known are told.

    A wake may come for many reasons: it is over once the intake has refused for a while what lies before that time.
    """
    max_age_us = work.host.max_age_us
    if max_age_us is None or before.evaluated_to_us is None or arrivals:
        return False
    return is_nothing(before) and is_nothing(after) and work.upto_us - before.evaluated_to_us >= max_age_us + SKEW_US


# ---------------------------------------------------------------- when to come again


def _paced_us(work: _Work, rest_us: Sequence[int]) -> int:
    """The instant that the next wake settles to, where much waits; else one that holds nothing back."""
    if len(rest_us) < PACE_FROM:
        return work.upto_us
    return rest_us[len(rest_us) // PACE_SHARE] + 1


def _next_us(work: _Work, step: Advanced | None, rest_us: Sequence[int]) -> int | None:
    """When the contact's own timer is to fire: for the kernel, for what is held back, or to look at new rules.

    For what waits beyond `asked` as well: its own timer may have fired while nothing could be settled, and this wake
    be that of an event that came later and lies before it.
    """
    at_us, waits = work.alarm.at_us, work.host.waits
    due = [] if step is None or step.next_timer_us is None else [step.next_timer_us]
    if work.asked_us > work.held_us and (
        step is None or min([*due, *rest_us[:1]], default=END_OF_TIME_US) <= work.asked_us
    ):
        return recheck_us(at_us, work.asked_us, work.held_us, work.alarm.clock_us)
    if step is not None and is_nothing(step.state):
        due += [] if work.host.max_age_us is None else [work.upto_us + work.host.max_age_us + SKEW_US]
    elif step is not None and work.host.known.until_us < END_OF_TIME_US and not is_asleep(step.state):
        due.append(work.upto_us + LOOK_EVERY_US)
    due += [time_us + 1 for time_us in rest_us[:1]]
    return max(slot_us(min(due), waits), at_us + TIMER_US) if due else None


# ---------------------------------------------------------------- what is told beside


def _traceparent(decision: Decision, traces: dict[str, str]) -> str | None:
    ids = decision.events
    return None if ids is None or not traces else traces.get(ids.last) or traces.get(ids.first)


def _kept(state: State, traces: dict[str, str]) -> dict[str, str]:
    """Of who is gone, those that a trigger may need: of late events, and of what a forgotten contact waits for."""
    if not traces or state.first_us is not None or state.since or keeps_ids(state) or state.inbox:
        return traces
    instances = [one for rule in state.rules.values() for one in rule.instances.values()]
    waits = [one.episode for one in instances if one.episode is not None]
    ids = {event_id for episode in waits for event_id in (episode.opened_id, episode.last_id)}
    return {event_id: text for event_id, text in traces.items() if event_id in ids}


def _tally_of_hold(work: _Work) -> TimerCounts:
    return TimerCounts(held=1, ahead=int(work.asked_us > work.alarm.clock_us))


def _tally(
    work: _Work, state: State, arrivals: Sequence[BufferedEvent], found: Settled, waiting: int, cell: bytes | None
) -> TimerCounts:
    step = found.step
    ahead, is_held = work.asked_us > work.alarm.clock_us, work.asked_us > work.held_us
    return TimerCounts(
        settled=1,
        held=int(is_held),
        ahead=int(ahead),
        duplicates=step.duplicates,
        conflicts=_conflicts(state, arrivals),
        corrected=step.corrected,
        forgotten=step.forgotten,
        horizon_cut=int(step.horizon_cut),
        ids_forgotten=step.ids_forgotten,
        too_late=len(found.late),
        dead=len(found.dead),
        state_bytes=0 if cell is None else len(cell),
        waiting=waiting + len(arrivals),
        decisions=step.decisions,
    )


def _conflicts(state: State, arrivals: Sequence[BufferedEvent]) -> int:
    """Copies that say something else than what came with their id: another time, or in one wake other content."""
    came: dict[tuple[str, str], BufferedEvent] = {}
    found = 0
    for arrival in arrivals:
        before = came.setdefault((arrival.event_id, arrival.type), arrival)
        counted_us = state.counted.get(arrival.type, {}).get(arrival.event_id, before.time_us)
        found += counted_us != arrival.time_us or before.data != arrival.data
    return found
