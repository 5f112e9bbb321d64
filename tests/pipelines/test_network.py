"""At run time the job speaks to nobody: not even to look for another runner."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.input.inputs import record, rows, write_lines
from tests.pipelines.running import ROOT, Job, arguments, as_a_process

# Python's own sockets, names looked up included; the addresses of this machine are allowed.
GUARD = """
import sys

def guard(event, arguments):
    if event == "socket.connect":
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "localhost"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if host not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"):
        sys.stderr.write(f"NETWORK {event} {host}\\n")
        raise OSError(f"no network: {host}")

sys.addaudithook(guard)
from kittiwake.pipelines.backfill import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def argv(job: Job, tmp_path: Path) -> list[str]:
    lines = [record(event_id="e1"), record(event_id="e2", contact_id="c9", time="2026-11-01T17:00:00Z")]
    return arguments(job.rules, write_lines(tmp_path / "events.jsonl", lines), tmp_path / "out")


@pytest.mark.parametrize("flags", [[], ["--runner", "DirectRunner"]])
def test_no_socket_leaves_this_machine(argv: list[str], tmp_path: Path, flags: list[str]) -> None:
    command = [sys.executable, "-c", GUARD, *flags, *argv]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, "NETWORK" in ran.stderr) == (0, False), ran.stderr
    assert len(rows(tmp_path / "out" / "triggers")) == 1


def _can_unshare() -> bool:
    tool = shutil.which("unshare")
    return tool is not None and subprocess.run([tool, "-rn", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _can_unshare(), reason="this machine makes no network namespaces")
def test_the_job_runs_where_there_is_no_network_at_all(argv: list[str], tmp_path: Path) -> None:
    ran = as_a_process([*argv, "--runner", "DirectRunner"], "unshare", "-rn")
    assert ran.returncode == 0, ran.stderr
    assert len(rows(tmp_path / "out" / "triggers")) == 1
