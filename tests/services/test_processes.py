"""Services that are missing, that do not start, and that nobody ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.services.emulators import installing, pubsub
from tests.services.emulators.processes import NotStartedError, Service, free_port, running
from tests.services.skipping import skip_or_fail

SERVE = "import http.server, sys; http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]))"
# Starts a service, says which process that is, and waits to be killed.
LEAVE_ALONE = """
import pathlib, sys, time
from tests.services.emulators.processes import Service
command, url, log = [sys.executable, "-c", sys.argv[1], sys.argv[2]], f"http://127.0.0.1:{sys.argv[2]}/", sys.argv[3]
service = Service(command, url, pathlib.Path(log))
service.start()
print(service._process.pid, flush=True)
time.sleep(60)
"""


def test_what_is_missing_skips_a_test_on_a_laptop_and_fails_it_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    skip_or_fail(None)
    with pytest.raises(pytest.skip.Exception, match="no jar"):
        skip_or_fail("no jar")
    monkeypatch.setenv("CI", "true")
    skip_or_fail(None)
    with pytest.raises(pytest.fail.Exception, match="no jar"):
        skip_or_fail("no jar")


def test_without_gcloud_the_reason_says_how_to_get_the_emulator(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PUBSUB_EMULATOR_JAR", raising=False)
    java = tmp_path / "java"
    java.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pubsub.GET_IT in (pubsub.missing() or "")


def test_a_service_that_ends_at_once_tells_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no room')"]
    with (
        pytest.raises(NotStartedError, match="no room"),
        running(Service(command, f"http://127.0.0.1:{free_port()}", tmp_path / "log")),
    ):
        pass


def test_a_port_for_a_service_is_none_that_somebody_who_connects_may_take_before_it_starts() -> None:
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(given.read_text().split()[0]) if given.exists() else 49_152
    assert all(free_port() < lowest for _ in range(50))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        assert all(free_port() != taken.getsockname()[1] for _ in range(50))


@pytest.mark.skipif(not shutil.which("setpriv"), reason="only Linux' setpriv ties a child's life to its parent's")
def test_a_service_ends_with_tests_that_are_killed(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEAVE_ALONE, SERVE, str(free_port()), str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout
        service = int(tests.stdout.readline())
        os.kill(tests.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _runs(service):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(process: int) -> bool:
    """Whether it does; one that nobody has waited for does not."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def test_without_a_python_for_it_the_emulator_is_missed_on_a_laptop_and_not_to_be_missed_in_ci(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv(installing.PYTHON, str(tmp_path / "no-python"))
    monkeypatch.delenv("CI", raising=False)
    assert installing.main() == 0
    assert "no Python 3.13" in capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    assert installing.main() == 1
    assert installing.place() is None


def test_an_installation_that_broke_off_does_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    folder = installing.venv_folder()
    folder.mkdir()
    assert installing.place() is None
    (folder / installing.COMPLETE).touch()
    assert installing.place() == folder
