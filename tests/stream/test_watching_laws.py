"""Processes that look at the rules at different moments decide identically, and none drops what another would need."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.bounds import SKEW_US
from kittiwake.rules.publishing.errors import UnchangedError
from kittiwake.rules.publishing.publish import publish
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import buffered_event_of, subject_of
from kittiwake.stream.rules_source import poller
from kittiwake.stream.rules_source.view import RulesView
from kittiwake.time.instants import DAY_US, END_OF_TIME_US, HOUR_US, MINUTE_US, SECOND_US
from tests.stream.fault_injecting_runner import Bundle, FaultInjectingRunner, Timer
from tests.stream.faulty_targets import REFUSED, Faulty, Inline, Memory, polled
from tests.stream.generated_cases import Streamed, decisions_in, differences, emitted_by_key, expected_by_key, streamed

CASES = int(os.environ.get("KITTIWAKE_STREAM_WORLDS", "12"))
CONTACTS = 6
VERSIONS = 3
WAITS = TimerSettings(0, SECOND_US)
LATENESS_US = 800 * DAY_US
APART_US = SKEW_US // 2
"""A process's clock is at most so far from the true time; the publisher's, and what he takes, is less."""


class Process:
    """A process with a clock of its own and a bad line."""

    def __init__(self, target: Memory, rng: random.Random, lead_us: int) -> None:
        self.line = Faulty(target)
        self.offset_us = rng.choice((-APART_US, 0, APART_US))
        interval_us = rng.choice((MINUTE_US, (lead_us - SKEW_US) // 2, 2 * lead_us))
        self.poll = polled(self.line, pool=Inline(), lateness_us=LATENESS_US, interval_us=interval_us, lead_us=lead_us)

    def view(self, clock_us: int) -> RulesView:
        return self.poll.view(clock_us + self.offset_us)


class Somebody:
    """The rules as one of several processes knows them, another one each time: contacts move."""

    def __init__(self, processes: list[Process], rng: random.Random) -> None:
        self.processes, self._rng = processes, rng

    def view(self, clock_us: int) -> RulesView:
        process = self._rng.choice(self.processes)
        process.line.error = REFUSED if self._rng.random() < 0.5 else None
        return process.view(clock_us)


class Publishing:
    """Versions on their way into a target, each as late as the lead allows or earlier."""

    def __init__(self, case: Streamed, target: Memory, rng: random.Random, lead_us: int) -> None:
        self._case, self._target, self._lead_us = case, target, lead_us
        self.coming: list[tuple[int, int, int]] = []
        """When the pointer moves, what the publisher's clock said, and which version it is."""
        publish(target, case.drawn.files(0), None, 0)
        latest_us = END_OF_TIME_US
        for number in reversed(range(1, VERSIONS)):
            start_us = case.drawn.starts[number]
            assert start_us is not None
            published_us = min(latest_us, start_us - lead_us - rng.choice((0, 0, 0, 1, HOUR_US)))
            latest_us = published_us
            self.coming.insert(0, (published_us + rng.choice((0, APART_US - 1)), published_us, number))

    def upto(self, real_us: int) -> None:
        while self.coming and self.coming[0][0] <= real_us:
            _, published_us, number = self.coming.pop(0)
            with suppress(UnchangedError):
                publish(
                    self._target,
                    self._case.drawn.files(number),
                    self._case.drawn.starts[number],
                    published_us,
                    self._lead_us,
                )


def drawn(name: str) -> tuple[Streamed, random.Random]:
    """A case with versions that differ from the one before."""
    case = streamed(name, CONTACTS, WAITS, versions=VERSIONS, horizon_us=LATENESS_US)
    kept = list(case.history.versions[:1])
    for one in case.history.versions[1:]:
        if one.ruleset.version != kept[-1].ruleset.version:
            kept.append(one)
    return case._replace(history=RuleSetHistory(tuple(kept))), random.Random(name)


class Clock:
    at_us = 0

    def __call__(self) -> int:
        return self.at_us


def stops_of(case: Streamed, publishing: Publishing, rng: random.Random) -> list[int]:
    """Instants at which something happens: near those that matter, and anywhere."""
    times = sorted(buffered_event_of(data).time_us for _, data in case.arrivals)
    found = {rng.choice(times) + rng.choice((-1, 0, 1, MINUTE_US, HOUR_US)) for _ in range(12)}
    for moved_us, _, number in publishing.coming:
        start_us = case.drawn.starts[number]
        assert start_us is not None
        for about_us in (moved_us, start_us):
            found |= {about_us + each for each in (-SECOND_US, 0, 2 * SECOND_US, rng.randrange(2 * MINUTE_US))}
    last_us = case.until_us - 2 * WAITS.resolution_us
    return [*sorted(each for each in found if each < last_us), last_us]


def play(case: Streamed, rng: random.Random) -> FaultInjectingRunner:
    """Shuffled arrival on workers of which each knows the rules as it does, the watermark close to the clock."""
    lead_us = rng.choice((2 * MINUTE_US, 2 * HOUR_US, 3 * DAY_US))
    target, clock = Memory(), Clock()
    publishing = Publishing(case, target, rng, lead_us)
    processes = [Process(target, rng, lead_us) for _ in range(2)]
    rules = Somebody(processes, rng)
    for process in processes:
        process.view(0)
    runner = FaultInjectingRunner(rules, WAITS, clock)
    waiting = rng.sample(case.arrivals, len(case.arrivals))
    waiting.sort(key=lambda pair: buffered_event_of(pair[1]).time_us + rng.choice((0, 0, 0, HOUR_US, 2 * DAY_US)))
    for stop_us in stops_of(case, publishing, rng):
        clock.at_us = max(clock.at_us, stop_us)
        publishing.upto(clock.at_us)
        runner.watermark_us = stop_us // 1_000 * 1_000
        arrived = [pair for pair in waiting if buffered_event_of(pair[1]).time_us <= stop_us and rng.random() < 0.8]
        waiting = [pair for pair in waiting if pair not in arrived]
        _run(runner, rules, arrived, rng, clock)
    _end(runner, rules, case, waiting, clock)
    return runner


