"""How results are judged and shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import measuring, report
from benchmarks.cases import BASE, CASES, MEDIUM
from benchmarks.findings import Fired, Results, Run, load, save, verdict
from benchmarks.tables import render
from benchmarks.targets import TARGETS

MACHINE = {
    "date": "2026-01-01", "cpu": "a CPU", "cores": 2, "memory_gb": 8.0, "system": "Linux", "python": "3.11",
    "kittiwake": "0", "commit": "abc", "packages": {"orjson": "3"}, "load_before": 0.1, "load_after": 0.2,
}  # fmt: skip


USUAL = Fired(5, 5, "p", "w")


def _run(case: str, cpu_s: float, fired: Fired | None = USUAL, events: int = MEDIUM) -> Run:
    return Run(case, events, 0, 0 if fired else 1, cpu_s + 1, cpu_s, 50, 70, 1, fired)


def _results(*runs: Run) -> Results:
    sizes = {str(run.events): {"bytes": 1_000_000, "sha256": "x"} for run in runs}
    skipped = {"bytewax": "it is not installed"}
    return Results(MACHINE, 0, sizes, skipped, sorted(map(int, sizes)), 2_000, list(runs))


@pytest.mark.parametrize(
    ("fired", "said"),
    [
        (Fired(5, 5, "p", "other ids"), "right"),
        (Fired(5, 5, "q", "w"), "wrong"),
        (Fired(6, 5, "p", "w"), "wrong"),
        (None, "failed"),
    ],
    ids=["the same set", "another set", "one written twice", "no result"],
)
def test_a_tool_is_held_against_the_plain_loop(fired: Fired | None, said: str) -> None:
    assert verdict(_results(_run(BASE, 1), _run("duckdb", 0.5, fired)), "duckdb", MEDIUM) == said


def test_twelve_rules_are_held_against_the_other_host_by_their_ids() -> None:
    replayed = _run("replay, 12 rules", 3)
    assert verdict(_results(replayed), "replay, 12 rules", MEDIUM) == "unchecked"
    other = _run("pipeline, 12 rules", 3, Fired(5, 5, "p", "other ids"))
    assert verdict(_results(replayed, other), "replay, 12 rules", MEDIUM) == "wrong"


def test_runs_of_one_tool_that_differ_are_wrong() -> None:
    runs = [_run(BASE, 1), _run("replay", 1), _run("replay", 1, Fired(5, 5, "q", "w"))]
    assert verdict(_results(*runs), "replay", MEDIUM) == "wrong"


def test_what_is_wrong_has_no_figures() -> None:
    results = _results(_run(BASE, 1), _run("duckdb", 0.123, Fired(4, 4, "q", "w")))
    assert results.cpu("duckdb", MEDIUM) is None
    assert "0.12" not in render(results, None)
    assert "| DuckDB SQL, 1 thread | – | – | – | – | – | 4 | **wrong** |" in render(results, None)


def test_the_median_counts_and_ratios_are_of_it() -> None:
    results = _results(_run(BASE, 1), _run(BASE, 2), _run(BASE, 9), _run("replay", 3))
    assert results.cpu(BASE, MEDIUM) == 2
    assert results.ratio("replay", MEDIUM) == 1.5


def test_a_target_says_whether_it_is_met() -> None:
    shown = render(_results(_run(BASE, 1), _run("replay", 0.4), _run("pipeline", 2.1)), "plot.png")
    assert "CPU against (a), 1 M events | ≤ 0.4× | 0.40× | yes |" in shown
    assert "CPU against (a), 1 M events | ≤ 2× | 2.10× | **no** |" in shown
    assert "CPU against (a), 5 M events | ≤ 0.4× | – | – |" in shown
    assert "](plot.png)" in shown
    assert "bytewax (it is not installed)" in shown


def test_what_each_further_million_costs_leaves_the_start_out() -> None:
    runs = [_run(BASE, 1.0, events=1_000_000), _run(BASE, 5.0, events=5_000_000)]
    assert "| plain loop, orjson (a) | 1.00 | 5.00 | 1.00 |" in render(_results(*runs), None)


def test_growth_with_rules_has_a_table_of_its_own() -> None:
    name = "replay, 20 matching rules"
    runs = [_run(BASE, 1), _run("replay", 2, events=2_000), _run(name, 5, Fired(9, 9, "q", "v"), 2_000)]
    results = _results(*runs)
    results.sizes = [MEDIUM]
    shown = render(results, None)
    assert f"| {name} | 5.00 | 2.50× | 9 |" in shown
    assert "2,000 events, 1 MB" not in shown


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    results = _results(_run(BASE, 1), _run("replay", 2, None))
    save(results, tmp_path / "results.json")
    assert load(tmp_path / "results.json") == results


def test_the_page_shows_the_results_that_are_kept() -> None:
    shown = report.PAGE.read_text()
    assert report.BEGIN in shown
    assert report.END in shown
    if report.FULL.exists():
        assert report.page(shown, load(report.FULL)) == shown
    else:
        assert "Not measured yet" in shown


def test_names_are_unique_and_every_case_is_held_against_one_there_is() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert {case.agrees_with for case in CASES} <= set(names)
    assert all(target.measure(_results(_run(BASE, 1))) is None for target in TARGETS)


BURN = """
import pathlib, subprocess, sys, time
if len(sys.argv) == 2:
    burner = subprocess.Popen([sys.executable, __file__, sys.argv[1], "burn"])
    while not pathlib.Path(sys.argv[1]).exists():
        time.sleep(0.01)
    sys.exit(3)
kept = bytearray(b"x") * 150_000_000
while time.process_time() < 0.3:
    pass
pathlib.Path(sys.argv[1]).touch()
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="adoption of orphans is Linux's")
def test_a_child_that_is_left_behind_is_counted_and_ended(tmp_path: Path) -> None:
    script = tmp_path / "burn.py"
    script.write_text(BURN)
    cost = measuring.run([sys.executable, str(script), str(tmp_path / "done")], tmp_path, tmp_path / "log")
    assert cost.exit_code == 3
    assert 0.3 <= cost.cpu_s < 30
    assert cost.wall_s < 60
    assert cost.peak_mb > 150
