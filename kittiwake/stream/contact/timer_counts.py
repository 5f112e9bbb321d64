"""What one timer firing counts, as a value.

`kittiwake.transforms.stream.evaluate` adds it to the metrics once a firing.
"""

from __future__ import annotations

from typing import NamedTuple

from kittiwake.model import Decision


class TimerCounts(NamedTuple):
    """Numbers of one firing."""

    evaluated: int = 0
    idle: int = 0
    held: int = 0
    ahead: int = 0
    """Held back since it lay ahead of the clock."""
    failed: int = 0
    failure: str = ""
    """What the contact failed with, without values."""
    duplicates: int = 0
    conflicts: int = 0
    corrected: int = 0
    forgotten: int = 0
    horizon_cut: int = 0
    ids_forgotten: int = 0
    repeats: int = 0
    repeats_forgotten: int = 0
    silent: int = 0
    of_flood: int = 0
    consents_kept: int = 0
    """Whether consents alone stay of it from now on, for ever."""
    profiles_kept: int = 0
    """Whether more than that stays."""
    too_late: int = 0
    state_bytes: int = 0
    waiting: int = 0
    decisions: tuple[Decision, ...] = ()
