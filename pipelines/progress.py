"""A line now and then for whoever waits, on standard error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from transforms.progress import SEEN

SECONDS_A_LINE: Final = 5.0
"""Often enough to see that it moves, seldom enough for a log."""


def say(text: str) -> None:
    """One line on standard error, which is not the job's output."""
    print(f"backfill: {text}", file=sys.stderr, flush=True)


@contextmanager
def progress_shown(bytes_total: int, seconds: float = SECONDS_A_LINE) -> Iterator[None]:
    """Tells every few seconds how far this process has come, while the body runs."""
    SEEN.reset()
    done = threading.Event()

    def tell() -> None:
        waited = 0.0
        while not done.wait(seconds):
            waited += seconds
            say(_so_far(bytes_total, waited))

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _so_far(bytes_total: int, waited: float) -> str:
    if SEEN.contacts:
        return f"{waited:.0f} s: {SEEN.contacts:,} contacts decided"
    if SEEN.bytes_read:
        return f"{waited:.0f} s: read {megabytes(SEEN.bytes_read)} of {megabytes(bytes_total)}"
    return f"{waited:.0f} s: workers are running"


def megabytes(size: int) -> str:
    """A size for people.

    >>> megabytes(1_234_567)
    '1.2 MB'
    """
    return f"{size / 1_000_000:,.1f} MB"
