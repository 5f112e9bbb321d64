"""A worker of a pool that does what it is asked to; in a module of its own, which its process imports alone."""

from __future__ import annotations

import os
import signal
from typing import Any

from kittiwake.batch.workers.pool import Report
from kittiwake.errors import UnusableError


class Doing:
    """Reports its number with each task."""

    def __init__(self, own: int) -> None:
        self._own = own

    def do(self, task: Any, report: Report) -> Any:
        """The task itself, unless it is one of these."""
        report(self._own)
        match task:
            case "who":
                return self._own
            case "refuse":
                raise UnusableError("it cannot be used")
            case "break":
                raise ValueError("a bug")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
        return task
