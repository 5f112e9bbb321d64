"""Timers of a contact: on one that fires, evaluate the contact as far as is allowed, and set when the next one fires.

Pure: value state and bag state in, both out (`cell` and `bag`, as Beam calls them). Called by every host
(`contact.store`). A timer is only an occasion: be it stale, early, repeated or out of order, what is due is computed
from the state.

    at - settle_delay = asked       how far the watermark lets us evaluate
    held                            how far we may: the clock, the rules we know, a freeze
    evaluated_to <= upto = min(asked, held)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

import msgspec

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.kernel import Advanced, State
from kittiwake.kernel.state.state import is_asleep, is_nothing, keeps_something
from kittiwake.rules.compile.accounts import Plan
from kittiwake.stream.contact.cell import CELL_BYTES_MAX, Cell, cell_of, decoded, new_cell, state_of
from kittiwake.stream.contact.feeds import NOTHING_KNOWN, learned
from kittiwake.stream.contact.lasting import Lasting, lasting
from kittiwake.stream.contact.outlook import outlook_of
from kittiwake.stream.contact.poison_events import Evaluated, Evaluation, EvaluationFailed, evaluate
from kittiwake.stream.contact.sealing import UnreadableError, unsealed
from kittiwake.stream.contact.timer_counts import TimerCounts
from kittiwake.stream.contact.timer_grid import (
    PACE_FROM,
    PACE_SHARE,
    REEVALUATE_EVERY_US,
    SKEW_US,
    TIMER_US,
    USUAL,
    TimerSettings,
    bucket_us,
    recheck_us,
    retry_us,
)
from kittiwake.stream.contact.traces import traceparent_of, traces_needed, traces_with
from kittiwake.stream.contact.watermark import END_TIMER_US
from kittiwake.stream.records import (
    SEED,
    BufferedEvent,
    DeadLetterRecord,
    DecisionRecord,
    InitialState,
    LateEventRecord,
    buffered_of,
    decision_record,
    header_of,
    subject_of,
)
from kittiwake.stream.rules_source.view import RulesView
from kittiwake.time.instants import BEFORE_ALL_US, END_OF_TIME_US


class TimerResult(NamedTuple):
    """What a firing asks the host to do. All of it, or nothing."""

    cell: bytes | None = None
    """The new value of `cell`; None with `writes_cell`: there is none any more."""
    writes_cell: bool = False
    """Whether `cell` has changed at all."""
    buffered: Sequence[bytes] | None = None
    """What `bag` holds from now on; None: it stays as it is."""
    own_timer_us: int | None = None
    """When the contact's one timer of its own is to fire; None: it stays as it was set."""
    bucket_timer_us: int | None = None
    """One more timer of a bucket, beside those of what is buffered; None: none."""
    decisions: tuple[DecisionRecord, ...] = ()
    late_events: tuple[LateEventRecord, ...] = ()
    dead_letters: tuple[DeadLetterRecord, ...] = ()
    counts: TimerCounts = TimerCounts()


class TimerFiring(NamedTuple):
    """A timer that fired: when it was set for, and what the host's clock says."""

    at_us: int
    clock_us: int


class Host(NamedTuple):
    """What every firing of a process goes by."""

    rules: RulesView
    timer_settings: TimerSettings = USUAL
    shape: InputShape = CANONICAL
    max_age_us: int | None = None
    """The intake refuses what is older: what has been forgotten for so long needs no trace. None: it keeps one."""
    reached_us: int = BEFORE_ALL_US
    """How far the watermark is known to have come, beside the firing (`watermark`)."""
    asks_for_end: bool = False
    """Whether a firing ahead of the clock sets a timer that shows whether it is."""


class _Work(NamedTuple):
    """One firing under way."""

    host: Host
    firing: TimerFiring
    contact_id: str
    plan: Plan
    cell: Cell | None
    evaluated_to_us: int
    asked_us: int
    held_us: int
    """How far the host may evaluate, whatever the watermark says."""
    upto_us: int


def _begin(host: Host, key: bytes, data: bytes | None, firing: TimerFiring) -> _Work:
    rules, cell = host.rules, cell_of(data)
    account_id, contact_id = subject_of(key)
    evaluated_to_us = BEFORE_ALL_US if cell is None else cell.evaluated_to_us
    asked_us = firing.at_us - host.timer_settings.settle_delay_us
    frozen_at_us = END_OF_TIME_US if rules.frozen_at_us is None else rules.frozen_at_us
    held_us = min(firing.clock_us, rules.until_us, frozen_at_us)
    upto_us = max(evaluated_to_us, min(asked_us, held_us))
    return _Work(host, firing, contact_id, rules.plan(account_id), cell, evaluated_to_us, asked_us, held_us, upto_us)


