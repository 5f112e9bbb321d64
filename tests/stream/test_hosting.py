"""The host decides what one call with all events decides, however the runner treats it. Seeds are printed."""

from __future__ import annotations

import random

import pytest

from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import buffered_event_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import DAY_US, SECOND_US
from tests.stream.fault_injecting_runner import Bundle, DiedError, FaultInjectingRunner, Timer
from tests.stream.generated_cases import (
    Streamed,
    decisions_in,
    differences,
    emitted_by_key,
    expected_by_key,
    streamed,
    without_duplicates,
)

CASES = 12
ACCOUNTS = 8
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
    rng = random.Random(f"hosting {seed} {number}")
    waits = rng.choice(WAITS)
    return streamed(f"hosting {seed} {number}", ACCOUNTS, waits, horizon_us=horizon_us), waits, rng


def play(
    case: Streamed, waits: TimerSettings, rng: random.Random, *, crashes: bool = False, early: bool = True
) -> FaultInjectingRunner:
    """Shuffled arrival, a watermark in steps, and a runner that is as adversarial as Beam may be."""
    clock = Clock()
    runner = FaultInjectingRunner(StaticRules(case.history, case.horizon_us), waits, clock, lasting=rng.random() < 0.5)
    waiting = [*case.arrivals, *rng.sample(case.arrivals, len(case.arrivals) // 10)]
    if rng.random() < 0.7:
        rng.shuffle(waiting)
    times_us = sorted(buffered_event_of(data).time_us for _, data in case.arrivals)
    stops_us = sorted(rng.choice(times_us) + rng.choice((-1, 0, 1, 17)) for _ in range(rng.randint(1, 9)))
    ghosts: list[Timer] = []
    last_us = case.until_us - 2 * waits.resolution_us  # what comes late is put in place when the next slot has come
    for stop_us in [*(each for each in stops_us if each < last_us - 60 * SECOND_US), last_us]:
        last = stop_us == last_us
        reached_us = stop_us + waits.settle_delay_us
        runner.watermark_us = max(runner.watermark_us, reached_us // 1_000 * 1_000)
        clock.at_us = max(clock.at_us, reached_us + rng.choice((0, 1, 40)) * SECOND_US)
        while waiting and (last or rng.random() < 0.8):
            taken = waiting[: rng.randint(1, 20)]
            waiting = waiting[len(taken) :]
            due = runner.tasks(clock.at_us if early and rng.random() < 0.1 and not last else None)
            timers = rng.sample(due, rng.randint(0, len(due)))
            timers += rng.sample(ghosts, min(len(ghosts), rng.choice((0, 0, 1, 3))))
            rng.shuffle(timers)
            ghosts += timers
            bundle = Bundle(taken, timers)
            if crashes:
                die_everywhere(runner, bundle, random.Random(runner.bundles))
            runner.run(bundle)
    runner.watermark_us = case.until_us + waits.settle_delay_us
    clock.at_us = max(clock.at_us, runner.watermark_us)
    runner.rest()
    return runner


def die_everywhere(runner: FaultInjectingRunner, bundle: Bundle, rng: random.Random) -> None:
    """Die before several steps of a bundle, chosen among all of them; each time nothing has happened."""
    before = str(runner.kept), len(runner.emitted)
    for _ in range(4):
        with pytest.raises(DiedError):
            runner.run(bundle, rng.randrange(runner.steps_of(bundle)))
        assert before == (str(runner.kept), len(runner.emitted))


@pytest.mark.parametrize("number", range(CASES))
def test_disorder_duplicates_and_adversarial_timers_change_no_decision(seed: int, number: int) -> None:
    case, waits, rng = drawn(seed, number)
    runner = play(case, waits, rng)
    assert not runner.late
    assert not runner.dead
    wanted = expected_by_key(case)
    assert decisions_in(wanted) > 0
    assert not (wrong := differences(wanted, emitted_by_key(runner.emitted))), f"seed {seed} {number} {waits}\n{wrong}"


@pytest.mark.parametrize("number", range(CASES))
def test_versions_come_into_force_at_their_instant(seed: int, number: int) -> None:
    rng = random.Random(f"versions {seed} {number}")
    waits = rng.choice(WAITS)
    case = streamed(f"versions {seed} {number}", ACCOUNTS, waits, versions=3, horizon_us=800 * DAY_US)
    runner = play(case, waits, rng)
    assert not runner.late
    wanted = expected_by_key(case)
    assert decisions_in(wanted) > 0
    assert not (wrong := differences(wanted, emitted_by_key(runner.emitted))), f"seed {seed} {number} {waits}\n{wrong}"


@pytest.mark.parametrize("number", range(CASES))
def test_what_came_too_late_leaves_whole_and_changes_nothing(seed: int, number: int) -> None:
    case, waits, rng = drawn(seed, number, horizon_us=None)
    case = without_duplicates(case)
    runner = play(case, waits, rng)
    wanted = expected_by_key(case, runner.late, runner.given)
    assert not (wrong := differences(wanted, emitted_by_key(runner.emitted))), f"seed {seed} {number} {waits}\n{wrong}"


@pytest.mark.parametrize("number", range(CASES))
def test_dying_between_any_two_steps_changes_no_row(seed: int, number: int) -> None:
    """The crash law: ids and revisions are those of a run that nobody disturbed, bundle by bundle."""
    case, waits, rng = drawn(seed, number)
    again = random.Random()
    again.setstate(rng.getstate())
    undisturbed = play(case, waits, rng)
    disturbed = play(case, waits, again, crashes=True)
    assert standing_of(disturbed) == standing_of(undisturbed)
    assert not (wrong := differences(expected_by_key(case), emitted_by_key(disturbed.emitted))), (
        f"seed {seed} {number}\n{wrong}"
    )


def standing_of(runner: FaultInjectingRunner) -> dict[str, int]:
    """The newest revision of every id."""
    found: dict[str, int] = {}
    for one in runner.emitted:
        found[one.trigger_id] = max(one.revision, found.get(one.trigger_id, 0))
    return found
