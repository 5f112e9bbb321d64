"""The host's clock. The only one of the streaming job, so that a test can give it another."""

from __future__ import annotations

import time


def now_us() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1_000
