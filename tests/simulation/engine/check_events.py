"""Which of a contact's events count: those given inside the horizon; and what has to become of others and of copies."""

from __future__ import annotations

from collections.abc import Iterable

from kittiwake.kernel.late.checkpoint import compacted
from kittiwake.kernel.late.deduplication import identity_of, order_key
from kittiwake.kernel.state.codec import encode
from kittiwake.model import Event, rest_of
from tests.simulation.engine.machines import Call
from tests.simulation.engine.wrong import demand


class Arrivals:
    """The events of one contact that count, in the order in which they came."""

    def __init__(self) -> None:
        self.counted: list[Event] = []
        self.beyond: list[Event] = []

    def take(self, call: Call) -> None:
        """Take what was given in a call, and see what became of what came too late, and of copies."""
        evaluated_to_us, horizon_us = call.before.evaluated_to_us, call.versions.horizon_us
        needed = [event for event in call.given if call.versions.at(event.time_us).wants(event.type)]
        inside = [event for event in needed if evaluated_to_us is None or event.time_us >= evaluated_to_us - horizon_us]
        beyond = [
            event for event in needed if evaluated_to_us is not None and event.time_us < evaluated_to_us - horizon_us
        ]
        self._check_duplicates(call, needed)
        self._check_beyond(call, beyond)
        self.counted += inside
        self.beyond += call.advanced.late

    def newest_us(self, before_us: int) -> int | None:
        """The time of the newest event that counts, copies among them, of those before an instant."""
        return max((event.time_us for event in self.counted if event.time_us < before_us), default=None)

    def _check_beyond(self, call: Call, beyond: list[Event]) -> None:
        """An event beyond the horizon comes out whole, unless it is a copy of one that is still known."""
        evaluated_to_us, horizon_us, late = (
            call.before.evaluated_to_us,
            call.versions.horizon_us,
            list(call.advanced.late),
        )
        demand(all(event in beyond for event in late), "late output", *late)
        known = _that_count(self.counted, horizon_us)
        for event in beyond:
            assert evaluated_to_us is not None
            copied = [one for one in known if _is_copy_of(event, one, horizon_us)]
            if not copied:
                demand(event in late, "late output", "lost", event, f"settled {evaluated_to_us}")
            elif any(one.time_us >= evaluated_to_us - 2 * horizon_us and _is_newest(one, known) for one in copied):
                demand(event not in late, "late output", "a copy", event, f"settled {evaluated_to_us}")

    def _check_duplicates(self, call: Call, needed: list[Event]) -> None:
        """What has been there already, alike, changes nothing inside the horizon."""
        evaluated_to_us = call.before.evaluated_to_us
        if (
            not needed
            or evaluated_to_us is None
            or call.advanced.state.evaluated_to_us != evaluated_to_us
            or call.before.inbox
        ):
            return
        edge_us = evaluated_to_us - call.versions.horizon_us
        if any(not edge_us <= event.time_us < evaluated_to_us or not self._has(event) for event in needed):
            return
        advanced = call.advanced
        demand(not advanced.decisions and not advanced.late, "a duplicate changes nothing", *needed)
        before, after = (encode(compacted(call.versions, state)) for state in (call.before, advanced.state))
        demand(before == after, "a duplicate changes nothing", "but the state", *needed)

    def _has(self, event: Event) -> bool:
        return any((order_key(one), rest_of(one)) == (order_key(event), rest_of(event)) for one in self.counted)


def _is_newest(event: Event, known: Iterable[Event]) -> bool:
    """Whether its id has not come back since: of an id the kernel knows the newest time."""
    return all(one.time_us <= event.time_us for one in known if identity_of(one) == identity_of(event))


def _is_copy_of(event: Event, one: Event, horizon_us: int) -> bool:
    return identity_of(one) == identity_of(event) and 0 <= event.time_us - one.time_us <= horizon_us


def _that_count(events: Iterable[Event], horizon_us: int) -> list[Event]:
    """Of copies the first, and each that comes more than the horizon after the one that counts."""
    newest: dict[tuple[str, str], Event] = {}
    found = []
    for event in sorted(events, key=lambda one: (one.time_us, rest_of(one))):
        before = newest.get(identity_of(event))
        if before is None or event.time_us - before.time_us > horizon_us:
            newest[identity_of(event)] = event
            found.append(event)
    return found
