"""How the command ends: signals, streams that take nothing more, and what is then true of the output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kittiwake.terminal.exit_codes import Exit
from tests.cli.command import RULES, event, write
from tests.disks import make_read_only, mounted

KITTIWAKE = [sys.executable, "-c", "from kittiwake.cli.entry import main; main()"]
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
SECONDS = 180


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """What `replay` and `explain` take: one cart, and its contact."""
    rules = write(tmp_path / "rules.yaml", RULES)
    seen = event("page.viewed", "2026-11-03T09:00:00Z", "c2")
    events = write(tmp_path / "events.jsonl", event("cart.item_added", "2026-11-02T09:00:00Z"), seen)
    return ["--rules", str(rules), "--input", str(events)]


def sh(command: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A line of shell, in which `$0 "$@"` is the command with its arguments."""
    code = command.replace("kittiwake", f"{sys.executable} -m kittiwake.cli.main")
    return subprocess.run(
        ["bash", "-c", code, "bash", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=SECONDS
    )


# ---------------------------------------------------------------- streams


def test_replay_whose_summary_no_disk_takes_has_written_its_output_and_says_so(
    arguments: list[str], tmp_path: Path
) -> None:
    ran = sh('kittiwake replay "$@" > /dev/full', *arguments, "--output", tmp_path / "out")
    assert ran.returncode == Exit.UNPRINTED
    assert ran.stderr == (
        "kittiwake: standard output takes no more (No space left on device), and what is printed there is not whole; "
        "all else is done. The exit code would be 0.\n"
    )
    assert (tmp_path / "out" / "summary.json").exists()


@pytest.mark.parametrize("closed", ["| true", ">&-", "2>&1 | true", ">&- 2>&-", "2>/dev/full | true"])
def test_replay_goes_on_when_nobody_reads_what_it_says(arguments: list[str], tmp_path: Path, closed: str) -> None:
    output = ("--output", tmp_path / "out")
    ran = sh(f'set -o pipefail; kittiwake replay "$@" {closed}', *arguments, *output)
    assert (ran.returncode, ran.stdout, ran.stderr) == (Exit.FINE, "", "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        ".kittiwake", "dead_letters", "decisions", "summary.json", "triggers",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "command", ["schema", "recipes", "--help", "explain --contact c1", "explain --json --contact c1"]
)
def test_a_reader_that_has_seen_enough_ends_a_command_quietly(arguments: list[str], command: str) -> None:
    inputs = arguments if command.startswith("explain") else []
    ran = sh(f'set -o pipefail; kittiwake {command} "$@" | head -1', *inputs)
    assert (ran.returncode, ran.stderr) == (Exit.FINE, "")
    assert len(ran.stdout.splitlines()) == 1
    full = sh(f'kittiwake {command} "$@" > /dev/full', *inputs)
    assert full.returncode == Exit.UNPRINTED
    assert full.stderr.count("\n") == 1


def test_what_is_found_is_reported_by_the_code_to_whoever_reads_nothing_else(tmp_path: Path) -> None:
    linted = write(tmp_path / "odd.yaml", RULES + "    expires: 30m\n    reentry: 1000d\n")
    bad = write(tmp_path / "bad.yaml", "rules: 1")
    for file, code in ((linted, sh("kittiwake validate $1", linted).returncode), (bad, Exit.UNUSABLE)):
        assert sh("set -o pipefail; kittiwake validate $1 2>&1 | true", file).returncode == code
        assert sh("kittiwake validate $1 >&- 2>&-", file).returncode == code
    assert sh("kittiwake validate --json $1 > /dev/full", bad).returncode == Exit.UNUSABLE


def test_a_file_that_is_opened_never_takes_the_place_of_a_closed_stream(arguments: list[str], tmp_path: Path) -> None:
    """With 1 and 2 closed, a part of the output would get the number to which everybody prints."""
    ran = sh('kittiwake replay "$@" 0<&- >&- 2>&-', *arguments, "--output", tmp_path / "out")
    assert ran.returncode == 0
    (part,) = (tmp_path / "out" / "decisions").iterdir()
    assert part.read_text().count("\n") == 1


def test_a_bug_is_no_finding(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "from kittiwake.cli import main; from kittiwake.cli.commands import replay; "
        "replay.settings_of = lambda *_: 1 / 0; main.app()"
    )
    command = [sys.executable, "-c", code, "replay", *arguments, "--output", str(tmp_path / "out")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, "ZeroDivisionError" in ran.stderr) == (Exit.FAILED, True)


# ---------------------------------------------------------------- signals


class Running:
    """The command in a process of its own, in which no signal is ignored."""

    def __init__(self, *arguments: str | Path, command: list[str] = KITTIWAKE) -> None:
        usual = "import os, signal, sys; [signal.signal(one, signal.SIG_DFL) for one in (1, 2, 15)]; "
        begun = [sys.executable, "-c", f"{usual}os.execv(sys.argv[1], sys.argv[1:])", *command]
        self._process = subprocess.Popen(
            [*begun, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def pause(self, is_so: Callable[[], bool]) -> None:
        """Stop it once something is so, until SIGCONT."""
        self._wait(is_so)
        self._process.send_signal(signal.SIGSTOP)

    def listens(self) -> bool:
        """Whether it has a handler of its own for SIGTERM."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)

    def wait_for_line(self) -> None:
        """Until it has said something."""
        assert self._process.stderr is not None
        self._process.stderr.readline()

    def _wait(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + SECONDS
        while not is_so() and self._process.poll() is None and time.monotonic() < until:
            time.sleep(0.001)

    def ended(self, name: str, is_so: Callable[[], bool] = lambda: True, after_s: float = 0) -> tuple[int, str]:
        """Send a signal once something is so; the exit code and what it said."""
        self._wait(is_so)
        time.sleep(after_s)
        self._process.send_signal(getattr(signal, name))
        _, said = self._process.communicate(timeout=SECONDS)
        return self._process.returncode, said


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """As `arguments`, with work for seconds, of one contact."""
    folder = tmp_path_factory.mktemp("many")
    rules = write(folder / "rules.yaml", RULES)
    lines = [event("cart.item_added", f"2026-11-02T09:{n // 60 % 60:02}:{n % 60:02}.{n:06}Z") for n in range(60_000)]
    return ["--rules", str(rules), "--input", str(write(folder / "events.jsonl", *lines))]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_query_while_it_runs(arguments: list[str], tmp_path: Path, name: str) -> None:
    if not os.environ.get("CI"):
        pytest.importorskip("duckdb")
    sql = "SELECT max(hash(a.i * b.i))::VARCHAR AS event_id, 'acme' AS account_id, 'a.b' AS type, '' AS time"
    query = write(tmp_path / "slow.sql", f"{sql} FROM range(1000000) a(i), range(1000000) b(i)")
    run = Running("replay", *arguments[:2], "--query", query, "--output", tmp_path / "out")
    code, said = run.ended(name, (tmp_path / "out" / ".partial").exists, 0.5)
    assert (code, said) == (128 + signal.Signals[name], "interrupted; the output is as it was\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_ends_replay_and_leaves_the_output_as_it_was(many: list[str], tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    code, said = Running("replay", *many, "--output", out).ended(name, (out / ".partial").exists, 0.1)
    assert (code, said) == (128 + signal.Signals[name], "interrupted; the output is as it was\n")
    assert not out.exists()


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_ends_explain_without_a_word(many: list[str], name: str) -> None:
    running = Running("explain", *many, "--contact", "c1")
    code, said = running.ended(name, running.listens, 0.3)
    assert (code, said) == (128 + signal.Signals[name], "")


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_ends_a_test_that_takes_long(many: list[str], tmp_path: Path, name: str) -> None:
    write(tmp_path / "rules.yaml", RULES)
    steps = ", ".join(["{cart.item_added: {}}", "{after: 2h}"] * 20_000)
    file = write(tmp_path / "long.test.yaml", f"tests: [{{name: it, steps: [{steps}]}}]")
    running = Running("test", file)
    code, said = running.ended(name, running.listens, 0.3)
    assert (code, said) == (128 + signal.Signals[name], "")


LOADING = """
import sys, time
from kittiwake.cli import entry

quit_at_once = entry.quit_at_once

def loading():
    quit_at_once()
    print("loading", file=sys.stderr, flush=True)
    while True:
        time.sleep(0.01)  # not one long sleep: a signal may come right before it

entry.quit_at_once = loading
entry.main()
"""


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_while_modules_load_ends_the_command_without_a_traceback(name: str) -> None:
    running = Running(command=[sys.executable, "-c", LOADING])
    running.wait_for_line()
    assert running.ended(name) == (128 + signal.Signals[name], "")


def test_what_nohup_asks_to_be_ignored_is_ignored(many: list[str], tmp_path: Path) -> None:
    running = Running("replay", *many, "--output", tmp_path / "out", command=["/usr/bin/env", "nohup", *KITTIWAKE])
    code, said = running.ended("SIGHUP", (tmp_path / "out" / ".partial").exists, 0.1)
    assert (code, "interrupted" in said) == (0, False)


# ---------------------------------------------------------------- disks


def broken(arguments: list[str], folder: Path) -> list[str]:
    """As `arguments`, of records of which each leaves a dead letter: more than a small disk takes."""
    return [*arguments[:2], "--input", str(write(folder / "broken.jsonl", *["{"] * 5_000))]


def test_replay_onto_a_full_disk_is_reported_and_leaves_nothing(arguments: list[str], tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "64k") as disk:
        ran = sh('kittiwake replay "$@"', *broken(arguments, tmp_path), "--output", disk / "out")
        assert (ran.returncode, ran.stderr) == (
            Exit.UNUSABLE,
            f"cannot write to the output {disk}/out: No space left on device\n",
        )
        assert list(disk.iterdir()) == []


def test_what_is_read_only_is_reported(arguments: list[str], tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        (disk / "rules").mkdir()
        make_read_only(disk)
        ran = sh('kittiwake replay "$@"', *arguments, "--output", disk / "out")
        assert (ran.returncode, ran.stderr) == (
            Exit.UNUSABLE, f"cannot write to the output {disk}/out: Read-only file system\n",
        )  # fmt: skip
        ran = sh('kittiwake publish "$@" --effective-from always', arguments[1], disk / "rules")
        assert (ran.returncode, "Read-only file system" in ran.stderr) == (Exit.UNUSABLE, True)


def test_a_file_that_may_not_grow_is_reported_as_a_full_disk_is(arguments: list[str], tmp_path: Path) -> None:
    arguments = (*broken(arguments, tmp_path), "--output", tmp_path / "out")
    ran = sh('ulimit -f 8; kittiwake replay "$@"', *arguments)
    assert (ran.returncode, "File too large" in ran.stderr) == (Exit.UNUSABLE, True)
    assert not (tmp_path / "out").exists()


def test_of_two_runs_into_one_output_one_is_refused(many: list[str], arguments: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = Running("replay", *many, "--output", out)
    first.pause((out / ".partial").exists)
    ran = sh('kittiwake replay "$@"', *arguments, "--output", out)
    assert (ran.returncode, "another run is writing into the output" in ran.stderr) == (Exit.UNUSABLE, True)
    code, said = first.ended("SIGCONT")
    assert (code, [line for line in said.splitlines() if "deciding" not in line]) == (
        0,
        [],
    )  # progress, on a busy machine
    assert '"events": 60000' in (out / "summary.json").read_text()
