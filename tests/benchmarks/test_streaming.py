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
    SUBPROCESS,
    TWO_HUNDRED,
    Case,
    Result,
)
from benchmarks.streaming.plan import Found, Group, Plan
from benchmarks.streaming.tables import targets
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


@pytest.mark.nightly
def test_a_small_plan_is_carried_out_and_told(tmp_path: Path) -> None:
    text = report(Plan(0.001, 1, [LEAN], [TWELVE], tmp_path, lambda _: None), ["hosts"])
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
