"""A BigQuery emulator in a process of its own: `local-bigquery`, in the venv that `installing` makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.services.emulators import installing, processes

# The one it starts with; another costs a database of its own.
PROJECT = "kittiwake-test"
SERVE = "from local_bigquery.cli import main; main()"


class BigqueryService(processes.Service):
    """The emulator: REST at `url`, Storage Read and Write over plain gRPC at `grpc_address` (`127.0.0.1:PORT`).

    Tables outlive a `restart`.
    """

    def __init__(self, place: Path, folder: Path) -> None:
        port, grpc_port = processes.free_port(), processes.free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.grpc_address = f"127.0.0.1:{grpc_port}"
        where = ["--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(grpc_port), "--project", PROJECT]
        command: list[str | Path] = [
            installing.python_in(place),
            "-c",
            SERVE,
            "serve",
            *where,
            "--data-dir",
            folder / "bigquery",
        ]
        # What `emulated` reads in a process of its own.
        self.environment = {"BIGQUERY_EMULATOR_HOST": self.url, "BIGQUERY_STORAGE_EMULATOR_HOST": self.grpc_address}
        # The first answer opens its database: ready is what has answered that.
        ready = f"{self.url}/bigquery/v2/projects/{PROJECT}/datasets"
        home = {"HOME": str(installing.home_in(place))}
        super().__init__(command, ready, folder / "bigquery.log", home)


def missing() -> str | None:
    """What is not here that the emulator and its clients need; None: nothing."""
    if find_spec("google") is None or find_spec("google.cloud") is None or find_spec("google.cloud.bigquery") is None:
        return "google-cloud-bigquery is not installed here: make venv"
    return None if installing.place() else f"the BigQuery emulator is not installed here: {installing.GET_IT}"


@contextmanager
def running(folder: Path) -> Iterator[BigqueryService]:
    """An emulator without tables, until the end; its tables and what it says lie in the folder."""
    place = installing.place()
    assert place
    service = BigqueryService(place, folder)
    with processes.running(service):
        yield service
