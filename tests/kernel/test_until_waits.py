"""`wait: {until: …}` beyond what can be said as data: tests/conformance has the rest."""

from __future__ import annotations

from typing import Any

from kittiwake.model import Decision, Event
from kittiwake.reasons import Reason
from kittiwake.time.instants import DAY_US
from tests.kernel.execution_modes import decided_in_every_mode
from tests.kernel.programs import at, program

ARMED = "2026-03-01T00:00:00Z"


def decided(rule: str, *events: tuple[str, str, dict[str, Any]]) -> list[Decision]:
    """What is decided of events at given instants."""
    given = [Event(at(time), f"{i}", name, properties) for i, (time, name, properties) in enumerate(events)]
    return decided_in_every_mode(program(rule), given, at(events[-1][0]) + 450 * DAY_US)


def updated(time: str, **attributes: Any) -> tuple[str, str, dict[str, Any]]:
    return time, "contact.updated", attributes


def test_a_date_moved_beyond_the_longest_wait_is_refused_under_the_id_it_would_have_had() -> None:
    rule = "{when: a, wait: {until: contact.ends}}"
    armed = [updated(ARMED, ends="2026-05-01"), ("2026-03-02T00:00:00Z", "a", {})]
    (refused,) = decided(rule, *armed, updated("2026-03-03T00:00:00Z", ends="2028-06-01"))
    (fired,) = decided(rule, *armed)
    assert (refused.reason, fired.reason) == (Reason.LIMIT, None)
    assert refused.trigger_id == fired.trigger_id
