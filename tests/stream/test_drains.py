"""A drain: the watermark goes to the end of time while the clock stays. It invents nothing, and it ends soon."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

from kittiwake.rules.versions import RuleSetHistory
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.contact.watermark import ASK_MAX_US, END_TIMER_US, Watermark
from kittiwake.stream.records import buffered_event_of
from kittiwake.stream.rules_source.view import RulesView, StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from kittiwake.values import parse_json
from tests.stream.fault_injecting_runner import Bundle, FaultInjectingRunner, Timer
from tests.stream.generated_cases import Streamed, decisions_in, differences, emitted_by_key, expected_by_key, streamed
from tests.stream.test_faults import END_OF_TIME_US, START_US, Host
from tests.stream.test_hosting import WAITS, Clock

CASES = [0, 1, *(pytest.param(number, marks=pytest.mark.nightly) for number in range(2, 20))]
FIRINGS = 3
"""Of a contact in a drain: its own timer, once more before its process knows, once more when it does."""


def drawn(seed: int, number: int) -> tuple[Streamed, TimerSettings, random.Random]:
    rng = random.Random(f"drains {seed} {number}")
    waits = rng.choice(WAITS)
    return streamed(f"drains {seed} {number}", 5, waits, horizon_us=800 * DAY_US), waits, rng


class Polled(NamedTuple):
    """Rules as a target gives them: known for a minute and a half beyond the clock, and perhaps frozen."""

    rules: StaticRules
    frozen: StaticRules
    freezes_us: int

    def view(self, clock_us: int) -> RulesView:
        rules = self.rules if clock_us < self.freezes_us else self.frozen
        return rules.view(clock_us)._replace(until_us=clock_us + 90 * SECOND_US)


def polled(case: Streamed, freezes_us: int) -> Polled:
    frozen = RuleSetHistory(case.history.versions, freezes_us)
    return Polled(StaticRules(case.history, case.horizon_us), StaticRules(frozen, case.horizon_us), freezes_us)


class Played(NamedTuple):
    """A job in the midst of its events, all of which so far are evaluated."""

    runner: FaultInjectingRunner
    clock: Clock


def played(case: Streamed, waits: TimerSettings, rng: random.Random, *, frozen: bool, lasting: bool = True) -> Played:
    times_us = sorted(buffered_event_of(data).time_us for _, data in case.arrivals)
    stop_us = rng.choice(times_us[2 * len(times_us) // 3 :])
    clock = Clock()
    rules = polled(case, stop_us + waits.settle_delay_us if frozen else END_OF_TIME_US)
    runner = FaultInjectingRunner(rules, waits, clock, lasting=lasting)
    given = [pair for pair in case.arrivals if buffered_event_of(pair[1]).time_us < stop_us]
    runner.run(Bundle(given))
    clock.at_us = stop_us + waits.settle_delay_us + (2 * MINUTE_US if frozen else 0)
    runner.watermark_us = clock.at_us // 1_000 * 1_000
    runner.rest()
    return Played(runner, clock)


def drain(runner: FaultInjectingRunner, rng: random.Random | None = None) -> None:
    """Fire all that is there, in rounds, until nothing is left; drawn: each round is one bundle, in any order."""
    runner.firings.clear()
    runner.watermark_us = END_OF_TIME_US
    if rng is None:
        runner.rest()
        return
    while due := runner.tasks():
        rng.shuffle(due)
        runner.run(Bundle(timers=due))


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("number", CASES)
def test_a_drain_fires_three_timers_of_a_contact_at_most(seed: int, number: int, frozen: bool) -> None:
    case, waits, rng = drawn(seed, number)
    runner, clock = played(case, waits, rng, frozen=frozen)
    contacts, before = len(runner.kept), len(runner.emitted)
    live = {timer.key for timer in runner.tasks(END_OF_TIME_US)}
    assert live
    drain(runner, rng if number % 2 else None)
    over = {key: fired for key, fired in runner.firings.items() if fired > FIRINGS}
    assert len(over) <= 1, f"seed {seed} {number} {waits}: more than the one that asks\n{over}"
    assert max(runner.firings.values()) <= FIRINGS + 1
    assert not runner.tasks(END_OF_TIME_US), "a drain ends when no timer is left"
    assert contacts == len(runner.kept)
    ahead = [row for one in runner.emitted[before:] if (row := parse_json(one.row)) and one.time_us > clock.at_us]
    assert not ahead, f"seed {seed} {number} {waits}: decided ahead of the clock\n{ahead}"


@pytest.mark.parametrize("number", CASES)
def test_a_drain_decides_what_is_due_by_the_clock_and_nothing_else(seed: int, number: int) -> None:
    case, waits, rng = drawn(seed, number)
    runner, clock = played(case, waits, rng, frozen=False)
    drain(runner, rng)
    came = [pair for pair in case.arrivals if pair in runner.given]
    due = expected_by_key(case._replace(arrivals=came, until_us=clock.at_us))
    assert decisions_in(due) > 0
    assert not (wrong := differences(due, emitted_by_key(runner.emitted))), f"seed {seed} {number} {waits}\n{wrong}"


def test_a_drain_of_processes_that_never_learn_of_it_ends_all_the_same(seed: int) -> None:
    case, waits, rng = drawn(seed, 0)
    runner, _ = played(case, waits, rng, frozen=False, lasting=False)
    drain(runner)
    assert FIRINGS < max(runner.firings.values()) < 60
    assert not runner.tasks(END_OF_TIME_US)


def test_a_timer_for_the_end_of_time_that_a_runner_fires_early_holds_nobody_back() -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US)
    host.pass_to(START_US + MINUTE_US)
    key = next(iter(host.runner.kept))
    host.runner.run(Bundle(timers=[Timer(key, "slot", "0", END_TIMER_US)]))
    host.give("e2", "cart.item_added", START_US + 2 * MINUTE_US, contact="c2")
    host.pass_to(START_US + 2 * HOUR_US)
    assert host.rows == [("fired", 0)] * 2


def test_a_watermark_that_is_always_ahead_delays_and_leaves_few_timers_for_the_end_of_time() -> None:
    """As of a publisher whose clock is three hours ahead: it is no drain, and everything is decided in the end."""
    host, ahead_us, contacts = Host(), 3 * HOUR_US, 40
    for number in range(contacts):
        host.give(f"e{number}", "cart.item_added", START_US + number * MINUTE_US, contact=f"c{number}")
    for quarter in range(60):
        clock_us = START_US + HOUR_US + quarter * 15 * MINUTE_US
        host.pass_to(clock_us + ahead_us, clock_us=clock_us)
    assert host.rows == [("fired", 0)] * contacts
    asking = [timer for timer in host.runner.tasks(END_OF_TIME_US) if timer.at_us == END_TIMER_US]
    assert 1 <= len(asking) < 20


def test_a_process_asks_more_and_more_rarely_and_no_more_once_it_knows() -> None:
    end, asked = Watermark(), 0
    for second in range(0, DAY_US, 5 * SECOND_US):
        if end.asks(second):
            end.note_asked(second)
            asked += 1
    assert DAY_US // ASK_MAX_US <= asked < 2 * DAY_US // ASK_MAX_US
    end.note_firing(START_US)
    assert end.reached_us == START_US
    end.note_firing(END_TIMER_US)
    assert end.reached_us == END_TIMER_US
    assert not end.asks(2 * DAY_US)