def on_timer(
    host: Host, key: bytes, data: bytes | None, bag: Callable[[], Iterable[bytes]], firing: TimerFiring
) -> TimerResult:
    """Evaluate a contact whose `cell` is `data`; `bag`, whose elements are sealed, is read only if it has to be.

    A contact of whom anything cannot be read keeps everything, for a release that can: nothing is decided of the rest.
    """
    asked_us = firing.at_us - host.timer_settings.settle_delay_us
    try:
        found = _evaluate_due(host, key, data, bag, firing)
    except UnreadableError as error:
        next_us = retry_us(firing.at_us, asked_us, BEFORE_ALL_US, firing.clock_us, host.reached_us)
        found = TimerResult(
            own_timer_us=next_us, counts=TimerCounts(failed=1, failure=f"{type(error).__name__}: {error}")
        )
    is_held = asked_us > firing.clock_us and found.own_timer_us is not None
    return _ahead_of_clock(host, found) if is_held else found


def _ahead_of_clock(host: Host, found: TimerResult) -> TimerResult:
    """What a firing ahead of the clock asks for. Where the watermark is at its end, its timer would fire at once."""
    if host.reached_us >= END_TIMER_US:
        return found._replace(own_timer_us=None)
    return found._replace(bucket_timer_us=END_TIMER_US) if host.asks_for_end else found


def _evaluate_due(
    host: Host, key: bytes, data: bytes | None, bag: Callable[[], Iterable[bytes]], firing: TimerFiring
) -> TimerResult:
    work = _begin(host, key, data, firing)
    if work.cell is not None and work.evaluated_to_us < work.asked_us < work.cell.paced_until_us:
        return TimerResult(counts=TimerCounts(idle=1))
    due, rest = _split_due(bag(), work.upto_us)
    if work.asked_us <= work.evaluated_to_us:
        return _wait_for_late_events(work, bool(due))
    if not due and _is_quiet(work, [time_us for time_us, _ in rest]):
        return _ask_again(work, [time_us for time_us, _ in rest])
    if _is_behind(work, due) or (not due and work.upto_us == work.evaluated_to_us):
        return _check_later(work, [time_us for time_us, _ in rest])
    if work.cell is None and not due and not rest:
        return TimerResult(counts=TimerCounts(idle=1))
    return _evaluate(work, due, rest)


def _is_behind(work: _Work, due: Sequence[BufferedEvent | InitialState]) -> bool:
    """Whether a host that knew more of the rules has evaluated the contact: then late events cannot be put in place."""
    seeded_us = [one.time_us for one in due if isinstance(one, InitialState)]
    return work.host.rules.until_us < max([work.evaluated_to_us, *seeded_us])


def _split_due(
    bag: Iterable[bytes], upto_us: int
) -> tuple[list[BufferedEvent | InitialState], list[tuple[int, bytes]]]:
    """What is due, and what is not yet, in order of its times. What stays buffered is not decoded."""
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
    """What is buffered, if it is due by now; else its time.

    Raises:
        UnreadableError: it is damaged, or of a later release.
    """
    data = unsealed(element)
    try:
        head = header_of(data)
        return buffered_of(data) if head.time_us < upto_us or head.tag == SEED else head.time_us
    except (msgspec.DecodeError, ValueError):
        raise UnreadableError("what waits for it is damaged") from None


def _wait_for_late_events(work: _Work, has_late: bool) -> TimerResult:
    """There is no time to evaluate. Late events are put in their place together, at the next timer bucket."""
    if not has_late:
        return TimerResult(counts=TimerCounts(idle=1))
    settings = work.host.timer_settings
    next_us = bucket_us(work.evaluated_to_us + settings.resolution_us, settings)
    return TimerResult(bucket_timer_us=next_us, counts=TimerCounts(idle=1))


