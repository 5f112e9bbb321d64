"""The benchmark of the streaming host, in small: its cases run, do what they say, and its tables say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.rulesets import ONE, TWELVE
from benchmarks.streaming.__main__ import report
from benchmarks.streaming.case import carry_out
from benchmarks.streaming.drains import firings
from benchmarks.streaming.names import (
    BARE,
    CLOCKED,
    HOST,
    IN_CELL,
    IN_PROCESS,
    LEAN,
    NAIVE,
    ONE_TIMER,
    SLOTS,
    SPARING,
    STEADY,
    SUBPROCESS,
    TWO_HUNDRED,
    Case,
    Result,
)
from benchmarks.streaming.plan import Found, Group, Plan, Size
from benchmarks.streaming.silence import over_grpc
from benchmarks.streaming.tables import of_costs, targets
from benchmarks.streaming.workload import Workload, known_rules
from kittiwake.stream.contact.timer_grid import PACE_FROM
from kittiwake.stream.records import buffered_event_of, subject_of


@pytest.mark.parametrize(("name", "number"), [(ONE, 1), (TWELVE, 12), (TWO_HUNDRED, 200)])
def test_a_rule_set_has_as_many_rules_as_its_name_says(name: str, number: int) -> None:
    plan = known_rules(name).view(0).plan("shop-0")
    assert len({rule.rule_id for rule in plan.versions.newest.rules}) == number


@pytest.mark.parametrize("rules", [ONE, TWELVE, TWO_HUNDRED])
def test_every_event_is_one_that_the_rules_need_and_comes_once(rules: str) -> None:
    load = Workload(rules, contacts=7, bursts=3, events=4)
    given = [one for number in range(3) for one in load.burst(number)]
    arrivals = [(subject_of(key), buffered_event_of(value)) for key, value in given]
    known = known_rules(rules).view(0)
    assert all(known.may_need(of[0], one.type, one.time_us) for of, one in arrivals)
    assert len({one.event_id for _, one in arrivals}) == load.all_events == 84


@pytest.mark.parametrize("dofn", [HOST, CLOCKED, BARE])
def test_each_contact_wakes_once_for_a_burst(dofn: str) -> None:
    result = carry_out(Case(dofn, LEAN, TWELVE, contacts=3, events=20, bursts=2, cell_bytes=500))
    assert result.counts["fired"] == 6
    assert result.counts["elements_read"] == 120
    assert (result.wakes, result.kernel_us > 0) == ((6, True) if dofn == CLOCKED else (0, False))


def test_the_bare_one_wakes_as_often_as_the_host_and_writes_as_much() -> None:
    host = carry_out(Case(CLOCKED, LEAN, TWELVE, contacts=10, events=1, bursts=10, is_deaf=False))
    own_wakes = host.wakes / 10 - 10
    assert own_wakes > 1
    size = host.counts["cell_bytes"] // host.counts["cells"]
    case = Case(BARE, LEAN, TWELVE, 10, 1, 10, is_deaf=False, cell_bytes=size, own_wakes=own_wakes)
    bare = carry_out(case)
    assert abs(bare.counts["fired"] - host.wakes) <= 1
    assert bare.counts["cell_bytes"] == size * bare.counts["cells"]


@pytest.mark.parametrize("dofn", [NAIVE, SPARING])
def test_the_naive_ones_fire_a_rule_at_its_time(dofn: str) -> None:
    found = carry_out(Case(dofn, LEAN, ONE, contacts=4, events=1, is_deaf=False))
    assert found.counts["outputs"] == 3, "of three carts and an order"
    assert carry_out(Case(dofn, LEAN, TWELVE, contacts=4, events=1, is_deaf=False)).counts["outputs"] > 3


@pytest.mark.parametrize("layout", [SLOTS, ONE_TIMER, IN_CELL])
def test_each_layout_settles_everything_that_waits(layout: str) -> None:
    counts = carry_out(Case(layout, LEAN, ONE, contacts=1, events=300, spread_us=600_000_000)).counts
    assert counts["elements_read"] < 12 * 300 + PACE_FROM**2
    alone = carry_out(Case(layout, LEAN, ONE, contacts=1, events=300, spread_us=1_000)).counts
    assert alone["fired"] == 1


@pytest.mark.parametrize("dofn", [BARE, CLOCKED, NAIVE])
def test_a_case_runs_on_beams_runner(dofn: str) -> None:
    result = carry_out(Case(dofn, IN_PROCESS, TWELVE, contacts=5, events=1, cell_bytes=100))
    assert result.wakes == (5 if dofn == CLOCKED else 0)


@pytest.mark.parametrize(("cache_mb", "reads_a_contact"), [(100, 2), pytest.param(0, 6, marks=pytest.mark.nightly)])
def test_beams_cache_spares_a_steady_stream_all_reads_but_the_first(cache_mb: int, reads_a_contact: int) -> None:
    """Of two states in three bursts: whether the runner hands out tokens for the cache shows in what it is asked."""
    found = carry_out(Case(CLOCKED, STEADY, ONE, contacts=5, events=5, bursts=2, cache_mb=cache_mb))
    assert found.counts["reads"] == reads_a_contact * 5
    assert (found.counts["appends"], found.counts["clears"]) == (2 * 3 * 5, 2 * 3 * 5)
    assert found.wakes == 2 * 5, "the first burst does not count"
    assert 0 < found.kernel_us < found.cpu_us


@pytest.mark.nightly
def test_a_silent_contact_reads_its_two_states_daily_over_grpc_and_writes_hardly_any() -> None:
    found = over_grpc(5, cache_mb=0)
    assert 2 * 5 * 30 <= found.requests["reads"] <= 2 * 5 * 40
    assert found.requests["appends"] < 5 * 12
    assert found.cpu_us > 0


def test_what_a_wake_costs_is_told_with_the_kernels_time_and_without() -> None:
    counts = {"reads": 84, "appends": 84, "clears": 84}
    cpu_us = {(BARE, 0): 1_800, (HOST, 0): 2_520, (CLOCKED, 0): 9_999, (BARE, 100): 3_600, (HOST, 100): 3_600}
    found: dict[int, dict[str, Found]] = {0: {}, 100: {}}
    for (dofn, cache_mb), taken_us in cpu_us.items():
        case = Case(dofn, STEADY, TWELVE, contacts=2, events=5, bursts=6, cache_mb=cache_mb)
        found[cache_mb][dofn] = Found(case, [Result(taken_us, 240, 12, counts)], [1.0])
    text = of_costs({Size(TWELVE, 5): found})
    assert "| twelve | 5 | off | 150 | 210 | 20 | 1.40× | 1.27× | 42 | 6.00 | 12.0 |" in text
    assert "| twelve | 5 | 100 MB | 300 | 300 | 20 | 1.00× | 0.93× | 60 | 6.00 | 12.0 |" in text


@pytest.mark.nightly
def test_a_small_plan_is_carried_out_and_told(tmp_path: Path) -> None:
    text = report(Plan(0.001, 1, [LEAN], [TWELVE], [1, 20], tmp_path, lambda _: None), ["hosts"])
    assert "| twelve | 20 | **host** |" in text
    assert "State bytes of a contact" in text


def test_the_kernels_own_time_is_taken_off_before_the_host_is_judged() -> None:
    def found(dofn: str, cpu_us: float, kernel_us: float = 0) -> Found:
        return Found(Case(dofn, SUBPROCESS, TWELVE, 1, 1), [Result(cpu_us, kernel_us, 1, {})], [1.0])

    of = [found(HOST, 200), found(CLOCKED, 250, 80), found(BARE, 100), found(NAIVE, 700), found(SPARING, 500)]
    text = targets({Group(SUBPROCESS, TWELVE, 1, False): {one.case.dofn: one for one in of}})
    assert "1.20× | yes" in text
    assert "3.50× | yes" in text
    assert "2.50× | **no**" in text


@pytest.mark.parametrize("frozen", [True, False])
def test_a_drain_is_counted_by_contact(frozen: bool) -> None:
    assert firings(30, frozen=frozen, in_rounds=True) == 3 * 30 + 1
    assert firings(30, frozen=frozen, in_rounds=False) > 10 * 30
