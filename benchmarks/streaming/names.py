"""What is measured, by name, and what a case says and comes to: without Beam, so that who starts cases stays small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kittiwake.time.instants import SECOND_US

PASSING: Final = "no state"
BARE: Final = "bare"
HOST: Final = "host"
CLOCKED: Final = "host, clocked"
"""The host with clocks inside: only what it says of the kernel counts."""
NAIVE: Final = "naive"
SPARING: Final = "naive, sparing"

SLOTS: Final = "bag, a timer a slot"
ONE_TIMER: Final = "bag, one timer"
IN_CELL: Final = "all in the cell"

LEAN: Final = "lean"
IN_PROCESS: Final = "in process"
SUBPROCESS: Final = "subprocess"
RUNNERS: Final = (LEAN, IN_PROCESS, SUBPROCESS)
STEADY: Final = "steady"
"""A worker process as well; bursts come one after another, and only what they cost while the stream flows counts."""

TWO_HUNDRED: Final = "two hundred"
"""Rules: the twelve under other names, again and again."""

CACHES_MB: Final = (0, 100)
"""Of Beam's worker: none, as is its default, and one from which nothing has to go."""
WARM_BURSTS: Final = 1
"""Of a steady stream: they come first, and do not count. Imports, compiled rules, the first state of a contact."""


@dataclass(frozen=True)
class Case:
    """What is run."""

    dofn: str
    runner: str
    rules: str
    contacts: int
    events: int
    """Of a burst."""
    bursts: int = 1
    """Beam's runner hands a contact's bursts over in one bundle, before the first timer fires."""
    spread_us: int = SECOND_US
    """The time that a burst takes."""
    is_deaf: bool = True
    """Whether only events wake a contact: no timer is set for what falls due later."""
    cell_bytes: int = 0
    own_wakes: float = 0
    """Of `bare`: how often a contact of the host's woke of itself, and how large its cell was."""
    cache_mb: int = 0
    """Of `STEADY`: what Beam's worker may keep of state from bundle to bundle; 0: nothing."""


@dataclass
class Result:
    """What a case cost, without the start."""

    cpu_us: float
    kernel_us: float
    """Of `CLOCKED` alone."""
    wakes: int
    """Of `CLOCKED` alone."""
    counts: dict[str, int]
    """Of `LEAN`, what went through; of `STEADY`, requests for state, with those of what does not count."""
