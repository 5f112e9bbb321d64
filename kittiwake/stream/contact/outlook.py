"""What is known of a contact's time to come without its state: when something falls due, and under which rules.

Pure. Kept beside the state by `timers`, so that the daily firing, which asks whether a version was published meanwhile,
need neither read the state nor write anything. A state still has to be evaluated now and then, for what time has passed
goes by that: after as long as the contact had been silent, and so some eight times within a year.
"""

from __future__ import annotations

import msgspec

from kittiwake.kernel import Advanced
from kittiwake.kernel.state.state import keeps_ids
from kittiwake.time.instants import END_OF_TIME_US


class Outlook(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of a contact, when it was evaluated."""

    due_us: int
    """Under these rules nothing falls due before it."""
    evaluate_us: int
    """From then on it is evaluated all the same."""
    fingerprint: int
    """Of the rules, `Plan.fingerprint`."""


def outlook_of(step: Advanced, upto_us: int, horizon_us: int, fingerprint: int) -> Outlook:
    """After an evaluation up to an instant."""
    state = step.state
    silent_us = 0 if state.newest_us is None else max(0, upto_us - state.newest_us)
    if state.since is not None or keeps_ids(state):
        silent_us = min(silent_us, 2 * horizon_us + 1)  # what corrections need goes by then
    due_us = END_OF_TIME_US if step.next_timer_us is None else step.next_timer_us
    return Outlook(due_us, min(upto_us + silent_us, END_OF_TIME_US), fingerprint)
