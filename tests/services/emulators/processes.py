"""A service of somebody else's in a process of its own, for as long as it is wanted. Called by the services beside.

What a service says is kept in a file, and its end is shown if the service does not start. It is killed, not asked: none
of them has anything to keep. Where the system can do that it also dies with whoever started it, however that ends.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

# The slowest takes 4 s on two busy cores.
SECONDS_TO_START = 60
SECONDS_TO_ANSWER = 5
# Compiled once and quickly, and swept by one thread: what lives for a minute never earns more back.
SHORT_LIVED_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# Of what a service has said, in the failure of its start.
CHARACTERS_SHOWN = 4_000
# Above the well-known ones; Linux gives those from 32768 on to who connects, others higher ones.
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port that nobody listens on, and that no system gives to one who connects while its service starts."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port


class NotStartedError(Exception):
    """A service that ended, or does not answer; with what it said."""


class Service:
    """A process that is up when a URL of its answers with 200. Its `restart` keeps the ports."""

    def __init__(
        self, command: Sequence[str | Path], url: str, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = [*dying_with_us(), *command]
        self._url = url
        self._own_environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self.log = log

    def start(self) -> None:
        """Returns when the service answers.

        Raises:
            NotStartedError: it has ended, or does not answer.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._own_environment,
                start_new_session=True,  # Ctrl-C in the terminal is not for it: who has started it ends it, in order
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while not _answers(self._url):
            if self._process.poll() is not None:
                raise NotStartedError(f"{self._command} has ended:\n{self.said()}")
            if time.monotonic() > deadline:
                raise NotStartedError(f"{self._command} does not answer at {self._url}:\n{self.said()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Returns when the process is gone."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """The fault of a service that goes away and comes back, at the same address, with what it keeps on disk."""
        self.kill()
        self.start()

    def said(self) -> str:
        """The end of what the service has written to its terminal."""
        return self.log.read_text(errors="replace")[-CHARACTERS_SHOWN:]


@contextmanager
def running(service: Service) -> Iterator[None]:
    """The service, up until the end."""
    try:
        service.start()
        yield
    finally:
        service.kill()


def dying_with_us() -> list[str]:
    """What makes Linux kill a child, put before its command, when its parent is killed and cannot clean up."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=SECONDS_TO_ANSWER):
            return True
    except OSError:
        return False
