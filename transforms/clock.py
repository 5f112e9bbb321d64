"""The clock of the streaming job, its only one, so that a test can replace it."""

from __future__ import annotations

import time


def now_us() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1_000
