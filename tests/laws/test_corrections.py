"""Late inside the horizon is as good as in time: what stands in the end is what a batch decides, the state too."""

from __future__ import annotations

from random import Random

import pytest

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.late.checkpoint import compacted
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.reasons import Outcome
from tests.kernel.execution_modes import CONTACT, opened
from tests.laws.arrivals import ended, facts, late_schedule, newest, streamed, whole
from tests.laws.programs import WORLDS, World, dice_of, end_us, history
from tests.oracle.worlds_versions import versioned_world
from tests.properties.versions import compiled, events_of

ROUNDS = 12
HORIZONS = (1, 2, 8)
"""In units of a world."""
CHUNK = 50
SEEDS = range(0, 300, CHUNK)


@pytest.fixture(params=WORLDS, ids=str)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def cases(name: str, world: World, seed: int) -> list[tuple[Program, list[Event], int, Random]]:
    dice = dice_of(f"{name} {world.rules}", seed)
    found = []
    for _ in range(ROUNDS):
        events = history(dice, world, dice.randint(1, 30))
        rules = world.program(dice.choice(HORIZONS) * world.unit_us)
        found.append((rules, events, end_us(events, world), dice))
    return found


def test_what_stands_in_the_end_is_what_a_batch_decides(world: World, seed: int) -> None:
    corrections = 0
    for rules, events, until_us, dice in cases("corrections", world, seed):
        horizon_us = rules.allowed_lateness_us
        found = streamed(rules, late_schedule(dice, events, until_us, horizon_us))
        wanted = whole(rules, events, until_us + horizon_us)
        assert facts(ended(rules, found)) == facts(ended(rules, wanted))
        assert opened_in_the_end(rules, found.state) == opened_in_the_end(rules, wanted.state)
        corrections += found.corrected
    assert corrections, "nothing was ever corrected"


def opened_in_the_end(rules: Program, state: object) -> object:
    """The compacted state without what was told, of which revisions may differ."""
    core, checkpoint, events, _ = opened(compacted(rules, state))
    return core, checkpoint, events


@pytest.mark.parametrize("stream", [False, True], ids=["whole history", "stream"])
@pytest.mark.parametrize("first", SEEDS)
def test_under_random_rules_that_change_too(first: int, *, stream: bool) -> None:
    for number in range(first, first + CHUNK):
        of, dice = versioned_world(number), Random(number)
        versions, events = compiled(of, stream=stream), events_of(of)
        end = of.until_us + of.allowed_lateness_us
        found = streamed(versions, late_schedule(dice, events, of.until_us, of.allowed_lateness_us))
        wanted = whole(versions, events, end)
        assert facts(ended(versions, found)) == facts(ended(versions, wanted)), f"world {number}"


def test_a_copy_inside_the_horizon_changes_nothing(world: World, seed: int) -> None:
    for rules, events, until_us, _ in cases("copies", world, seed):
        before = whole(rules, events, until_us)
        edge_us = until_us - rules.allowed_lateness_us
        again = [event for event in events if event.time_us >= edge_us]
        after = advance(rules, before.state, again, until_us)
        assert after.decisions == ()
        assert opened(compacted(rules, after.state)) == opened(compacted(rules, before.state))


def test_a_late_event_beyond_the_horizon_comes_out_whole_and_changes_nothing(world: World, seed: int) -> None:
    for rules, events, until_us, _ in cases("beyond", world, seed):
        before = whole(rules, events, until_us)
        late = Event(until_us - rules.allowed_lateness_us - 1, "beyond", "a", {"p": 1, "n": 5})
        after = advance(rules, before.state, [late], until_us)
        assert after.late == (late,)
        assert after.decisions == ()
        assert opened(compacted(rules, after.state)) == opened(compacted(rules, before.state))


def test_what_a_sender_leaves_out_it_has_delivered_under_another_id(world: World, seed: int) -> None:
    for rules, events, until_us, dice in cases("sender", world, seed):
        found = streamed(rules, late_schedule(dice, events, until_us, rules.allowed_lateness_us))
        fired = [row for row in found.told if row.decision is Outcome.FIRED]
        delivered: set[str] = set()
        for row in fired:
            if row.trigger_id not in delivered and not delivered & {*row.replaces}:
                delivered.add(row.trigger_id)
        revoked = {row.trigger_id for row in found.told if row.late and row.decision is not Outcome.FIRED}
        for row in (row for row in newest(found.told) if row.decision is Outcome.FIRED):
            assert row.trigger_id in delivered or delivered & {*row.replaces} & revoked


def test_an_empty_call_is_no_call(world: World, seed: int) -> None:
    for rules, events, until_us, _ in cases("empty", world, seed):
        before = whole(rules, events, until_us).state
        after = advance(rules, before, [], until_us)
        assert after.decisions == ()
        assert opened(compacted(rules, after.state)) == opened(compacted(rules, before))
        assert advance(rules, new_state(CONTACT), [], until_us).decisions == ()
