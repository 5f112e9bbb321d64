"""When a contact is due next: the timers of a run say the same as all that is pending, deferred or looked back on.

Of every `advance` over the oracle's worlds, with late events and without, woken and not. `KITTIWAKE_ORACLE_WORLDS` is
how many worlds of each kind (default 16).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import pytest

from kittiwake.kernel import incremental
from kittiwake.kernel.items.join import of_contact
from kittiwake.kernel.late import checkpoint
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.timeline import next_timer_us
from kittiwake.kernel.run.timer_queue import timers_of
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Event
from tests.kernel.execution_modes import CONTACT
from tests.laws.arrivals import late_schedule
from tests.oracle.worlds import World, world
from tests.oracle.worlds_breaker import breaker_world
from tests.oracle.worlds_digest import digest_world_of_items, digest_world_of_versions
from tests.oracle.worlds_feeds import feeds_world
from tests.oracle.worlds_versions import VersionedWorld, retention_world, versioned_world
from tests.properties.versions import compiled, events_of

WORLDS = int(os.environ.get("KITTIWAKE_ORACLE_WORLDS", "16"))
KINDS: list[Callable[[int], World | VersionedWorld]] = [
    world,
    retention_world,
    versioned_world,
    digest_world_of_items,
    digest_world_of_versions,
    feeds_world,
    breaker_world,
]
WAKES_MAX = 12
"""After the last event: later ones are of what comes again and again."""


class Asked:
    """Compares what a run answers with the whole computation, whenever it is asked."""

    def __init__(self) -> None:
        self.of_stale = 0
        """How often the earliest timer was not true."""

    def __call__(self, run: Execution) -> int | None:
        timers = [*run.timers.heap]
        wanted = _earliest_us(run)
        assert run.next_due_us() == wanted
        assert run.timers.heap == timers, "asking changes nothing"
        self.of_stale += bool(timers) and timers[0][0] != wanted
        return next_timer_us(run)


def _earliest_us(run: Execution) -> int | None:
    """Of everything that falls due."""
    if run.newest_us is None:
        timers = timers_of(run.program.rules, run.rules, run.now_us, run.zone)
    else:
        timers = run.all_timers()
    return min((time_us for time_us, _, _ in timers), default=None)


@pytest.mark.parametrize("world_of", KINDS)
def test_the_timers_of_a_run_know_when_something_is_due_next(
    world_of: Callable[[int], World | VersionedWorld], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked()
    monkeypatch.setattr(incremental, "next_timer_us", asked)
    monkeypatch.setattr(checkpoint, "next_timer_us", asked)
    for seed in range(WORLDS):
        of = world_of(seed)
        versions = compiled(_versioned(of), stream=bool(seed % 2))
        events = of_contact(versions, events_of(_versioned(of)), CONTACT)
        if events:
            _pass(Random(seed), versions, events, of.until_us)
    assert asked.of_stale, "in none of them was a timer stale"


def _versioned(of: World | VersionedWorld) -> VersionedWorld:
    if isinstance(of, VersionedWorld):
        return of
    return VersionedWorld([(None, of.document)], of.events, of.until_us, of.allowed_lateness_us, of.limits)


def _pass(dice: Random, versions: Versions, events: list[Event], until_us: int) -> None:
    """Give the events, many of them late, and wake in between and afterwards, too early and too late as well."""
    state, wake_us = new_state(CONTACT), None
    for given, stop_us in late_schedule(dice, events, until_us, versions.horizon_us):
        state, wake_us = _step(versions, state, given, stop_us)
        if wake_us is not None and wake_us <= stop_us + versions.horizon_us // 2:
            state, wake_us = _step(versions, state, [], wake_us + dice.choice((-1, 0, 1)))
    for _ in range(WAKES_MAX):
        if wake_us is None:
            return
        state, wake_us = _step(versions, state, [], wake_us + dice.choice((-1, 0, 0, 1)))


def _step(versions: Versions, state: State, given: list[Event], upto_us: int) -> tuple[State, int | None]:
    advanced = incremental.advance(versions, state, given, upto_us)
    return advanced.state, advanced.next_timer_us
