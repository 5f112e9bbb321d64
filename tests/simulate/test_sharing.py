"""Several processes that share a study find what one finds, whatever their number, and end with the one that asks."""

from __future__ import annotations

import gzip
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.shop.generate import lines
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.workers.pool import Pool, WorkerDiedError
from kittiwake.batch.workers.progress import Progress
from kittiwake.errors import UnusableError
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.simulate.deciding import Hosted, decided
from kittiwake.simulate.difference.comparison import Comparison
from kittiwake.simulate.difference.model import Difference
from kittiwake.simulate.model import Goal, Load, Question, RuleFigures, Taken
from kittiwake.simulate.simulation import Simulating, rules_of
from kittiwake.simulate.study import Together
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import DAY_US, parse_instant
from tests.simulate.doing import Doing

SETTINGS = RunSettings(parse_instant("2025-07-01T00:00:00Z"))
KITTIWAKE = [sys.executable, "-c", "from kittiwake.cli.entry import main; main()"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A shop's events in a file that is cut into parts, with lines that are no events, and in one that cannot be."""
    folder = tmp_path_factory.mktemp("events")
    events = list(lines(8, 1, 120))
    events[3] = b"{"
    events[-2] = b'{"event_id": "x"}'
    (folder / "most.jsonl").write_bytes(b"\n".join(events[: len(events) // 2]))
    (folder / "rest.jsonl.gz").write_bytes(gzip.compress(b"\n".join(events[len(events) // 2 :]), mtime=0))
    return [str(folder / "most.jsonl"), str(folder / "rest.jsonl.gz")]


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The shop's rules, one of them another."""
    path = tmp_path_factory.mktemp("rules") / "acme.yaml"
    path.write_text((root / "examples/shop/rules/acme.yaml").read_text().replace("wait: 4h", "wait: 2h"))
    return path


@pytest.mark.parametrize("workers", [2, pytest.param(5, marks=pytest.mark.nightly)])
def test_what_is_found_is_the_same_by_any_number_of_processes(
    files: list[str], edited: Path, root: Path, workers: int
) -> None:
    """Rules with items, caps and audiences; two studies at once, which are those of `diff` and of `simulate`."""
    old, new = load_rules(root / "examples/shop/rules/acme.yaml"), load_rules(edited)
    seen: list[Progress] = []

    def found(number: int) -> tuple[Difference, list[RuleFigures], tuple[Load, ...], tuple[Taken, ...], int]:
        question = Question(Goal(frozenset({"order.completed"}), DAY_US))
        comparison, simulating = Comparison.of(old, new, SETTINGS, 2), Simulating(Programs(new), question)
        answer = decided(Together([comparison, simulating]), files, Hosted(SETTINGS, seen.append, number))
        differences, counting = answer.found.found
        rules = rules_of(simulating.rule_sets[0], answer.summaries[2].counts, counting)
        difference = comparison.difference(differences, *answer.summaries[:2])
        return difference, rules, counting.loads(), counting.taken(), counting.goal_events

    alone = found(1)
    difference, rules, loads, *_, goal_events = alone
    assert difference.causes
    assert len(difference.new.counts.examples) > 2
    assert difference.new.counts.item_changes
    assert loads
    assert goal_events
    assert any(rule.goal is not None for rule in rules)
    seen.clear()
    assert found(workers) == alone
    bytes_read = sum(Path(one).stat().st_size for one in files)
    assert max(one.bytes_read for one in seen) >= bytes_read == seen[0].bytes_total
    assert [one.contacts for one in seen] == sorted(one.contacts for one in seen)
    assert seen[-1].contacts == seen[-1].contacts_total == difference.new.counts.contacts > 0


# ---------------------------------------------------------------- processes


def test_each_task_is_done_once_and_every_process_is_gone_at_the_end() -> None:
    reports: list[int] = []
    with Pool(Doing, 2) as pool:
        assert pool.each("who") == [0, 1]
        assert sorted(pool.results(range(20), reports.append)) == list(range(20))
    assert set(reports) <= {0, 1}
    assert len(reports) == 20
    assert list(_children()) == []


@pytest.mark.parametrize(
    ("task", "kind", "said"),
    [
        ("refuse", UnusableError, "it cannot be used"),
        ("break", ValueError, "in a process that shared the work:.*a bug"),
        ("die", WorkerDiedError, "has ended .code -9., probably for lack of memory: try --workers 1"),
    ],
)
def test_what_a_process_fails_of_is_raised_where_it_was_asked(task: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as error, Pool(Doing, 1) as pool:
        list(pool.results([task], lambda _: None))
    text = "".join([str(error.value), *getattr(error.value, "__notes__", ())])
    assert re.search(said, text, re.DOTALL)
    assert list(_children()) == []


def _children(of: int | None = None) -> Iterator[int]:
    """The processes that share the work of another, and live."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        state, parent = text.rpartition(")")[2].split()[:2]
        command = (path.parent / "cmdline").read_bytes()
        if int(parent) == (of or os.getpid()) and state != "Z" and b"batch.workers.pool" in command:
            yield int(path.parent.name)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_whoever_ends_the_command_ends_the_processes_that_share_its_work(
    number: signal.Signals, tmp_path: Path, root: Path
) -> None:
    """By Ctrl-C, which a terminal sends to all of them, silently; killed alone, as soon as they report."""
    events = tmp_path / "events.jsonl"
    with events.open("wb") as file:
        for seed in range(6):
            file.write(b"\n".join(lines(30, seed, 200)) + b"\n")
    rules = str(root / "examples/shop/rules/acme.yaml")
    ran = subprocess.Popen(
        [*KITTIWAKE, "simulate", rules, str(events), "--workers", "2", "--sample", "100%"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 60
        while not (children := list(_children(ran.pid))) or len(children) < 2:
            assert ran.poll() is None, ran.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        if number is signal.SIGINT:
            os.killpg(ran.pid, number)
        else:
            ran.send_signal(number)
        said = ran.communicate(timeout=60)
        while any(Path(f"/proc/{child}/cmdline").exists() for child in children):
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        ran.kill()
    assert said == ("", "")
    assert ran.returncode == (Exit.INTERRUPTED if number is signal.SIGINT else -number)
