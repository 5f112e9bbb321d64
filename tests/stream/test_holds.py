"""Holds, freezes and seeds, drawn: they delay, and change nothing of what is decided in the end. Seeds are printed."""

from __future__ import annotations

import random

import pytest

from kittiwake.input.events import parse_event
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.codec import encode as encode_state
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_row
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import SEED, InitialState, buffered_event_of, encode, header_of, key_of, subject_of
from kittiwake.stream.rules_source.view import RulesView, StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from kittiwake.values import parse_json
from tests.stream.fault_injecting_runner import Bundle, Machine, Timer
from tests.stream.generated_cases import FAR_US, Row, Streamed, decisions_in, differences, standing, told_by_key, truth
from tests.stream.test_hosting import WORLDS, Clock, drawn

LOOKED_AT_US = 10 * DAY_US
"""After a hold that has ended, every contact has been looked at again by then."""


class Held:
    """Rules that reach as far as is said, and may be frozen."""

    def __init__(self, world: Streamed) -> None:
        self.world = world
        self.read: dict[int | None, StaticRules] = {}
        self.until_us: int | None = None
        self.frozen_at_us: int | None = None

    def view(self, clock_us: int) -> RulesView:
        if self.frozen_at_us not in self.read:
            history = RuleSetHistory(self.world.history.versions, self.frozen_at_us)
            self.read[self.frozen_at_us] = StaticRules(history, self.world.horizon_us)
        known = self.read[self.frozen_at_us].view(clock_us)
        return known if self.until_us is None else known._replace(until_us=self.until_us)


def play_held(world: Streamed, waits: TimerSettings, dice: random.Random, given: list[tuple[bytes, bytes]]) -> Machine:
    """As `test_hosting.play`, by hosts that are held back now and then; in the end none is, and a few days pass."""
    clock, rules = Clock(), Held(world)
    machine = Machine(rules, waits, clock)
    waiting = [*given, *dice.sample(given, len(given) // 10)]
    if dice.random() < 0.7:
        dice.shuffle(waiting)
    times_us = sorted(buffered_event_of(data).time_us for _, data in world.arrivals)
    last_us = world.until_us - 2 * waits.resolution_us
    ghosts: list[Timer] = []
    stops_us = sorted(dice.choice(times_us) + dice.choice((-1, 0, 1, 17)) for _ in range(9))
    for stop_us in [each for each in stops_us if each < last_us - MINUTE_US]:
        reached_us = stop_us + waits.settle_delay_us
        machine.watermark_us = max(machine.watermark_us, reached_us // 1_000 * 1_000)
        clock.at_us = max(clock.at_us, reached_us)
        back_us = dice.choice((0, SECOND_US, HOUR_US, 30 * DAY_US))
        rules.until_us = dice.choice((None, None, stop_us - back_us))
        rules.frozen_at_us = dice.choice((None, None, stop_us - back_us))
        while waiting and dice.random() < 0.8:
            taken = waiting[: dice.randint(1, 20)]
            waiting = waiting[len(taken) :]
            due = machine.tasks()
            timers = dice.sample(due, dice.randint(0, len(due)))
            timers += dice.sample(ghosts, min(len(ghosts), dice.choice((0, 0, 1, 3))))
            ghosts += timers
            machine.run(Bundle(taken, timers))
    rules.until_us = rules.frozen_at_us = None
    machine.run(Bundle(waiting))
    machine.watermark_us = last_us + waits.settle_delay_us
    clock.at_us = max(clock.at_us, machine.watermark_us)
    machine.rest()
    # Held back for 30 days, a contact is looked at a quarter of it later: the clock stays where the truth ends.
    clock.at_us = world.until_us
    machine.watermark_us = world.until_us + waits.settle_delay_us // 1_000 * 1_000 + LOOKED_AT_US
    machine.rest()
    return machine


@pytest.mark.parametrize("number", range(WORLDS))
def test_holds_and_freezes_that_come_and_go_change_no_decision(seed: int, number: int) -> None:
    world, waits, dice = drawn(seed, number)
    machine = play_held(world, waits, dice, world.arrivals)
    wanted, got = truth(world), told_by_key(machine.told)
    assert decisions_in(wanted) > 0
    assert not (wrong := differences(wanted, got)), f"seed {seed} {number} {waits}\n{wrong}"


@pytest.mark.parametrize("number", range(WORLDS))
def test_a_contact_that_starts_from_a_snapshot_goes_on_as_if_it_had_not_been_cut(seed: int, number: int) -> None:
    world, waits, dice = drawn(seed, number)
    times_us = [buffered_event_of(data).time_us for _, data in world.arrivals]
    # What comes late is put in place when the slot after the cut has come, and the watermark has to get there.
    last_us = world.until_us - 5 * MINUTE_US
    cut_us = dice.choice([each for each in times_us if each < last_us]) + dice.choice((0, 1, 7))
    before: dict[bytes, list[Event]] = {key: [] for key, _ in world.arrivals}
    given = []
    for key, data in world.arrivals:
        one = buffered_event_of(data)
        event = parse_event(one.data, "", FAR_US)
        assert isinstance(event, Event)
        if one.time_us < cut_us and dice.random() < 0.9:
            before[key].append(event)
        else:
            given.append((key, data))
    rows: dict[bytes, list[Row]] = {}
    seeds = []
    for key, events in before.items():
        account_id, contact_id = subject_of(key)
        versions = world.programs.of(account_id)
        step = advance(versions, new_state(contact_id), versions.needed(events), cut_us)
        rows[key] = [decision_row(one, Mode.STREAM) for one in step.decisions]
        seeds.append((key, encode(InitialState(cut_us, encode_state(step.state)))))
    machine = play_seeded(world, waits, dice, [*seeds, *given])
    told: dict[bytes, list[Row]] = {}
    for key in before:
        told[key] = [*rows[key], *told_rows(machine, key)]
    found = {key: stands for key, each in told.items() if (stands := standing(each))}
    assert not (wrong := differences(truth(world), found)), f"seed {seed} {number} {waits}\n{wrong}"


def told_rows(machine: Machine, key: bytes) -> list[Row]:
    found = [parse_json(one.row) for one in machine.told]
    return [row for row in found if key_of(row["account_id"], row["contact_id"]) == key]


def play_seeded(
    world: Streamed, waits: TimerSettings, dice: random.Random, given: list[tuple[bytes, bytes]]
) -> Machine:
    """All is there before the watermark moves, in any order, or the events come a part at a time behind the seeds."""
    clock, rules = Clock(), Held(world)
    machine = Machine(rules, waits, clock)
    seeds = sum(header_of(data).tag == SEED for _, data in given)
    now = seeds + dice.randint(0, len(given) - seeds) if dice.random() < 0.5 else len(given)
    early, rest = given[:now], given[now:]
    dice.shuffle(early)
    machine.run(Bundle(early))
    last_us = world.until_us - 2 * waits.resolution_us
    for stop_us in sorted(dice.randint(last_us - 40 * DAY_US, last_us) for _ in range(6)):
        machine.watermark_us = (stop_us + waits.settle_delay_us) // 1_000 * 1_000
        clock.at_us = machine.watermark_us
        due = machine.tasks()
        dice.shuffle(due)
        machine.run(Bundle((), due))
        taken, rest = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        machine.run(Bundle(taken))
    machine.run(Bundle(rest))
    for end_us in (last_us, world.until_us):
        machine.watermark_us = end_us + waits.settle_delay_us
        clock.at_us = machine.watermark_us
        machine.rest()
    return machine
