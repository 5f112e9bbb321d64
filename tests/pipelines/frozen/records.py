"""What a running job holds when its successor takes over: one of each record, and a contact in the middle of a wait."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.contact.timers import Host, TimerFiring, TimerResult, on_timer
from kittiwake.stream.records import BufferedEvent, InitialState, encode, key_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import HOUR_US, MINUTE_US, SECOND_US, format_instant, parse_instant
from tests.pipelines.frozen.graph import RULES
from tests.stream import sample_records

NOON_US: Final = parse_instant("2026-11-03T12:00:00Z")
FAR_US: Final = parse_instant("2026-12-01T00:00:00Z")
KEY: Final = key_of("acme", "c-1")
TRACE: Final = {"traceparent": sample_records.TRACE, "source": "shop"}


class Kept(NamedTuple):
    """What a contact has, between two wakes."""

    cell: bytes
    bag: list[bytes]


def arrival(event_id: str, after_us: int) -> BufferedEvent:
    """An item added to a cart, so long after noon."""
    at_us = NOON_US + after_us
    names = f'"event_id": "{event_id}", "account_id": "acme", "contact_id": "c-1", "type": "cart.item_added"'
    data = f'{{{names}, "time": "{format_instant(at_us)}", "properties": {{"price": 1.10}}}}'.encode()
    return BufferedEvent(at_us, event_id, "cart.item_added", data, TRACE, f"m-{event_id}", at_us + SECOND_US)


def fired(cell: bytes | None, bag: list[bytes], at_us: int) -> TimerResult:
    """A wake of the contact under rules with a wait of an hour."""
    history = RuleSetHistory((RuleSetVersion(None, load_files({"rules.yaml": RULES.encode()})),))
    known = StaticRules(history, HOUR_US).view(FAR_US)
    return on_timer(Host(known, TimerSettings()), KEY, cell, lambda: bag, TimerFiring(at_us, FAR_US))


def begun() -> Kept:
    """The contact after its first event has been settled, with a second one in its bag."""
    bag = [encode(arrival("e1", 0)), encode(arrival("e2", 10 * MINUTE_US))]
    found = fired(None, bag, NOON_US + MINUTE_US)
    assert found.cell is not None
    return Kept(found.cell, list(found.buffered))


def gone_on(kept: Kept) -> list[dict[str, Any]]:
    """What is told of a contact that goes on from there, until its wait is over."""
    found = fired(kept.cell, kept.bag, NOON_US + 2 * HOUR_US)
    return [
        {
            "trigger_id": one.trigger_id,
            "revision": one.revision,
            "time": format_instant(one.time_us),
            "decision": one.decision,
            "traceparent": one.traceparent,
        }
        for one in found.decisions
    ]


def records() -> dict[str, Any]:
    """One of each record that crosses from one release to the next, by its name."""
    return {
        "Arrival": arrival("e1", 0),
        "Seed": InitialState(NOON_US, b"state"),
        # Rows have tests of their own; when it fell due is not in what was frozen.
        "Told": replace(sample_records.trigger("a" * 32, sample_records.TRACE), row=b"{}", due_us=None),
        "Dead": sample_records.dead(),
        "Late": sample_records.late(),
    }
