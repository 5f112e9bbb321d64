"""What holds of every decision: in time, once, under an id of its own, and asked for by a wake."""

from __future__ import annotations

import pytest

from kittiwake.event_types import ENDINGS
from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.reasons import Kind, Outcome, Reason
from tests.kernel.execution_modes import CONTACT, shown
from tests.laws.programs import WORLDS, World, dice_of, end_us, history

ROUNDS = 25


@pytest.fixture(params=WORLDS, ids=str)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def settled(world: World, seed: int) -> list[tuple[list[Event], tuple[Decision, ...], list[Decision]]]:
    """Histories, the decisions of each, and the same with what is deferred at the end."""
    dice, found, rules = dice_of(world.rules, seed), [], world.program()
    for _ in range(ROUNDS):
        events = history(dice, world, dice.randint(1, 30))
        advanced = advance(rules, new_state(CONTACT), events, end_us(events, world))
        ended = [*advanced.decisions, *unfinished(rules, advanced.state)]
        found.append((events, advanced.decisions, ended))
    assert any(ended for _, _, ended in found), "nothing is decided in any of these histories"
    return found


def test_nothing_fires_before_its_time(world: World, seed: int) -> None:
    for events, _, ended in settled(world, seed):
        times = {event.event_id: event.time_us for event in reversed(events)}
        for one in ended:
            too_long = one.decision is Outcome.SUPPRESSED and one.reason is Reason.LIMIT
            assert one.decided_us >= one.time_us or too_long
            assert one.fired_at_us == (one.decided_us if one.decision is Outcome.FIRED else None)
            if one.events is not None:
                assert one.time_us >= times[one.events.first]
                assert one.decided_us >= times[one.events.last]


def test_decisions_come_in_the_order_of_time(world: World, seed: int) -> None:
    for _, decisions, _ in settled(world, seed):
        times = [one.decided_us for one in decisions]
        assert times == sorted(times)


def test_an_id_is_decided_once(world: World, seed: int) -> None:
    for _, _, ended in settled(world, seed):
        ids = [one.trigger_id for one in ended]
        assert len(set(ids)) == len(ids), shown(ended)


def test_a_reason_stands_exactly_where_nothing_fired(world: World, seed: int) -> None:
    for _, _, ended in settled(world, seed):
        assert all((one.reason is None) == (one.decision is Outcome.FIRED) for one in ended)
        assert all((one.reason is Reason.QUIET_HOURS) == (one.decision is Outcome.DEFERRED) for one in ended)
        assert all(one.kind is not Kind.EXITED or one.reason is not Reason.REENTRY for one in ended)


def test_exits_and_entries_that_fire_take_turns(world: World, seed: int) -> None:
    for events, decisions, _ in settled(world, seed):
        if any(event.type in ENDINGS for event in events):
            continue
        for rule_id in {one.rule_id for one in decisions if one.kind is not Kind.FIRED}:
            kinds = [one.kind for one in decisions if one.rule_id == rule_id and one.decision is Outcome.FIRED]
            assert all(kind is Kind.ENTERED for kind in kinds[::2]) or Kind.EXITED not in kinds
            assert all(kind is Kind.EXITED for kind in kinds[1::2]) or Kind.EXITED not in kinds


def test_there_is_no_decision_between_the_settled_time_and_the_wake(world: World, seed: int) -> None:
    dice, rules = dice_of(f"wakes {world.rules}", seed), world.program()
    for _ in range(ROUNDS):
        events = history(dice, world, dice.randint(1, 20))
        stop_us = dice.choice(events).time_us + dice.choice((0, 1, world.unit_us))
        advanced = advance(rules, new_state(CONTACT), events, stop_us)
        wake_us = advanced.next_timer_us
        assert wake_us is None or wake_us > stop_us
        before_us = end_us(events, world) + 400 * world.unit_us if wake_us is None else wake_us - 1
        later = advance(rules, advanced.state, [], before_us)
        assert [one for one in later.decisions if wake_us is None or one.decided_us < wake_us - 1] == []
        if wake_us is not None:
            assert later.next_timer_us is None or later.next_timer_us >= wake_us
