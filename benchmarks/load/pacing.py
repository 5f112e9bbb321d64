"""Keeping to a rate by a monotonic clock, and knowing how well it was kept.

What is late is sent at once, so that a pause of the machine is made up for, and is reported.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from kittiwake.time.instants import SECOND_US

EARLY_S: Final = 0.002
"""So much before it is due a message may go: shorter pauses cost more than they are worth."""


class Pacer:
    """Waits until something is due."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._monotonic, self._sleep = monotonic, sleep
        self._began_s = monotonic()
        self.behind_s = 0.0
        """The most that anything was late."""

    @property
    def passed_s(self) -> float:
        """Since the pacer was made."""
        return self._monotonic() - self._began_s

    def wait_until(self, due_us: int) -> None:
        """Return when `due_us` from the start has come, or at once if it has passed."""
        ahead_s = due_us / SECOND_US - self.passed_s
        if ahead_s > EARLY_S:
            self._sleep(ahead_s)
        else:
            self.behind_s = max(self.behind_s, -ahead_s)
