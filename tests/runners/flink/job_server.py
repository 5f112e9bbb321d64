"""Beam's own runner for Flink: its job server, before the cluster of `cluster.py`.

The jar comes from Maven's central repository. Where this was written that did not serve any job server of Beam's, of
this release or of older ones, nor the libraries it is made of: `running` and what is built on it (`test_beams_runner`,
the Flink half of `test_batch` and `test_stream`) have been run nowhere yet, and `jar` says so in its refusal.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.runners.flink.cluster import Cluster, cluster
from tests.runners.places import FLINK, VERSION, MissingError, cache, tool
from tests.runners.serving import serving
from tests.services.emulators.processes import free_port

ARTIFACT: Final = f"beam-runners-flink-{FLINK}-job-server"
FETCH_S: Final = 600
START_S: Final = 60
HEAP: Final = "-Xmx1g"


def jar() -> Path:
    """The job server, fetched if it is not in the cache.

    Raises:
        MissingError: Java or Maven is not here, or the repository has no such jar.
    """
    tool("java", "Flink")
    found = kept()
    if not found.exists():
        _fetch(found.parent)
    return found


def kept() -> Path:
    """Where the jar is, or would be."""
    return cache() / f"{ARTIFACT}-{VERSION}.jar"


def _fetch(folder: Path) -> None:
    maven = tool("mvn", "Flink")
    artifact = f"org.apache.beam:{ARTIFACT}:{VERSION}"
    command = [maven, "-B", "-q", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_S, check=False)
    except subprocess.TimeoutExpired:
        raise MissingError(f"fetching {artifact} took more than {FETCH_S} s") from None
    if ran.returncode:
        said = next(
            (line.partition("ERROR] ")[2] for line in ran.stdout.splitlines() if "ERROR" in line), ran.stderr[-300:]
        )
        raise MissingError(f"Maven does not get {artifact}: {said}")


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A job server and a cluster of its own, stopped at the end; the endpoint of its job service."""
    with cluster(folder) as flink, serving_for(flink, folder) as endpoint:
        yield endpoint


@contextmanager
def serving_for(flink: Cluster, folder: Path) -> Iterator[str]:
    """A job server that hands jobs to a cluster."""
    port = free_port()
    ports = [f"--job-port={port}", "--artifact-port=0", "--expansion-port=0"]
    places = [f"--flink-master={flink.rest.address}", f"--artifacts-dir={folder / 'artifacts'}"]
    command = [tool("java", "Flink"), HEAP, "-jar", str(jar()), *ports, *places]
    with serving(command, port, folder / "job-server.log", START_S) as endpoint:
        yield endpoint