def _is_quiet(work: _Work, rest_us: Sequence[int]) -> bool:
    """Whether nothing has become due by the rules that are known, so that the state need not be read.

    A version that is not known may have begun: it reaches such a contact within a day of when it can be read.
    """
    outlook = None if work.cell is None else work.cell.outlook
    if outlook is None or outlook.fingerprint != work.plan.fingerprint:
        return False
    if work.asked_us > work.firing.clock_us or work.asked_us >= min([outlook.due_us, *rest_us[:1]]):
        return False
    return work.asked_us < outlook.evaluate_us or work.upto_us == work.evaluated_to_us


def _ask_again(work: _Work, rest_us: Sequence[int]) -> TimerResult:
    """Ask again in a day whether the rules are the same."""
    assert work.cell is not None
    assert work.cell.outlook is not None
    due = [work.cell.outlook.due_us, work.asked_us + REEVALUATE_EVERY_US, *(time_us + 1 for time_us in rest_us[:1])]
    next_us = max(bucket_us(min(due), work.host.timer_settings), work.firing.at_us + TIMER_US)
    return TimerResult(own_timer_us=next_us, counts=TimerCounts(idle=1))


def _check_later(work: _Work, rest_us: Sequence[int]) -> TimerResult:
    """Nothing may be evaluated: check again later if something is due, or will have been by then."""
    return TimerResult(own_timer_us=_next_us(work, None, rest_us), counts=_count_hold(work))


def _evaluate(
    work: _Work, due: Sequence[BufferedEvent | InitialState], rest: Sequence[tuple[int, bytes]]
) -> TimerResult:
    seeds = [one for one in due if isinstance(one, InitialState)]
    arrivals = [one for one in due if isinstance(one, BufferedEvent)]
    state = decoded(seeds[0].state) if work.cell is None and seeds else state_of(work.cell, work.contact_id)
    if not due and work.upto_us < work.asked_us and is_nothing(state):
        return _check_later(work, [time_us for time_us, _ in rest])  # else its end, a maximum age away, begins anew
    known = NOTHING_KNOWN if work.cell is None else work.cell.feeds
    plan, arrivals, notices, known = learned(work.plan, known, arrivals, state)
    upto_us = max(work.upto_us, state.evaluated_to_us or BEFORE_ALL_US)
    given = Evaluation(plan, work.host.shape, state, arrivals, upto_us, notices)
    found = evaluate(given, work.firing.clock_us, work.host.rules)
    if isinstance(found, EvaluationFailed):
        return _retry_later(work, arrivals, found.why)
    traces = traces_with({} if work.cell is None else work.cell.traces, arrivals)
    rest_us = [time_us for time_us, _ in rest]
    paced_until_us = _paced_until_us(work, rest_us)
    step, buffered = found.step, [element for _, element in rest] if due else None
    kept = traces_needed(step.state, traces)
    outlook = None
    if _is_reevaluated(work, step.state):
        outlook = outlook_of(step, upto_us, work.plan.versions.horizon_us, work.plan.fingerprint)
    is_over = _is_over(work, state, arrivals, step.state)
    cell = None if is_over else new_cell(step.state, paced_until_us, kept, known, outlook)
    if cell is not None and len(cell) > CELL_BYTES_MAX:
        return _retry_later(work, arrivals, "CellTooLarge")
    is_paced = paced_until_us > work.asked_us
    next_us = (
        bucket_us(paced_until_us, work.host.timer_settings)
        if is_paced
        else _next_us(work, step, rest_us, is_over=cell is None)
    )
    return TimerResult(
        cell,
        True,
        buffered,
        next_us,
        None,
        tuple(decision_record(decision, traceparent_of(decision, traces)) for decision in step.decisions),
        found.late,
        found.dead,
        _count(work, state, arrivals, found, len(rest), cell),
    )


def _retry_later(work: _Work, arrivals: Sequence[BufferedEvent], why: str) -> TimerResult:
    """The state stays as it is; it is tried again, more and more rarely.

    How long a contact was quiet before says nothing of how long it has been failing, nor does that it was never seen.
    """
    first_us = min((one.time_us for one in arrivals), default=work.evaluated_to_us)
    failing_us = max(work.evaluated_to_us, first_us)
    next_us = retry_us(work.firing.at_us, work.asked_us, failing_us, work.firing.clock_us, work.host.reached_us)
    return TimerResult(own_timer_us=next_us, counts=TimerCounts(failed=1, failure=why))


