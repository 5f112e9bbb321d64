"""What stays of a contact that was forgotten and that no time ends: its consents, or more of it.

Pure. Called by `timers`, which counts contacts as they come to it.
"""

from __future__ import annotations

from enum import Enum

from kittiwake.kernel import State
from kittiwake.kernel.state.state import keeps_ids, keeps_something


class Lasting(Enum):
    """What stays."""

    CONSENTS = "consents"
    """And nothing else."""
    PROFILE = "profile"
    """Attributes that rules read, thresholds that are used up, or a date that comes every year."""


def lasting(state: State, next_timer_us: int | None) -> Lasting | None:
    """What stays for ever as far as is known now; None: nothing does, or something has still to go."""
    if next_timer_us is not None or state.first_us is not None or not keeps_something(state):
        return None
    if state.since or keeps_ids(state) or state.inbox:
        return None
    more = state.rules or state.records or state.firings or state.attributes != "{}"
    return Lasting.PROFILE if more else Lasting.CONSENTS
