"""Streams in which events come late, by as much as the horizon allows; and what a stream has said in the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome
from tests.kernel.execution_modes import CONTACT, through_bytes


class Streamed(NamedTuple):
    """What a stream told, in order, and its last state."""

    told: list[Decision]
    state: State
    duplicates: int
    corrected: int
    """Late events that were put in their place."""


Call = tuple[list[Event], int]
"""Events given, and how far to settle."""


def late_schedule(dice: Random, events: Sequence[Event], until_us: int, horizon_us: int) -> Iterator[Call]:
    """Calls of `advance` in which every event comes while it is inside the horizon, some of them twice."""
    times_us = [event.time_us for event in events]
    chosen = [dice.choice(times_us) + dice.choice((-1, 0, 1, 1, horizon_us)) for _ in range(dice.randint(2, 9))]
    stops_us = sorted({stop_us for stop_us in chosen if stop_us < until_us} | {until_us, until_us + horizon_us})
    calls: list[list[Event]] = [[] for _ in stops_us]
    for event in events:
        allowed = [i for i in range(len(stops_us)) if i == 0 or event.time_us >= stops_us[i - 1] - horizon_us]
        for _ in range(dice.choice((1, 1, 1, 2))):
            calls[dice.choice(allowed[-4:])].append(event)
    for given, stop_us in zip(calls, stops_us, strict=True):
        dice.shuffle(given)
        yield given, stop_us


def streamed(rules: Program | Versions, calls: Iterable[Call]) -> Streamed:
    """Settle call by call, the state through its bytes in between."""
    state, told, duplicates, corrected = new_state(CONTACT), list[Decision](), 0, 0
    for given, stop_us in calls:
        advanced = advance(rules, through_bytes(state), given, stop_us)
        assert not advanced.late, "inside the horizon nothing is too late"
        state = advanced.state
        told += advanced.decisions
        duplicates += advanced.duplicates
        corrected += advanced.corrected
    return Streamed(told, state, duplicates, corrected)


def newest(told: Iterable[Decision]) -> list[Decision]:
    """What stands in the end: the newest revision of each id, without those revoked."""
    found: dict[str, Decision] = {}
    for row in told:
        before = found.get(row.trigger_id)
        assert row.revision == (0 if before is None else before.revision + 1), "revisions count on"
        found[row.trigger_id] = row
    return [row for row in found.values() if row.decision is not Outcome.REVOKED]


def facts(rows: Iterable[Decision]) -> list[str]:
    """Rows without the fields in which a stream may differ from a batch, in one order."""
    plain = (replace(row, revision=0, replaces=(), late=False, stale=False, decided_us=0) for row in rows)
    return sorted(map(str, plain))


def whole(rules: Program | Versions, events: Sequence[Event], until_us: int) -> Streamed:
    """One call with everything."""
    versions = as_versions(rules)
    advanced = advance(versions, new_state(CONTACT), list(events), until_us)
    return Streamed([*advanced.decisions], advanced.state, advanced.duplicates, 0)


def ended(rules: Program | Versions, streamed_: Streamed) -> list[Decision]:
    """What stands, and what is deferred in the end."""
    return [*newest(streamed_.told), *unfinished(rules, streamed_.state)]