def _is_over(work: _Work, before: State, arrivals: Sequence[BufferedEvent], after: State) -> bool:
    """Whether not even the time evaluated to is needed any more, by which late events of a known contact are known.

    A timer may fire for many reasons: it is over once the intake has refused for a while what lies before that time.
    What `after` keeps for corrections, if a version has just come into force, is nothing that has happened.
    """
    max_age_us = work.host.max_age_us
    if max_age_us is None or before.evaluated_to_us is None or arrivals:
        return False
    is_forgotten = is_nothing(before) and after.first_us is None and not keeps_something(after)
    return is_forgotten and work.upto_us - before.evaluated_to_us >= max_age_us + SKEW_US


# ---------------------------------------------------------------- the next timer


def _paced_until_us(work: _Work, rest_us: Sequence[int]) -> int:
    """The instant that the next firing evaluates to, where much is buffered; else one that holds nothing back."""
    if len(rest_us) < PACE_FROM:
        return work.upto_us
    return rest_us[len(rest_us) // PACE_SHARE] + 1


def _next_us(work: _Work, step: Advanced | None, rest_us: Sequence[int], *, is_over: bool = False) -> int | None:
    """When the contact's own timer is to fire: for the kernel, for what is held back, or for new rules.

    For what is buffered beyond `asked` as well: its timer may have fired while nothing could be evaluated, and this
    firing be that of an event that came later and lies before it.
    """
    at_us, settings = work.firing.at_us, work.host.timer_settings
    due = [] if step is None or step.next_timer_us is None else [step.next_timer_us]
    if work.asked_us > work.held_us and (
        step is None or min([*due, *rest_us[:1]], default=END_OF_TIME_US) <= work.asked_us
    ):
        return recheck_us(at_us, work.asked_us, work.held_us, work.firing.clock_us, work.host.reached_us)
    if is_over:
        due = []
    elif step is not None and is_nothing(step.state):
        due += [] if work.host.max_age_us is None else [work.upto_us + work.host.max_age_us + SKEW_US]
    elif step is not None and _is_reevaluated(work, step.state):
        due.append(work.upto_us + REEVALUATE_EVERY_US)
    due += [time_us + 1 for time_us in rest_us[:1]]
    return max(bucket_us(min(due), settings), at_us + TIMER_US) if due else None


def _is_reevaluated(work: _Work, state: State) -> bool:
    """Whether a version that nobody has published so far may decide something of the contact, though nothing is due."""
    return work.host.rules.until_us < END_OF_TIME_US and not is_asleep(state)


# ---------------------------------------------------------------- counts


def _count_hold(work: _Work) -> TimerCounts:
    return TimerCounts(held=1, ahead=int(work.asked_us > work.firing.clock_us))


def _count(
    work: _Work, state: State, arrivals: Sequence[BufferedEvent], found: Evaluated, waiting: int, cell: bytes | None
) -> TimerCounts:
    step = found.step
    ahead, is_held = work.asked_us > work.firing.clock_us, work.asked_us > work.held_us
    stays = lasting(step.state, step.next_timer_us)
    if arrivals and lasting(state, None) is not None:
        stays = None  # late events of one that was counted
    return TimerCounts(
        evaluated=1,
        held=int(is_held),
        ahead=int(ahead),
        duplicates=step.duplicates,
        conflicts=_conflicts(state, arrivals),
        corrected=step.corrected,
        forgotten=step.forgotten,
        horizon_cut=int(step.horizon_cut),
        ids_forgotten=step.ids_forgotten,
        repeats=step.repeats,
        repeats_forgotten=step.repeats_forgotten,
        silent=sum(number for one, number in step.silent.items() if not one.flooded),
        of_flood=sum(number for one, number in step.silent.items() if one.flooded),
        consents_kept=int(stays is Lasting.CONSENTS),
        profiles_kept=int(stays is Lasting.PROFILE),
        too_late=len(found.late),
        state_bytes=0 if cell is None else len(cell),
        waiting=waiting + len(arrivals),
        decisions=step.decisions,
    )


def _conflicts(state: State, arrivals: Sequence[BufferedEvent]) -> int:
    """Duplicates that say something else than what came with their id: another time, or in one firing other content."""
    came: dict[tuple[str, str], BufferedEvent] = {}
    found = 0
    for arrival in arrivals:
        before = came.setdefault((arrival.event_id, arrival.type), arrival)
        counted_us = state.counted.get(arrival.type, {}).get(arrival.event_id, before.time_us)
        found += counted_us != arrival.time_us or before.data != arrival.data
    return found
