"""One contact, a clock and rules: events happen, time passes, and decisions are taken off.

What scenario files and `kittiwake.testing.Story` are both played on. It drives the
kernel as a stream does: everything before the clock is evaluated when the clock moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from msgspec.structs import replace

from kittiwake.event_types import ENDINGS, is_feed_notice, is_item_change
from kittiwake.explain.explanation import explain
from kittiwake.explain.late import arrival_line, retold_line
from kittiwake.explain.model import Explanation, Line
from kittiwake.input.events import parse_event
from kittiwake.kernel import Advanced, Program, State, Versions, advance, new_state, unfinished
from kittiwake.kernel.evaluate.feeds import changed, notices, rhythms_of, silences_in
from kittiwake.kernel.items.of_contact import ContactJoin
from kittiwake.kernel.plan.versions import as_versions
from kittiwake.kernel.run.outputs import Unusable
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Decision, Event
from kittiwake.scenarios.expect import Known
from kittiwake.time.instants import HOUR_US, format_instant
from kittiwake.time.zones import instant_of_local, zone_of
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


def default_start_us(rules: Program | Versions) -> int:
    """Where the clock starts where nobody says."""
    return instant_of_local(as_versions(rules).programs[0].timezone, START_DAY, START_TIME_US)


class Player:
    """Plays one contact. Times are microseconds; the clock only goes forward.

    What happens at an instant that has been evaluated already happens a microsecond later.
    """

    def __init__(self, rules: Program | Versions, contact_id: str, start_us: int) -> None:
        self.versions = as_versions(rules)
        self.clock_us = start_us
        self.rule_ids: dict[str, str] = {}
        """By trigger id: whose decision it is."""
        self._state = new_state(contact_id)
        self._join = ContactJoin(self.versions, contact_id)
        self._own_zone: str | None = None
        self._waiting: list[Event] = []
        """Not given to the kernel yet."""
        self._given: list[tuple[list[Event], int]] = []
        """All that happened, call by call: events, of items too, and up to where they were evaluated."""
        self._accepted: list[Event] = []
        """What the kernel was given and was not too late: the contact's events, and item changes."""
        self._of_items: list[Event] = []
        """Events of items that have been evaluated."""
        self._of_others: list[Event] = []
        """Events of other contacts, likewise."""
        self._heard: list[Event] = []
        """Events of all contacts that feeds have heard of."""
        self._next_us = start_us
        """Nothing more can happen before."""
        self._newest_us = start_us - 1
        """Time of the newest event."""
        self._rows: dict[str, Decision] = {}
        """The newest row of every trigger id."""
        self._decided: list[Decision] = []
        """Since the last `take_decisions`."""
        self._held: set[str] = set()
        """Trigger ids of the deferred candidates at the last `take_decisions`."""
        self._corrections: list[Line] = []
        self._events = 0
        """How many had no id of their own."""
        self.unusable: dict[Unusable, int] = {}
        """Values that rules needed and could not use, and how often."""

    @property
    def zone(self) -> str:
        """The contact's zone, else that of the account in the version in force."""
        return self._own_zone or self.versions.at(self.clock_us).timezone

    # ------------------------------------------------------------ what happens

    def add_event(
        self,
        event_type: str,
        properties: Mapping[str, Any],
        *,
        event_id: str | None = None,
        ago_us: int = 0,
        item_id: str | None = None,
        other_id: str | None = None,
    ) -> Event:
        """An event happens now (`ago_us` earlier, and arrives now), to the contact, an item, or another contact.

        Raises:
            BadEventError: the job would not have read it.
        """
        self._events += event_id is None
        if ago_us:
            self._evaluate(self.clock_us)  # it comes after everything until now
        time_us = self.clock_us - ago_us if ago_us else max(self.clock_us, self._next_us)
        raw = {
            "event_id": event_id or f"e{self._events:04d}",
            "properties": dict(properties),
            "time": format_instant(time_us),
            "type": event_type,
            **({} if item_id is None else {"item_id": item_id}),
            **({} if other_id is None else {"contact_id": other_id}),
        }
        event = event_of(self.versions.newest.account_id, self._state.contact_id, raw)
        self._waiting.append(event)
        self._newest_us = max(self._newest_us, event.time_us)
        if not self._is_own(event):
            return event
        if event_type == "contact.updated" and "timezone" in event.properties:
            self._own_zone = zone_of(event.properties["timezone"])
        elif event_type in ENDINGS:
            self._own_zone = None
        return event

    def pass_to(self, time_us: int) -> None:
        """Let time pass; what falls due until then is decided when somebody asks, or something comes of it."""
        assert time_us >= self.clock_us, "the clock only goes forward"
        if any(event.time_us < self.clock_us for event in self._waiting):
            self._evaluate(self.clock_us)  # it corrects what was emitted until now
        self.clock_us = time_us
        self._next_us = max(self._next_us, time_us)

    def take_decisions(self) -> list[Decision]:
        """What was decided since the last call, events of this instant included; then what is newly held."""
        self._evaluate_all()
        decided, self._decided = self._decided, []
        held = unfinished(self.versions, self._state)
        new = [one for one in held if one.trigger_id not in self._held]
        self._held = {one.trigger_id for one in held}
        self.rule_ids.update((one.trigger_id, one.rule_id) for one in held)
        return [*decided, *new]

    # ------------------------------------------------------------ what becomes of the rules

    def publishing_us(self, effective_us: int | None = None) -> int:
        """When rules that are published now come into force: at a later instant, or now, before all else of it.

        What was before is decided by the rules that there are. After an event or `take_decisions` of this instant, now
        is a microsecond later.

        Raises:
            ValueError: rules that were published before come into force later.
        """
        self._evaluate(self.clock_us - 1)
        evaluated_to_us = self._state.evaluated_to_us
        now_us = max(
            self.clock_us, self._newest_us + 1, self.clock_us if evaluated_to_us is None else evaluated_to_us + 1
        )
        before_us = self.versions.newest.effective_us
        if before_us is not None and before_us >= max(now_us, effective_us or now_us):
            if before_us > self._next_us:
                raise ValueError(f"rules published before come into force at {format_instant(before_us)}")
            now_us = before_us + 1
        if effective_us is not None and effective_us > now_us:
            return effective_us
        self._next_us = max(self._next_us, now_us)
        return now_us

    def change_rules(self, versions: Versions) -> None:
        """Go on by versions that are as before up to the next instant.

        Where they have the whole history it is as if they had been known all the time: rules look back on what was
        before them.
        """
        versions = replace(versions, silences=silences_in(versions, self._heard))
        self.versions = replace(versions, frozen_at_us=self.versions.frozen_at_us)
        self._join.change_rules(versions)
        if versions.whole_history:
            state = new_state(self._state.contact_id)
            self._join, self._accepted = ContactJoin(versions, state.contact_id), []
            for events, upto_us in self._given:
                state = self._advanced(versions, state, events, upto_us).state
            self._state = state

    def freeze(self) -> None:
        """Decide nothing that happens from now on."""
        frozen_at_us = self._evaluate_all()
        self.versions = replace(self.versions, frozen_at_us=frozen_at_us)

    def unfreeze(self) -> None:
        """Decide again, in the order of its times, what has waited."""
        self.versions = replace(self.versions, frozen_at_us=None)

    # ------------------------------------------------------------ what came of it

    @property
    def events(self) -> tuple[Event, ...]:
        """All that has happened and was not too late."""
        own = (event for event in self._accepted if not is_item_change(event.type))
        return (*own, *self._of_items, *self._of_others, *self._waiting)

    @property
    def evaluated_to_us(self) -> int | None:
        """Up to where everything is decided; None: nothing is known of the contact."""
        return self._state.evaluated_to_us

    @property
    def known(self) -> Known:
        """What it takes to compare decisions with what is expected."""
        return Known(self.zone, self.rule_ids)

    def explanation(self) -> Explanation:
        """All that has happened so far, as it is known now, and what was emitted before it was known."""
        self._evaluate(self.clock_us)
        evaluated_to_us = self._state.evaluated_to_us
        upto_us = self.clock_us if evaluated_to_us is None else evaluated_to_us
        whole = advance(self.versions, new_state(self._state.contact_id), self._accepted, upto_us, trace=True)
        return explain(self.versions, whole.state, whole.trace, self._corrections)

    def _evaluate_all(self) -> int:
        """Evaluate this instant, with the events at it; up to where."""
        upto_us = max(self.clock_us, self._next_us, self._newest_us + 1)
        self._evaluate(upto_us)
        return upto_us

    def _evaluate(self, upto_us: int) -> None:
        if self._state.evaluated_to_us is None and not any(map(self._is_own, self._waiting)):
            return  # nothing is known of a contact before its first event
        events, self._waiting = self._waiting, []
        self._of_items.extend(event for event in events if event.item_id is not None)
        found = self._hear(events)
        advanced = self._advanced(self.versions, self._state, [*events, *found], upto_us, trace=True)
        self._state = advanced.state
        evaluated_to_us = self._state.evaluated_to_us
        assert evaluated_to_us is not None
        self._next_us = max(self._next_us, evaluated_to_us)
        self._given.append((events, evaluated_to_us))
        self._note_corrections(advanced)
        for row in advanced.decisions:
            self._rows[row.trigger_id] = row
            self.rule_ids[row.trigger_id] = row.rule_id
        self._decided.extend(advanced.decisions)
        for one, number in advanced.unusable.items():
            self.unusable[one] = self.unusable.get(one, 0) + number

    def _advanced(
        self, versions: Versions, state: State, events: Sequence[Event], upto_us: int, *, trace: bool = False
    ) -> Advanced:
        """The contact with its own events of these, and the changes of items that it is given."""
        own = self._join.with_changes(
            event for event in events if event.item_id is not None or is_feed_notice(event.type) or self._is_own(event)
        )
        advanced = advance(versions, state, own, upto_us, trace=trace)
        beyond = set(map(id, advanced.late))
        self._accepted.extend(event for event in own if id(event) not in beyond)
        return advanced

    def _hear(self, events: Sequence[Event]) -> list[Event]:
        """Let feeds hear of events; what notifies the contact that something else is known now of what is decided."""
        evaluated_to_us = self._state.evaluated_to_us
        edge_us = None if evaluated_to_us is None else evaluated_to_us - self.versions.horizon_us
        in_time = [event for event in events if event.item_id is None and (edge_us is None or event.time_us >= edge_us)]
        self._heard.extend(in_time)
        self._of_others.extend(event for event in in_time if not self._is_own(event))
        if not rhythms_of(self.versions):
            return []
        before, after = self.versions.silences, silences_in(self.versions, self._heard)
        self.versions = replace(self.versions, silences=after)
        number = str(len(self._given))
        return notices(changed(before, after), self._state, self.versions.horizon_us, lambda _: number)

    def _is_own(self, event: Event) -> bool:
        return event.item_id is None and event.contact_id == self._state.contact_id

    def _note_corrections(self, advanced: Advanced) -> None:
        for step in advanced.trace:
            if step.kind in (StepKind.CORRECTED, StepKind.LATE):
                self._corrections.append(arrival_line(step, self.clock_us, self.zone))
        for row in advanced.decisions:
            if row.late:
                before = self._rows.get(row.trigger_id)
                self._corrections.append(retold_line(row, before, self.clock_us, self.zone))
