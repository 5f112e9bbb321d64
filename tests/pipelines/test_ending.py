"""How the jobs' mains end: signals, streams that take nothing more, full disks, two of them at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kittiwake.terminal.exit_codes import Exit
from tests.cli.test_ending import SIGNALS, Running
from tests.disks import make_read_only, mounted
from tests.input.inputs import record, write_lines, write_rules
from tests.pipelines.running import ROOT, arguments

BACKFILL = [sys.executable, "-m", "kittiwake.pipelines.backfill"]
CARTS = [record(event_id=f"e{number}", contact_id=f"c{number % 97}") for number in range(5_000)]
BROKEN = [b"{"] * 5_000


@pytest.fixture
def argv(tmp_path: Path) -> list[str]:
    """What a backfill of some carts takes, into `out`."""
    events = write_lines(tmp_path / "events.jsonl", CARTS)
    return arguments(write_rules(tmp_path / "rules.yaml"), events, tmp_path / "out")


def sh(line: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """A line of shell, in which `backfill` is the main with these arguments."""
    code = line.replace("backfill", f'{sys.executable} -m kittiwake.pipelines.backfill "$@"')
    return subprocess.run(["bash", "-c", code, "bash", *argv], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("name", "workers"), [*((name, 1) for name in SIGNALS), ("SIGINT", 2), ("SIGTERM", 2)])
def test_a_signal_ends_a_backfill_with_its_workers_and_leaves_the_output_as_it_was(
    argv: list[str], tmp_path: Path, name: str, workers: int
) -> None:
    out = tmp_path / "out"
    running = Running(*argv, f"--direct_num_workers={workers}", command=BACKFILL)
    code, said = running.ended(name, (out / ".partial").exists, 0.3)
    assert code == 128 + signal.Signals[name], said
    assert said.splitlines()[-1] == "backfill: interrupted; the output is as it was"
    assert "Traceback" not in said
    assert not out.exists()


@pytest.mark.parametrize("module", ["backfill", "stream", "reingest"])
def test_a_signal_while_beam_loads_is_no_traceback(module: str) -> None:
    running = Running("--help", command=[sys.executable, "-m", f"kittiwake.pipelines.{module}"])
    code, said = running.ended("SIGINT", running.listens)
    assert (code, said) == (Exit.INTERRUPTED, "")


@pytest.mark.parametrize("closed", ["2>&1 | true", ">&- 2>&-"])
def test_a_backfill_goes_on_when_nobody_reads_what_it_says(argv: list[str], tmp_path: Path, closed: str) -> None:
    ran = sh(f"set -o pipefail; backfill {closed}", *argv)
    assert (ran.returncode, ran.stdout, ran.stderr) == (Exit.FINE, "", "")
    assert not (tmp_path / "out" / ".partial").exists()
    assert (tmp_path / "out" / "summary.json").exists()


def test_a_backfill_whose_summary_no_disk_takes_has_written_its_output_and_says_so(
    argv: list[str], tmp_path: Path
) -> None:
    ran = sh("backfill > /dev/full", *argv)
    assert ran.returncode == Exit.UNPRINTED
    assert "all else is done. The exit code would be 0." in ran.stderr
    assert (tmp_path / "out" / "summary.json").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_told_once_and_leaves_nothing(tmp_path: Path, workers: int) -> None:
    rules, events = write_rules(tmp_path / "rules.yaml"), write_lines(tmp_path / "events.jsonl", BROKEN)
    with mounted(tmp_path / "disk", "64k") as disk:
        ran = sh("backfill", *arguments(rules, events, disk / "out"), f"--direct_num_workers={workers}")
        assert ran.returncode == Exit.UNUSABLE, ran.stderr
        assert "Traceback" not in ran.stderr
        last = ran.stderr.splitlines()[-1]
        assert last.startswith("backfill: error: a disk refuses, that of the output or of ")
        assert last.endswith(": No space left on device; the output is as it was")
        assert list(disk.iterdir()) == []


def test_a_stream_onto_a_full_or_read_only_disk_is_told_and_leaves_no_half_file(tmp_path: Path) -> None:
    pytest.importorskip("google.cloud.bigquery")
    rules, events = write_rules(tmp_path / "rules.yaml"), write_lines(tmp_path / "events.jsonl", BROKEN)
    with mounted(tmp_path / "disk", "64k") as disk:
        flags = ("--rules", rules, "--events", events, "--output", disk / "out")
        command = [sys.executable, "-m", "kittiwake.pipelines.stream", *map(str, flags)]
        for why in ("No space left on device", "Read-only file system"):
            ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert ran.returncode == Exit.UNUSABLE, ran.stderr
            assert ran.stderr.splitlines()[-1].endswith(f": {why}")
            assert "Traceback" not in ran.stderr
            assert [path for path in disk.rglob("*") if path.suffix == ".part"] == []
            make_read_only(disk)


def test_of_a_backfill_and_a_replay_into_one_output_one_is_refused(argv: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = Running(*argv, command=BACKFILL)
    first.pause((out / ".partial").exists)
    flags = argv[2:] if argv[0] == "--start" else argv
    replay = [sys.executable, "-m", "kittiwake.cli.main", "replay", *flags]
    for second in (replay, [*BACKFILL, *argv]):
        ran = subprocess.run(second, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (ran.returncode, "another run is writing into the output" in ran.stderr) == (Exit.UNUSABLE, True)
    code, said = first.ended("SIGCONT")
    assert code == 0, said


TWO_REINGESTS = """
from pathlib import Path
import sys
from kittiwake.errors import UnusableError
from kittiwake.stream.redelivery import Redelivery
from kittiwake.pipelines import reingest

output = Path(sys.argv[1])

def feeds():
    yield Redelivery(b'{"of": "one"}', {}, 0)
    try:
        reingest._write(output, [Redelivery(b'{"of": "two"}', {}, 0)])
    except UnusableError as error:
        print(error)

reingest._write(output, feeds())
"""


def test_of_two_reingests_into_one_file_one_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("google.cloud.bigquery")
    file = tmp_path / "mended.jsonl"
    command = [sys.executable, "-c", TWO_REINGESTS, str(file)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stdout == f"another run is writing {file}: wait for its end, or name another file\n", ran.stderr
    assert file.read_text() == '{"of": "one"}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["mended.jsonl"]
