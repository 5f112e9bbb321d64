"""Holds, freezes and seeds, drawn: they delay, and change nothing of what is decided in the end. Seeds are printed."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from kittiwake.input.events import parse_event
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.codec import encode as encode_state
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_row
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import SEED, InitialState, buffered_event_of, encode, header_of, key_of, subject_of
from kittiwake.stream.rules_source.view import RulesView, StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from kittiwake.values import parse_json
from tests.stream.fault_injecting_runner import Bundle, FaultInjectingRunner, Timer
from tests.stream.generated_cases import (
    FAR_US,
    Row,
    Streamed,
    decisions_in,
    differences,
    emitted_by_key,
    expected_by_key,
    standing,
)
from tests.stream.test_faults import START_US, Host
from tests.stream.test_hosting import CASES, Clock, drawn
from tests.stream.test_quiet_contacts import KEY, Published

LOOKED_AT_US = 2 * HOUR_US
"""After a hold that has ended, every contact has been looked at again by then."""
FIRINGS_HELD = 24
"""Of a contact in a day in which it is held back: once an hour it is asked again."""
FIRINGS_FIRST = 48
"""On the first day, and of events that wait for it: more often in the hours in which the hold begins."""


class Held:
    """Rules that reach as far as is said, and may be frozen."""

    def __init__(self, history: RuleSetHistory, horizon_us: int) -> None:
        self.history, self.horizon_us = history, horizon_us
        self.read: dict[int | None, StaticRules] = {}
        self.until_us: int | None = None
        self.frozen_at_us: int | None = None

    def view(self, clock_us: int) -> RulesView:
        if self.frozen_at_us not in self.read:
            history = RuleSetHistory(self.history.versions, self.frozen_at_us)
            self.read[self.frozen_at_us] = StaticRules(history, self.horizon_us)
        known = self.read[self.frozen_at_us].view(clock_us)
        return known if self.until_us is None else known._replace(until_us=self.until_us)


def play_held(
    case: Streamed, waits: TimerSettings, rng: random.Random, given: list[tuple[bytes, bytes]]
) -> FaultInjectingRunner:
    """As `test_hosting.play`, by hosts that are held back now and then; in the end none is, and a few days pass."""
    clock, rules = Clock(), Held(case.history, case.horizon_us)
    runner = FaultInjectingRunner(rules, waits, clock)
    waiting = [*given, *rng.sample(given, len(given) // 10)]
    if rng.random() < 0.7:
        rng.shuffle(waiting)
    times_us = sorted(buffered_event_of(data).time_us for _, data in case.arrivals)
    last_us = case.until_us - 2 * waits.resolution_us
    ghosts: list[Timer] = []
    stops_us = sorted(rng.choice(times_us) + rng.choice((-1, 0, 1, 17)) for _ in range(9))
    for stop_us in [each for each in stops_us if each < last_us - MINUTE_US]:
        reached_us = stop_us + waits.settle_delay_us
        runner.watermark_us = max(runner.watermark_us, reached_us // 1_000 * 1_000)
        clock.at_us = max(clock.at_us, reached_us)
        back_us = rng.choice((0, SECOND_US, HOUR_US, 30 * DAY_US))
        rules.until_us = rng.choice((None, None, stop_us - back_us))
        rules.frozen_at_us = rng.choice((None, None, stop_us - back_us))
        while waiting and rng.random() < 0.8:
            taken = waiting[: rng.randint(1, 20)]
            waiting = waiting[len(taken) :]
            due = runner.tasks()
            timers = rng.sample(due, rng.randint(0, len(due)))
            timers += rng.sample(ghosts, min(len(ghosts), rng.choice((0, 0, 1, 3))))
            ghosts += timers
            runner.run(Bundle(taken, timers))
    rules.until_us = rules.frozen_at_us = None
    runner.run(Bundle(waiting))
    runner.watermark_us = last_us + waits.settle_delay_us
    clock.at_us = max(clock.at_us, runner.watermark_us)
    runner.rest()
    # What was held back is evaluated within the hour: the clock stays where the expectation ends.
    clock.at_us = case.until_us
    runner.watermark_us = case.until_us + waits.settle_delay_us // 1_000 * 1_000 + LOOKED_AT_US
    runner.rest()
    return runner


@pytest.mark.parametrize("number", range(CASES))
def test_holds_and_freezes_that_come_and_go_change_no_decision(seed: int, number: int) -> None:
    case, waits, rng = drawn(seed, number)
    runner = play_held(case, waits, rng, case.arrivals)
    wanted, got = expected_by_key(case), emitted_by_key(runner.emitted)
    assert decisions_in(wanted) > 0
    assert not (wrong := differences(wanted, got)), f"seed {seed} {number} {waits}\n{wrong}"


@pytest.mark.parametrize("number", range(CASES))
def test_a_contact_that_starts_from_a_snapshot_goes_on_as_if_it_had_not_been_cut(seed: int, number: int) -> None:
    case, waits, rng = drawn(seed, number)
    times_us = [buffered_event_of(data).time_us for _, data in case.arrivals]
    # What comes late is put in place when the slot after the cut has come, and the watermark has to get there.
    last_us = case.until_us - 5 * MINUTE_US
    cut_us = rng.choice([each for each in times_us if each < last_us]) + rng.choice((0, 1, 7))
    before: dict[bytes, list[Event]] = {key: [] for key, _ in case.arrivals}
    given = []
    for key, data in case.arrivals:
        one = buffered_event_of(data)
        event = parse_event(one.data, "", FAR_US)
        assert isinstance(event, Event)
        if one.time_us < cut_us and rng.random() < 0.9:
            before[key].append(event)
        else:
            given.append((key, data))
    rows: dict[bytes, list[Row]] = {}
    seeds = []
    for key, events in before.items():
        account_id, contact_id = subject_of(key)
        versions = case.programs.of(account_id)
        step = advance(versions, new_state(contact_id), versions.needed(events), cut_us)
        rows[key] = [decision_row(one, Mode.STREAM) for one in step.decisions]
        seeds.append((key, encode(InitialState(cut_us, encode_state(step.state)))))
    runner = play_seeded(case, waits, rng, [*seeds, *given])
    emitted: dict[bytes, list[Row]] = {}
    for key in before:
        emitted[key] = [*rows[key], *emitted_rows(runner, key)]
    found = {key: stands for key, each in emitted.items() if (stands := standing(each))}
    assert not (wrong := differences(expected_by_key(case), found)), f"seed {seed} {number} {waits}\n{wrong}"


def emitted_rows(runner: FaultInjectingRunner, key: bytes) -> list[Row]:
    found = [parse_json(one.row) for one in runner.emitted]
    return [row for row in found if key_of(row["account_id"], row["contact_id"]) == key]


def play_seeded(
    case: Streamed, waits: TimerSettings, rng: random.Random, given: list[tuple[bytes, bytes]]
) -> FaultInjectingRunner:
    """All is there before the watermark moves, in any order, or the events come a part at a time behind the seeds."""
    clock, rules = Clock(), Held(case.history, case.horizon_us)
    runner = FaultInjectingRunner(rules, waits, clock)
    seeds = sum(header_of(data).tag == SEED for _, data in given)
    now = seeds + rng.randint(0, len(given) - seeds) if rng.random() < 0.5 else len(given)
    early, rest = given[:now], given[now:]
    rng.shuffle(early)
    runner.run(Bundle(early))
    last_us = case.until_us - 2 * waits.resolution_us
    for stop_us in sorted(rng.randint(last_us - 40 * DAY_US, last_us) for _ in range(6)):
        runner.watermark_us = (stop_us + waits.settle_delay_us) // 1_000 * 1_000
        clock.at_us = runner.watermark_us
        due = runner.tasks()
        rng.shuffle(due)
        runner.run(Bundle((), due))
        taken, rest = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        runner.run(Bundle(taken))
    runner.run(Bundle(rest))
    for end_us in (last_us, case.until_us):
        runner.watermark_us = end_us + waits.settle_delay_us
        clock.at_us = runner.watermark_us
        runner.rest()
    return runner


# ---------------------------------------------------------------- what a hold costs


BOUGHT = b"""
account: acme
rules: [{id: thanks, when: order.completed, reentry: always}]
"""
BEGINS_US = START_US + DAY_US
"""From then on the rules cannot be read, for a day."""


def unreadable_for_a_day(seed: int, late: int, max_late_us: int) -> tuple[Host, int]:
    """A contact to which so many late orders come meanwhile; the second number is how often its timers fired."""
    rng = random.Random(f"unreadable for a day {seed}")
    host, since_us = Host(), BEGINS_US + DAY_US // 2
    rules = host.rules = Published(RuleSetHistory((RuleSetVersion(None, load_files({"a.yaml": BOUGHT})),)), 2 * DAY_US)
    host.give("first", "order.completed", START_US)
    host.pass_to(BEGINS_US)
    rules.read_last_us = BEGINS_US
    host.pass_to(since_us)
    host.runner.firings.clear()
    for number in range(late):
        now_us = since_us + (number + 1) * (DAY_US // 2 // late)
        host.pass_to(now_us)
        host.give(f"e{number}", "order.completed", now_us - rng.randint(MINUTE_US, max_late_us))
        host.pass_to(now_us)
    return host, host.runner.firings[KEY]


@pytest.mark.parametrize(
    ("max_late_us", "each"), [(12 * HOUR_US, 1), (36 * HOUR_US, 2)], ids=["since the hold", "of before it too"]
)
def test_a_late_event_costs_a_contact_that_is_held_a_firing_or_with_its_correction_two_and_no_chain_of_them(
    seed: int, max_late_us: int, each: int
) -> None:
    host, fired = unreadable_for_a_day(seed, 200, max_late_us)
    assert fired <= 200 * each + FIRINGS_HELD, f"seed {seed}"
    assert isinstance(host.rules, Published)
    host.rules.read_last_us = None
    host.pass_to(BEGINS_US + DAY_US + HOUR_US)
    soon = {one.trigger_id for one in host.runner.emitted if one.decision == "fired"}
    host.pass_to(BEGINS_US + 5 * DAY_US)
    due = [one for one in host.runner.emitted if one.time_us <= BEGINS_US + DAY_US]
    assert len({one.trigger_id for one in due}) == len({one.trigger_id for one in host.runner.emitted}) == 201
    assert {one.trigger_id for one in due} <= soon, "what is due comes within the hour"


def test_where_the_watermark_lags_behind_the_clock_what_was_held_comes_within_an_hour_of_its_own() -> None:
    """It is hours behind, as where a job catches up: late events do not put off what is due until it has."""
    host, lag_us = Host(), 6 * HOUR_US
    rules = host.rules = Published(RuleSetHistory((RuleSetVersion(None, load_files({"a.yaml": BOUGHT})),)), 2 * DAY_US)
    rules.read_last_us = BEGINS_US
    host.give("first", "order.completed", BEGINS_US + HOUR_US)
    for hour in range(5):
        host.pass_to(BEGINS_US + hour * HOUR_US, BEGINS_US + hour * HOUR_US + lag_us)
        host.give(f"late{hour}", "order.completed", BEGINS_US + (hour + 1) * 10 * MINUTE_US)
        host.pass_to(BEGINS_US + hour * HOUR_US, BEGINS_US + hour * HOUR_US + lag_us)
    assert host.rows == []
    rules.read_last_us = None
    host.pass_to(BEGINS_US + 5 * HOUR_US, BEGINS_US + 5 * HOUR_US + lag_us)
    assert host.rows == [("fired", 0)] * 6


def play_unreadable(case: Streamed, waits: TimerSettings, rng: random.Random) -> tuple[FaultInjectingRunner, list[str]]:
    """Two days in which rules cannot be read and much comes late, on a runner that fires in any order, and again.

    The second: whose timers fired too often for what came to it.
    """
    clock, rules = Clock(), Published(case.history, case.horizon_us)
    runner, ghosts, came = FaultInjectingRunner(rules, waits, clock), list[Timer](), Counter[bytes]()
    waiting = sorted(case.arrivals, key=lambda pair: buffered_event_of(pair[1]).time_us)
    begins_us = buffered_event_of(waiting[len(waiting) // 2][1]).time_us
    early = [pair for pair in waiting if buffered_event_of(pair[1]).time_us < begins_us and rng.random() < 0.7]
    waiting = [pair for pair in waiting if pair not in early]
    runner.run(Bundle(early))
    clock.at_us = rules.read_last_us = begins_us
    runner.watermark_us = begins_us // 1_000 * 1_000
    runner.rest()
    runner.firings.clear()
    while clock.at_us < begins_us + 2 * DAY_US:
        clock.at_us += rng.randint(MINUTE_US, 2 * HOUR_US)
        happened = [pair for pair in waiting if buffered_event_of(pair[1]).time_us < clock.at_us]
        taken = [pair for pair in happened if rng.random() < 0.1]
        waiting = [pair for pair in waiting if pair not in taken]
        again = rng.sample(ghosts, min(len(ghosts), rng.choice((0, 0, 1, 3))))
        runner.run(Bundle(taken, again))
        came.update([*(key for key, _ in taken), *(timer.key for timer in again)])
        runner.watermark_us = clock.at_us // 1_000 * 1_000
        while due := runner.tasks():
            rng.shuffle(due)
            ghosts += due
            runner.run(Bundle((), due))
    fired = runner.firings.items()
    often = [f"{key.decode()}: {n} firings, {came[key]} came" for key, n in fired if n > allowed(came[key])]
    rules.read_last_us = None
    runner.run(Bundle(waiting))
    clock.at_us = case.until_us
    runner.watermark_us = case.until_us // 1_000 * 1_000
    runner.rest()
    runner.run(Bundle(timers=[Timer(key, "wake", "", runner.watermark_us) for key in runner.kept]))
    runner.rest()
    return runner, often


def allowed(came: int) -> int:
    """How often timers of a contact may fire in two days: its buckets, a correction for each, and what is due."""
    return 2 * FIRINGS_FIRST + 4 * came


@pytest.mark.parametrize("number", [0, 1, *(pytest.param(each, marks=pytest.mark.nightly) for each in range(2, 20))])
def test_held_contacts_fire_no_chains_on_an_adversarial_runner_and_lose_nothing(seed: int, number: int) -> None:
    case, waits, rng = drawn(seed, number)
    runner, often = play_unreadable(case, waits, rng)
    assert not often, f"seed {seed} {number} {waits}\n{often[0]}"
    wanted = expected_by_key(case)
    assert decisions_in(wanted) > 0
    assert not (wrong := differences(wanted, emitted_by_key(runner.emitted))), f"seed {seed} {number} {waits}\n{wrong}"