def _run(
    runner: FaultInjectingRunner,
    rules: Somebody,
    arrived: list[tuple[bytes, bytes]],
    rng: random.Random,
    clock: Clock,
) -> None:
    for _ in range(3):
        due = runner.tasks()
        timers = rng.sample(due, rng.randint(0, len(due)))
        timers += [Timer(key, "wake", "", runner.watermark_us) for key in runner.kept if rng.random() < 0.4]
        runner.run(Bundle([pair for pair in arrived if is_let_in(pair, rules.view(clock.at_us))], timers))
        arrived = []


def is_let_in(pair: tuple[bytes, bytes], known: RulesView) -> bool:
    arrival = buffered_event_of(pair[1])
    return known.may_need(subject_of(pair[0])[0], arrival.type, arrival.time_us)


def _end(
    runner: FaultInjectingRunner, rules: Somebody, case: Streamed, waiting: list[tuple[bytes, bytes]], clock: Clock
) -> None:
    """All lines are good again, and everybody hears of everything."""
    clock.at_us = case.until_us + DAY_US
    for process in rules.processes:
        process.line.error = None
        process.offset_us = 0
        for later_us in (0, 4 * DAY_US, 8 * DAY_US):
            process.view(clock.at_us + later_us)
    clock.at_us += 8 * DAY_US
    runner.run(Bundle([pair for pair in waiting if is_let_in(pair, rules.view(clock.at_us))]))
    runner.watermark_us = case.until_us + WAITS.settle_delay_us
    runner.rest()
    runner.run(Bundle(timers=[Timer(key, "wake", "", runner.watermark_us) for key in runner.kept]))
    runner.rest()


def wrong_in(name: str) -> str:
    case, rng = drawn(name)
    runner = play(case, rng)
    assert not runner.dead
    if runner.late:
        return f"{len(runner.late)} events found their contact left under rules that nobody knows"
    return differences(expected_by_key(case), emitted_by_key(runner.emitted))


@pytest.mark.parametrize("number", range(CASES))
def test_processes_that_look_at_different_moments_decide_identically(seed: int, number: int) -> None:
    name = f"watching {seed} {number}"
    assert not (wrong := wrong_in(name)), f"{name}\n{wrong}"


def test_what_is_drawn_decides_something(seed: int) -> None:
    cases = [drawn(f"watching {seed} {number}")[0] for number in range(CASES)]
    assert sum(decisions_in(expected_by_key(case)) > 0 for case in cases) > 0.8 * CASES


def for_ever(polled_us: int, min_lead_us: int) -> int:
    """All there will ever be."""
    return END_OF_TIME_US // 1_000


def without_skew(polled_us: int, min_lead_us: int) -> int:
    return polled_us + min_lead_us - 1


@pytest.mark.parametrize("mutant", [for_ever, without_skew])
def test_processes_that_trust_a_look_for_longer_decide_otherwise(
    seed: int, mutant: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "complete_until_us", mutant)
    assert any(wrong_in(f"watching {seed} {number}") for number in range(10 * CASES))


# ---------------------------------------------------------------- the filter at the intake


@pytest.mark.parametrize("number", range(3 * CASES))
def test_nothing_is_dropped_that_a_process_would_need_that_knows_more(seed: int, number: int) -> None:
    case, _ = drawn(f"filter {seed} {number}")
    assert dropped_wrongly(case, 1) == []


def test_with_a_later_end_of_what_is_known_something_is_dropped_that_is_needed(seed: int) -> None:
    assert any(dropped_wrongly(drawn(f"filter {seed} {number}")[0], HOUR_US) for number in range(10 * CASES))


def dropped_wrongly(case: Streamed, after_us: int) -> list[tuple[int, str, str, int]]:
    """What each process that knows the first so many versions drops, and is needed; it knows them to `after_us` more
    than the last instant before the next one begins."""
    everything, versions = case.programs, case.history.versions
    events = {
        (subject_of(key)[0], buffered_event_of(data).type, buffered_event_of(data).time_us)
        for key, data in case.arrivals
    }
    types = {(account_id, name) for account_id, name, _ in events} | {("nobody's", "page.viewed")}
    starts = [one.effective_us for one in versions if one.effective_us is not None]
    events |= {(*one, start_us + each) for one in types for start_us in starts for each in (-1, 0, 1, MINUTE_US)}
    found = []
    for count in range(1, len(versions)):
        next_us = versions[count].effective_us
        assert next_us is not None
        programs = Programs(RuleSetHistory(versions[:count]), case.horizon_us, whole_history=False)
        known = RulesView(programs, next_us - 1 + after_us - 1)
        for account_id, event_type, time_us in sorted(events):
            needed = everything.of(account_id).at(time_us).wants(event_type)
            if needed and not known.may_need(account_id, event_type, time_us):
                found.append((count, account_id, event_type, time_us))
    return found


def test_the_filter_drops_what_no_version_needs(seed: int) -> None:
    """Else the property above were kept by a filter that lets everything in."""
    in_all = []
    for number in range(5):
        case, _ = drawn(f"filter {seed} {number}")
        known = RulesView(case.programs, END_OF_TIME_US)
        in_all += [is_let_in(pair, known) for pair in case.arrivals]
    assert 0 < in_all.count(False) < len(in_all)
