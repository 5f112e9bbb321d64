"""The benchmark of the engines: that it counts everybody, sees what is wrong, and reads the clock of files rightly."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("what processes cost together is read from Linux's /proc", allow_module_level=True)

from benchmarks.cases import ROOT
from benchmarks.runners import tables, watch
from benchmarks.runners.behind import Clocked, Rows, decided, marked
from benchmarks.runners.cases import BATCH, ONE_THREAD, STREAM, Case, cases
from benchmarks.runners.family import Family, descendants, family
from benchmarks.runners.kept import kept
from benchmarks.runners.runs import Measured, Plan, history, measure, once
from examples.shop import generate
from kittiwake.stream.recorded_schedule import schedule
from kittiwake.time.instants import SECOND_US, format_instant
from tests.runners import prism

BURN = "import time\nwhile time.process_time() < 0.5: pass\n"
BURNS_AND_STAYS = BURN + "print(flush=True)\ntime.sleep(60)\n"
LEAVES_BEHIND = f"""
import os, subprocess, sys
def start(code):
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    child.stdout.read(1)
    return child
children = start({BURN!r}), start({BURNS_AND_STAYS!r})
os._exit(0)  # else Python waits for the one that has ended
"""
"""One child has ended, one goes on, and nobody has waited for either."""
HOLDS = "held = bytearray(80_000_000)\nimport time\ntime.sleep(1)\n"
HOLDS_TWICE = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {HOLDS!r}])\n{HOLDS}"


def counted(code: str, folder: Path, cores: int | None = None) -> Family:
    with family(cores) as found:
        assert found.run([sys.executable, "-c", code], folder, folder / "log") == 0
    return found


def test_cpu_of_those_whom_nobody_waited_for_counts_and_none_is_left(tmp_path: Path) -> None:
    before = {one.pid for one in descendants()}  # of the fixtures of other tests
    cost = counted(LEAVES_BEHIND, tmp_path).cost
    assert 1.0 < cost.cpu_s < 3.0
    assert cost.launcher_s < cost.workers_s
    assert {one.pid for one in descendants()} <= before


def test_who_was_there_before_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        counted("pass", tmp_path)
        assert other.poll() is None
        other.communicate(b"\n")
    assert other.returncode == 0


def test_what_ran_before_does_not_count(tmp_path: Path) -> None:
    counted(BURN, tmp_path)
    assert counted("pass", tmp_path).cost.cpu_s < 0.4


def test_memory_of_all_is_added_up(tmp_path: Path) -> None:
    assert counted(HOLDS_TWICE, tmp_path).cost.peak_mb > 160


def test_a_family_keeps_to_its_cores_and_the_caller_to_those_it_had(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    counted("import os\nprint(len(os.sched_getaffinity(0)))", tmp_path, cores=1)
    assert (tmp_path / "log").read_text() == "1\n"
    assert os.sched_getaffinity(0) == before


def test_every_runner_has_a_row_for_each_core_it_may_use() -> None:
    found = [(one.job, one.on_engine, one.cores) for one in cases(8)]
    assert sorted(found) == sorted(
        [(BATCH, False, 1), (BATCH, False, 2), (STREAM, False, 1)]
        + [(job, True, cores) for job in (BATCH, STREAM) for cores in (1, 2) for _ in range(2)]
    )
    assert {one.cores for one in cases(1)} == {1}


# ---------------------------------------------------------------- right or wrong


@pytest.mark.nightly
def test_a_small_plan_is_carried_out_and_told(tmp_path: Path) -> None:
    in_process = [one for one in cases(1) if not one.on_engine]
    found = measure(Plan({BATCH: 300, STREAM: 100}, 1, tmp_path, lambda _: None), in_process)
    assert [one.wrong for one in found] == [None, None]
    assert all(one.start_cpu_s > 0 and one.wall_s > 0 and one.peak_mb > 50 for one in found)
    assert tables.costs(found).count("| as `replay` |") == 2


@pytest.mark.parametrize("job", [pytest.param(BATCH, marks=pytest.mark.nightly), STREAM])
def test_a_run_that_decides_otherwise_is_wrong_and_has_no_figures(job: str, tmp_path: Path) -> None:
    (tmp_path / "engines").mkdir()
    of, other = (history(job, number, tmp_path / str(number)) for number in (100, 200))
    case = Case(job, on_engine=False, workers=ONE_THREAD, cores=1)
    wrong = once(case, of._replace(replayed=other.replayed), tmp_path / "engines").wrong
    assert wrong is not None
    assert "differ" in wrong


def test_a_wrong_case_has_no_figures_in_the_table() -> None:
    case = Case(BATCH, on_engine=False, workers=ONE_THREAD, cores=1)
    row = tables.costs([Measured(case, 10, "triggers differ", 1.0, 1.0, 0.0, 0.0, 9.0, 1.0, 1.0)]).splitlines()[-1]
    assert row.endswith("| **wrong**: triggers differ |")
    assert not any(character.isdecimal() for character in row.replace("| 1 |", ""))
    assert row.count("|") == len(tables.COSTS) + 1


# ---------------------------------------------------------------- by the clock

T0_US = 1_700_000_000 * SECOND_US
BEGAN_US = 1_800_000_000 * SECOND_US


@pytest.fixture
def clocked(tmp_path: Path) -> Clocked:
    """Four events a minute apart, two a second, the first of which is no event and was taken in as it began."""
    (tmp_path / "dead_letters").mkdir()
    dead = {"message_id": "100", "happened_at": format_instant(BEGAN_US)}
    (tmp_path / "dead_letters" / "a.jsonl").write_text(json.dumps(dead) + "\n")
    times_us = array("q", [0, *(T0_US + n * 60 * SECOND_US for n in range(3))])
    found = Clocked(schedule(times_us, array("q", [100, 200, 300, 400])), 2.0, tmp_path)
    assert found.look()
    return found


def test_the_beginning_is_that_of_the_quickest_dead_letter(clocked: Clocked, tmp_path: Path) -> None:
    assert clocked.began_us == BEGAN_US
    later = {"message_id": "300", "happened_at": format_instant(BEGAN_US + SECOND_US - 250_000)}
    (tmp_path / "dead_letters" / "b.jsonl").write_text(json.dumps(later) + "\n")
    clocked.look()
    assert clocked.began_us == BEGAN_US - 250_000


def test_what_has_come_follows_from_the_pace(clocked: Clocked) -> None:
    assert [clocked.put_out(BEGAN_US + half * SECOND_US // 2) for half in range(6)] == [1, 2, 3, 4, 4, 4]
    assert clocked.newest_us(BEGAN_US + SECOND_US) == T0_US + 60 * SECOND_US
    assert clocked.over_us == BEGAN_US + 3 * SECOND_US // 2


def test_a_decision_is_allowed_when_the_watermark_may_pass_it_by_the_delay(clocked: Clocked) -> None:
    """Before the event after it has come, the watermark may say its time: the source knows it."""
    allowed_s = {
        offset_s: (clocked.allowed_us(T0_US + offset_s * SECOND_US) - BEGAN_US) / SECOND_US
        for offset_s in (-11, 0, 50, 51, 900)
    }
    assert allowed_s == {-11: 0.0, 0: 0.5, 50: 0.5, 51: 1.0, 900: 1.5}


def test_only_what_is_news_while_events_come_is_an_advance(clocked: Clocked) -> None:
    written = [(0.6, 0), (0.7, -5), (1.2, 51), (1.6, 900)]
    rows = [Rows(BEGAN_US + int(at * SECOND_US), 1, T0_US + time_s * SECOND_US) for at, time_s in written]
    found = clocked.advances(rows[::-1])
    assert [(one.newest_us - T0_US) // SECOND_US for one in found] == [0, 51]
    assert [one.behind_us for one in found] == [100_000, 200_000]


def test_files_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "decisions").mkdir()
    rows = [{"time": "2025-01-01T10:00:00Z"}, {"time": "2025-01-01T11:00:00Z"}]
    (tmp_path / "decisions" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    seen: set[str] = set()
    assert [(one.number, format_instant(one.newest_us)) for one in decided(tmp_path, seen)] == [
        (2, "2025-01-01T11:00:00Z")
    ]
    assert [*decided(tmp_path, seen)] == []


def test_lines_that_are_no_events_stand_among_them_from_the_first_on(tmp_path: Path) -> None:
    lines = marked([b'{"n": 1}'] * 250, tmp_path / "events").read_bytes().splitlines()
    assert [number for number, line in enumerate(lines) if b"says" in line] == [0, 101, 202]
    assert len(lines) == 253


# ---------------------------------------------------------------- what is kept, and Prism


def test_what_is_kept_shrinks_when_contacts_are_silent(tmp_path: Path) -> None:
    found = kept(ROOT / "examples/shop/rules", generate.write(tmp_path, 12, 7, 60))
    assert found.contacts == len(found.at_most) >= len(found.at_the_end) > 5
    assert sum(found.at_the_end) < sum(found.at_most)
    longer = kept(ROOT / "examples/shop/rules", tmp_path / "events.jsonl", 30 * 86_400 * SECOND_US)
    assert sum(longer.at_most) > 1.5 * sum(found.at_most)


@pytest.mark.nightly
def test_some_seconds_are_watched_to_their_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not prism.kept().exists():
        pytest.skip("prism is not here: make runners gets it")
    assert watch.main(["--lasts", "12s", "--pace", "20", "--cache", str(tmp_path / "watch")]) == 0
    text = (tmp_path / "engines-watch.md").read_text()
    assert text in capsys.readouterr().out
    assert re.search(r"\n\| 1[0-2] \| ", text)
    assert "ids and newest revisions: as `replay`" in text
