"""Google's Pub/Sub emulator in a process of its own: the jar that comes with `gcloud`, run without `gcloud`.

`gcloud beta emulators pubsub start` would leave its Java process behind when it is killed.
The jar is found beside `gcloud`, or is what `PUBSUB_EMULATOR_JAR` names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.services.emulators import processes

JAR = "platform/pubsub-emulator/lib/*-all.jar"
GET_IT = "apt-get install google-cloud-cli-pubsub-emulator, or: gcloud components install pubsub-emulator"


class PubsubService(processes.Service):
    """The emulator at `address`, which is `127.0.0.1:PORT`. A `restart` loses topics, subscriptions and messages."""

    def __init__(self, jar: Path, folder: Path) -> None:
        port = processes.free_port()
        self.address = f"127.0.0.1:{port}"
        self.environment = {"PUBSUB_EMULATOR_HOST": self.address}
        # Nobody keeps much in it: without a bound Java would take what suits a quarter of the machine.
        command: list[str | Path] = ["java", "-Xmx256m", *processes.SHORT_LIVED_JAVA.split(), "-jar", jar]
        command += ["--host=127.0.0.1", f"--port={port}"]
        super().__init__(command, f"http://{self.address}/", folder / "pubsub.log")


def missing() -> str | None:
    """What is not here that the emulator and its clients need; None: nothing."""
    if find_spec("google") is None or find_spec("google.pubsub_v1") is None:
        return "google-cloud-pubsub is not installed here: make venv"
    if not shutil.which("java"):
        return "java is not here, which the Pub/Sub emulator needs"
    return None if _jar() else f"the Pub/Sub emulator is not here: {GET_IT}, or set PUBSUB_EMULATOR_JAR"


@contextmanager
def running(folder: Path) -> Iterator[PubsubService]:
    """An emulator without topics, until the end; what it says goes to a file in the folder."""
    jar = _jar()
    assert jar
    service = PubsubService(jar, folder)
    with processes.running(service):
        yield service


def _jar() -> Path | None:
    if named := os.environ.get("PUBSUB_EMULATOR_JAR"):
        return Path(named)
    gcloud = shutil.which("gcloud")
    # …/bin/gcloud, whatever links lead there
    jars = sorted(Path(gcloud).resolve().parent.parent.glob(JAR)) if gcloud else []
    return jars[-1] if jars else None
