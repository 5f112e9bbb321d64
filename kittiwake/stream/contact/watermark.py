"""How far the watermark has come, and whether it stands at the end of time, as a drain leaves it: what a process knows.

A host cannot read its watermark; that a timer fires says only that the watermark has come to what it was set for, and
it never goes back. So the latest of all timers that have fired in a process is the least that it may be, and a contact
that is held back need not be tried again before: such a timer would fire at once. Where timers fire early, or one key's
watermark lags behind another's, it is tried again by so much later; nothing is evaluated by it.

Where a contact is held back by the clock, a process now and then sets one timer more for the end of time. It fires at
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


class Watermark:
    """What a process knows of it, and whether it asks for its end."""

    def __init__(self) -> None:
        self.reached_us = BEFORE_ALL_US
        """What the latest timer that has fired in this process was set for."""
        self._asks_from_us = BEFORE_ALL_US
        self._wait_us = ASK_US

    def note_firing(self, at_us: int) -> None:
        """A timer that was set for this instant has fired."""
        self.reached_us = max(self.reached_us, at_us)

    def asks(self, clock_us: int) -> bool:
        """Whether a contact that is ahead of the clock is to set the timer that asks."""
        return self.reached_us < END_TIMER_US and clock_us >= self._asks_from_us

    def note_asked(self, clock_us: int) -> None:
        """That timer has been set."""
        self._asks_from_us = clock_us + self._wait_us
        self._wait_us = min(2 * self._wait_us, ASK_MAX_US)
