"""One contact, a clock and rules: events are told, time passes, and what was decided is looked at.

What scenario files and the stories of `kittiwake.testing` are both played on. It drives the
kernel as a stream does: everything before the clock is settled when the clock moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from kittiwake.kernel.advance import Advanced, advance, unfinished
from kittiwake.kernel.program import Program
from kittiwake.kernel.state import new_state
from kittiwake.kernel.trace import Step
from kittiwake.model import Decision, Event
from kittiwake.replay.events import parse_event
from kittiwake.replay.explain import explain
from kittiwake.replay.explain_model import Explanation
from kittiwake.time.instants import HOUR_US, format_instant
from kittiwake.time.zones import instant_of_local, is_zone
from kittiwake.values import canonical

START_DAY: Final = date(2026, 1, 5)
START_TIME_US: Final = 12 * HOUR_US
"""Where the clock starts where nobody says: at noon of a Monday, by the account's clock, outside quiet hours."""

ACCOUNT: Final = "acme"
CONTACT: Final = "c1"
NO_END_US: Final = 2**62
"""A start of the run after every event: nothing lies in its future."""


class BadEventError(ValueError):
    """An event that the job would not have read."""


def event_of(account_id: str, contact_id: str, raw: Mapping[str, Any]) -> Event:
    """An event as the job would read it; the subject is filled in where `raw` leaves it out.

    Raises:
        BadEventError: it would be a dead letter.
    """
    whole = {"account_id": account_id, **raw}
    if "item_id" not in whole:
        whole.setdefault("contact_id", contact_id)
    event = parse_event(canonical(whole).encode(), str(whole.get("event_id")), NO_END_US)
    if not isinstance(event, Event):
        raise BadEventError(f"{event.reason}: {event.detail}")
    return event


def default_start_us(program: Program) -> int:
    """Where the clock starts where nobody says."""
    return instant_of_local(program.timezone, START_DAY, START_TIME_US)


class Player:
    """Plays one contact. Times are microseconds; the clock only goes forward."""

    def __init__(self, program: Program, contact_id: str, start_us: int) -> None:
        self.program = program
        self.clock_us = start_us
        self.zone = program.timezone
        self._state = new_state(contact_id)
        self._steps: list[Step] = []
        self._told: list[Event] = []
        """Not given to the kernel yet."""
        self._newest_us = start_us - 1
        """Time of the newest event."""
        self._decided: list[Decision] = []
        """Since the last look."""
        self._held: set[str] = set()
        """Trigger ids of deferred candidates that a look has returned."""
        self._events = 0
        """How many had no id of their own."""

    def tell(
        self, event_type: str, properties: Mapping[str, Any], *, event_id: str | None = None, ago_us: int = 0
    ) -> Event:
        """An event happens now (`ago_us` earlier, and arrives now).

        After a look at this very instant it happens a microsecond later, for that instant has passed.

        Raises:
            BadEventError: the job would not have read it.
        """
        self._events += event_id is None
        settled_us = self._state.settled_us
        time_us = self.clock_us - ago_us if ago_us else max(self.clock_us, settled_us or self.clock_us)
        raw = {
            "event_id": event_id or f"e{self._events:04d}",
            "properties": dict(properties),
            "time": format_instant(time_us),
            "type": event_type,
        }
        event = event_of(self.program.account_id, self._state.contact_id, raw)
        self._told.append(event)
        self._newest_us = max(self._newest_us, event.time_us)
        if event_type == "contact.updated" and "timezone" in event.properties:
            name = event.properties["timezone"]
            self.zone = name if is_zone(name) else self.program.timezone
        return event

    def pass_to(self, time_us: int) -> None:
        """Let time pass: events before it are settled, deadlines up to and at it."""
        assert time_us >= self.clock_us, "the clock only goes forward"
        self.clock_us = time_us
        self._settle(time_us)

    def look(self) -> list[Decision]:
        """What was decided since the last look, events of this instant included; then what is newly held."""
        self._settle(max(self.clock_us, self._newest_us + 1))
        decided, self._decided = self._decided, []
        held = unfinished(self.program, self._state)
        new = [one for one in held if one.trigger_id not in self._held]
        self._held = {one.trigger_id for one in held}
        return [*decided, *new]

    def explanation(self) -> Explanation:
        """All that has happened so far."""
        return explain(self.program, self._state, self._steps)

    def _settle(self, upto_us: int) -> None:
        advanced: Advanced = advance(self.program, self._state, self._told, upto_us, trace=True)
        self._told, self._state = [], advanced.state
        self._steps.extend(advanced.trace)
        self._decided.extend(advanced.decisions)
