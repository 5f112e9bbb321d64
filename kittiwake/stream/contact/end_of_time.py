"""Whether the watermark stands at the end of time, as a drain leaves it: what one process has learnt of it.

A host cannot read its watermark; that a timer fires says only that the watermark has come to what it was set for. So
where a contact is held back by the clock, a process now and then sets one timer more for the end of time. It fires at
once in a drain, and from then on no contact of the process that is ahead of the clock is given another timer: it would
fire at once as well, and decide nothing. Where the watermark is a little ahead, it waits until there is a drain.

Changes itself, and has no clock and no lock: for any number of threads, of which two may ask where one would do.
"""

from __future__ import annotations

from typing import Final

from kittiwake.stream.contact.timer_grid import LAST_US, TIMER_US
from kittiwake.time.instants import BEFORE_ALL_US, HOUR_US, SECOND_US

END_TIMER_US: Final = LAST_US - TIMER_US
"""For when the timer is set that asks. No runner fires it but for a watermark that has left all calendars."""

ASK_US: Final = 10 * SECOND_US
"""How long a process waits for an answer, at first: its timer may have fired in another process, which learns then."""

ASK_MAX_US: Final = HOUR_US
"""How long it waits in the end: a watermark that is ahead all the time leaves a process 24 such timers a day."""


class EndOfTime:
    """What a process knows, and whether it asks."""

    def __init__(self) -> None:
        self.is_reached = False
        """Whether a timer for the end of time has fired in this process: a watermark never goes back."""
        self._asks_from_us = BEFORE_ALL_US
        self._wait_us = ASK_US

    def note_firing(self, at_us: int) -> None:
        """A timer that was set for this instant has fired."""
        self.is_reached = self.is_reached or at_us >= END_TIMER_US

    def asks(self, clock_us: int) -> bool:
        """Whether a contact that is ahead of the clock is to set the timer that asks."""
        return not self.is_reached and clock_us >= self._asks_from_us

    def note_asked(self, clock_us: int) -> None:
        """That timer has been set."""
        self._asks_from_us = clock_us + self._wait_us
        self._wait_us = min(2 * self._wait_us, ASK_MAX_US)
