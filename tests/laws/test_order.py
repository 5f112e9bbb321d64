"""Decisions depend on the set of a contact's events: not on arrival, slices, wakes, bytes in between or a trace."""

from __future__ import annotations

from random import Random

import pytest

from kittiwake.kernel.incremental import Advanced, advance
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Decision, Event
from tests.kernel.execution_modes import CONTACT, EXECUTION_MODES, Settled, at_once, settled, shown, through_bytes
from tests.laws.programs import START_US, WORLDS, World, dice_of, end_us, history

ROUNDS = 12


@pytest.fixture(params=WORLDS, ids=str)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def same(found: Settled, wanted: Settled) -> None:
    """Equal decisions, in their order, and equal states."""
    assert shown(found.decisions) == shown(wanted.decisions)
    assert found.state == wanted.state


def histories(name: str, world: World, seed: int) -> list[tuple[list[Event], int, Random]]:
    """Random histories, each with its end and dice for what else is to be drawn."""
    dice = dice_of(f"{name} {world.rules}", seed)
    drawn = [history(dice, world, dice.randint(1, 24)) for _ in range(ROUNDS)]
    return [(events, end_us(events, world), dice) for events in drawn]


def test_every_way_of_settling_a_history_decides_the_same(world: World, seed: int) -> None:
    rules = world.program()
    for events, until_us, _ in histories("ways", world, seed):
        wanted = at_once(rules, events, until_us)
        for name, way in EXECUTION_MODES.items():
            print(name)
            same(way(rules, events, until_us), wanted)


def test_events_may_come_in_any_order_and_any_number_of_times(world: World, seed: int) -> None:
    rules = world.program()
    for events, until_us, dice in histories("order", world, seed):
        wanted = at_once(rules, events, until_us)
        given = [*events, *dice.choices(events, k=len(events))]
        dice.shuffle(given)
        same(at_once(rules, given, until_us), wanted)


def test_time_may_be_sliced_anywhere_with_events_early_or_just_in_time(world: World, seed: int) -> None:
    rules = world.program()
    for events, until_us, dice in histories("slices", world, seed):
        same(_sliced(rules, events, until_us, dice), at_once(rules, events, until_us))


def _sliced(rules: Program, events: list[Event], until_us: int, dice: Random) -> Settled:
    """Random slices; each event in a random call up to the last in which it is not late, some several times."""
    times = [event.time_us for event in events]
    cuts = [dice.choice(times) + dice.choice((-1, 0, 0, 1)) for _ in range(dice.randint(0, 9))]
    cuts = sorted([*cuts, dice.randint(START_US, until_us), until_us])
    calls: list[list[Event]] = [[] for _ in cuts]
    for event in events:
        last = next(i for i, cut_us in enumerate(cuts) if cut_us > event.time_us)
        for _ in range(dice.choice((1, 1, 1, 2))):
            calls[dice.randint(0, last)].append(event)
    state, decisions = new_state(CONTACT), list[Decision]()
    for cut_us, given in zip(cuts, calls, strict=True):
        dice.shuffle(given)
        advanced = advance(rules, through_bytes(state), given, cut_us, trace=dice.random() < 0.3)
        assert not advanced.late
        state = advanced.state
        decisions += advanced.decisions
    return settled(rules, decisions, state)


def test_stale_and_early_wakes_and_late_events_change_nothing(world: World, seed: int) -> None:
    rules = world.program()
    for events, until_us, dice in histories("stale", world, seed):
        state, decisions = new_state(CONTACT), list[Decision]()
        stops = sorted({event.time_us + 1 for event in dice.choices(events, k=3)})
        for stop_us in [*stops, until_us]:
            evaluated_to_us = state.evaluated_to_us or START_US - 2
            advanced = advance(rules, state, [e for e in events if evaluated_to_us <= e.time_us < stop_us], stop_us)
            decisions += advanced.decisions
            state = _disturbed(rules, events, advanced, dice)
        same(settled(rules, decisions, state), at_once(rules, events, until_us))


def _disturbed(rules: Program, events: list[Event], before: Advanced, dice: Random) -> State:
    """The state after wakes that are stale or too early, and after events that come too late."""
    evaluated_to_us = before.state.evaluated_to_us or 0
    ahead_us = min([e.time_us for e in events if e.time_us >= evaluated_to_us], default=evaluated_to_us)
    early_us = (evaluated_to_us + min(ahead_us, before.next_timer_us or ahead_us)) // 2
    late = [event for event in events if event.time_us < evaluated_to_us]
    state = before.state
    for again_us in dice.sample(
        [START_US - 9, evaluated_to_us - 1, evaluated_to_us, max(early_us, evaluated_to_us)], k=3
    ):
        advanced = advance(rules, state, dice.sample(late, min(2, len(late))), again_us)
        assert advanced.decisions == ()
        state = advanced.state
    return state


def test_the_state_given_and_the_events_given_are_left_as_they_were(world: World, seed: int) -> None:
    rules = world.program()
    for events, until_us, dice in histories("given", world, seed):
        middle_us = dice.choice(events).time_us
        early = [e for e in events if e.time_us < middle_us] + [e for e in events if e.time_us >= middle_us][:3]
        state = advance(rules, new_state(CONTACT), early, middle_us).state
        copy, written = through_bytes(state), repr(events)
        first = advance(rules, state, events, until_us)
        assert state == copy
        assert repr(events) == written
        second = advance(rules, state, events, until_us)
        assert (first.decisions, first.state) == (second.decisions, second.state)


def test_conflicting_copies_of_one_time_decide_the_same_in_any_order(world: World, seed: int) -> None:
    rules = world.program()
    for events, until_us, dice in histories("conflicts", world, seed):
        copies = [Event(e.time_us, e.event_id, dice.choice("abc"), {"p": dice.randint(1, 3)}) for e in events]
        given = events + copies
        wanted = at_once(rules, given, until_us)
        dice.shuffle(given)
        same(at_once(rules, given, until_us), wanted)
        same(EXECUTION_MODES["woken"](rules, given, until_us), wanted)
