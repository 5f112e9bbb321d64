"""Execution modes of the kernel: ways to run one history, all of which come to the same decisions and the same state.

What a stream does to a history (slices, timers, an inbox, state through bytes, repeated and disordered arrival)
against what a batch does (everything at once). Used by every conformance case and by the laws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import Advanced, advance
from kittiwake.kernel.late.checkpoint import compacted
from kittiwake.kernel.late.emitted import current_rows, events_of
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.run.sweep import sweep_plan_of
from kittiwake.kernel.state.codec import bare, decode, decoded, encode
from kittiwake.kernel.state.state import Since, State, StoredEvent, new_state
from kittiwake.model import Decision, Event

CONTACT = "c1"


class Settled(NamedTuple):
    """How a history ended."""

    decisions: tuple[Decision, ...]
    state: State


def settled(program: Program | Versions, decisions: Sequence[Decision], state: State) -> Settled:
    """The end of a history, its state in the one form that does not depend on the calls that led to it."""
    return Settled(tuple(decisions), compacted(program, state))


def opened(state: State) -> tuple[State, State | None, list[StoredEvent], dict[str, Decision]]:
    """A state and what its bytes hold, where the order of rules shows in the bytes."""
    since = state.since or Since()
    checkpoint = None if since.checkpoint is None else decoded(since.checkpoint)
    return bare(state), checkpoint, events_of(since), current_rows(since)


ExecutionMode = Callable[[Program | Versions, Sequence[Event], int], Settled]


def decided_in_every_mode(program: Program | Versions, events: Sequence[Event], until_us: int) -> list[Decision]:
    """The decisions, those still deferred last; every mode agrees on them and on the state."""
    wanted = at_once(program, events, until_us)
    for name, mode in EXECUTION_MODES.items():
        found = mode(program, events, until_us)
        assert shown(found.decisions) == shown(wanted.decisions), f"{name} decides otherwise"
        assert found.state == wanted.state, f"{name} ends in another state"
    ended = [*wanted.decisions, *unfinished(program, wanted.state)]
    versions = as_versions(program)
    sweep_plan = sweep_plan_of(versions.newest) if len(versions.programs) == 1 else None
    whole = decide_history(program, CONTACT, events, until_us, sweep_plan)
    assert sorted(map(str, whole.decisions)) == sorted(map(str, ended)), "a batch host decides otherwise"
    return ended


def shown(decisions: Sequence[Decision]) -> list[tuple[object, ...]]:
    """Decisions as rows that a failing test prints well."""
    return [tuple(getattr(one, field) for field in one.__struct_fields__) for one in decisions]


# ---------------------------------------------------------------- modes


def at_once(program: Program | Versions, events: Sequence[Event], until_us: int) -> Settled:
    """As a batch does."""
    advanced = advance(program, new_state(CONTACT), events, until_us)
    return settled(program, advanced.decisions, advanced.state)


def _traced(program: Program | Versions, events: Sequence[Event], until_us: int) -> Settled:
    advanced = advance(program, new_state(CONTACT), events, until_us, trace=True)
    return settled(program, advanced.decisions, advanced.state)


def _backwards_and_twice(program: Program | Versions, events: Sequence[Event], until_us: int) -> Settled:
    return at_once(program, [*reversed(events), *events], until_us)


def _just_in_time(program: Program | Versions, events: Sequence[Event], until_us: int) -> Settled:
    """Each instant's events with the call that settles them; the state through bytes in between."""
    stops = sorted({event.time_us + 1 for event in events if event.time_us + 1 < until_us})
    return sliced(program, events, [*stops, until_us])


def _just_before(program: Program | Versions, events: Sequence[Event], until_us: int) -> Settled:
    """Cuts exactly at the events' instants: what falls due then and what happens then in different calls."""
    stops = sorted({event.time_us for event in events if event.time_us < until_us})
    return sliced(program, events, [*stops, until_us])


def sliced(program: Program | Versions, events: Sequence[Event], stops_us: Sequence[int]) -> Settled:
    """Settled to each of the rising instants in turn, events given as late as may be."""
    state, decisions = new_state(CONTACT), list[Decision]()
    given: set[int] = set()
    for stop_us in stops_us:
        due = [i for i, event in enumerate(events) if i not in given and event.time_us < stop_us]
        given.update(due)
        advanced = advance(program, through_bytes(state), [events[i] for i in due], stop_us)
        assert not advanced.late
        state = advanced.state
        decisions.extend(advanced.decisions)
    return settled(program, decisions, state)


def _woken(program: Program | Versions, events: Sequence[Event], until_us: int) -> Settled:
    """All events early in the inbox, then advanced exactly to each wake, and never between."""
    before_us = min([until_us, *(event.time_us for event in events)]) - 1
    step = advance(program, new_state(CONTACT), events, before_us)
    decisions = [*step.decisions]
    evaluated_to_us = before_us
    while evaluated_to_us < until_us:
        wake_us = until_us if step.next_timer_us is None else step.next_timer_us
        assert wake_us > evaluated_to_us, "a wake in the past"
        step = _woken_once(program, step, min(wake_us, until_us))
        evaluated_to_us = min(wake_us, until_us)
        decisions.extend(step.decisions)
    return settled(program, decisions, step.state)


def _woken_once(program: Program | Versions, before: Advanced, upto_us: int) -> Advanced:
    """The next step; nothing is decided between what was settled and the wake that was asked for."""
    step = advance(program, through_bytes(before.state), [], upto_us)
    wake_us = before.next_timer_us
    missed = [one for one in step.decisions if wake_us is None or one.decided_us < wake_us - 1]
    assert not missed, f"no wake was asked for {shown(missed)}"
    return step


def _in_many_cuts(program: Program | Versions, events: Sequence[Event], until_us: int) -> Settled:
    """Cut at instants that have nothing to do with the events, thrice as many as there are events."""
    first_us = min([until_us, *(event.time_us for event in events)])
    dice = Random(len(events))
    cuts = {dice.randint(first_us - 1, until_us) for _ in range(3 * len(events))}
    return sliced(program, events, [*sorted(cuts), until_us])


def through_bytes(state: State) -> State:
    """The state after a round trip through its bytes."""
    found = decode(encode(state))
    assert isinstance(found, State), found
    assert found == state
    return found


EXECUTION_MODES: dict[str, ExecutionMode] = {
    "with a trace": _traced,
    "backwards and twice": _backwards_and_twice,
    "just in time": _just_in_time,
    "cut at the events": _just_before,
    "in many cuts": _in_many_cuts,
    "woken": _woken,
}
