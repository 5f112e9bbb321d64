"""The host decides what one call with all events decides, however the runner treats it. Seeds are printed."""

from __future__ import annotations

import os
import random

import pytest

from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import buffered_event_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import DAY_US, SECOND_US
from tests.stream.fault_injecting_runner import Bundle, DiedError, Machine, Timer
from tests.stream.generated_cases import (
    Streamed,
    decisions_in,
    differences,
    streamed,
    told_by_key,
    truth,
    without_copies,
)

WORLDS = int(os.environ.get("KITTIWAKE_STREAM_WORLDS", "12"))
CONTACTS = 8
WAITS = (
    TimerSettings(),
    TimerSettings(0, SECOND_US),
    TimerSettings(10 * SECOND_US, 60 * SECOND_US),
    TimerSettings(1_500_000, 1_000),
)


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at_us = 0

    def __call__(self) -> int:
        return self.at_us


def drawn(
    seed: int, number: int, horizon_us: int | None = 800 * DAY_US
) -> tuple[Streamed, TimerSettings, random.Random]:
    dice = random.Random(f"hosting {seed} {number}")
    waits = dice.choice(WAITS)
    return streamed(f"hosting {seed} {number}", CONTACTS, waits, horizon_us=horizon_us), waits, dice


def play(
    world: Streamed, waits: TimerSettings, dice: random.Random, *, crashes: bool = False, early: bool = True
) -> Machine:
    """Shuffled arrival, a watermark in steps, and a runner that is as unkind as Beam may be."""
    clock = Clock()
    machine = Machine(StaticRules(world.history, world.horizon_us), waits, clock, lasting=dice.random() < 0.5)
    waiting = [*world.arrivals, *dice.sample(world.arrivals, len(world.arrivals) // 10)]
    if dice.random() < 0.7:
        dice.shuffle(waiting)
    times_us = sorted(buffered_event_of(data).time_us for _, data in world.arrivals)
    stops_us = sorted(dice.choice(times_us) + dice.choice((-1, 0, 1, 17)) for _ in range(dice.randint(1, 9)))
    ghosts: list[Timer] = []
    last_us = world.until_us - 2 * waits.resolution_us  # what comes late is put in place when the next slot has come
    for stop_us in [*(each for each in stops_us if each < last_us - 60 * SECOND_US), last_us]:
        last = stop_us == last_us
        reached_us = stop_us + waits.settle_delay_us
        machine.watermark_us = max(machine.watermark_us, reached_us // 1_000 * 1_000)
        clock.at_us = max(clock.at_us, reached_us + dice.choice((0, 1, 40)) * SECOND_US)
        while waiting and (last or dice.random() < 0.8):
            taken = waiting[: dice.randint(1, 20)]
            waiting = waiting[len(taken) :]
            due = machine.tasks(clock.at_us if early and dice.random() < 0.1 and not last else None)
            timers = dice.sample(due, dice.randint(0, len(due)))
            timers += dice.sample(ghosts, min(len(ghosts), dice.choice((0, 0, 1, 3))))
            dice.shuffle(timers)
            ghosts += timers
            bundle = Bundle(taken, timers)
            if crashes:
                die_everywhere(machine, bundle, random.Random(machine.bundles))
            machine.run(bundle)
    machine.watermark_us = world.until_us + waits.settle_delay_us
    clock.at_us = max(clock.at_us, machine.watermark_us)
    machine.rest()
    return machine


def die_everywhere(machine: Machine, bundle: Bundle, dice: random.Random) -> None:
    """Die before several steps of a bundle, chosen among all of them; each time nothing has happened."""
    before = str(machine.kept), len(machine.told)
    for _ in range(4):
        with pytest.raises(DiedError):
            machine.run(bundle, dice.randrange(machine.steps_of(bundle)))
        assert before == (str(machine.kept), len(machine.told))


@pytest.mark.parametrize("number", range(WORLDS))
def test_disorder_copies_and_unkind_timers_change_no_decision(seed: int, number: int) -> None:
    world, waits, dice = drawn(seed, number)
    machine = play(world, waits, dice)
    assert not machine.late
    assert not machine.dead
    wanted = truth(world)
    assert decisions_in(wanted) > 0
    assert not (wrong := differences(wanted, told_by_key(machine.told))), f"seed {seed} {number} {waits}\n{wrong}"


@pytest.mark.parametrize("number", range(WORLDS))
def test_versions_come_into_force_at_their_instant(seed: int, number: int) -> None:
    dice = random.Random(f"versions {seed} {number}")
    waits = dice.choice(WAITS)
    world = streamed(f"versions {seed} {number}", CONTACTS, waits, versions=3, horizon_us=800 * DAY_US)
    machine = play(world, waits, dice)
    assert not machine.late
    wanted = truth(world)
    assert decisions_in(wanted) > 0
    assert not (wrong := differences(wanted, told_by_key(machine.told))), f"seed {seed} {number} {waits}\n{wrong}"


@pytest.mark.parametrize("number", range(WORLDS))
def test_what_came_too_late_leaves_whole_and_changes_nothing(seed: int, number: int) -> None:
    world, waits, dice = drawn(seed, number, horizon_us=None)
    world = without_copies(world)
    machine = play(world, waits, dice)
    wanted = truth(world, machine.late, machine.given)
    assert not (wrong := differences(wanted, told_by_key(machine.told))), f"seed {seed} {number} {waits}\n{wrong}"


@pytest.mark.parametrize("number", range(WORLDS))
def test_dying_between_any_two_steps_changes_no_row(seed: int, number: int) -> None:
    """The crash law: ids and revisions are those of a run that nobody disturbed, bundle by bundle."""
    world, waits, dice = drawn(seed, number)
    again = random.Random()
    again.setstate(dice.getstate())
    undisturbed = play(world, waits, dice)
    disturbed = play(world, waits, again, crashes=True)
    assert standing_of(disturbed) == standing_of(undisturbed)
    assert not (wrong := differences(truth(world), told_by_key(disturbed.told))), f"seed {seed} {number}\n{wrong}"


def standing_of(machine: Machine) -> dict[str, int]:
    """The newest revision of every id."""
    found: dict[str, int] = {}
    for one in machine.told:
        found[one.trigger_id] = max(one.revision, found.get(one.trigger_id, 0))
    return found
