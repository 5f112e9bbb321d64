"""A clock that is wrong by centuries: of one producer's event, or of the watermark. Nobody's deadline comes early."""

from __future__ import annotations

import json

from kittiwake.input.shapes.base import CANONICAL
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.records import DeadLetterRecord, encode
from kittiwake.time.instants import HOUR_US, MINUTE_US, format_instant, parse_instant
from tests.stream.fault_injecting_runner import Bundle
from tests.stream.test_faults import START_US, Host

YEAR_2200_US = parse_instant("2200-01-01T00:00:00Z")


def cart(event_id: str, contact: str, at_us: int) -> bytes:
    return (
        f'{{"event_id":"{event_id}","account_id":"acme","contact_id":"{contact}","type":"cart.item_added",'
        f'"time":"{format_instant(at_us)}"}}'
    ).encode()


def test_an_event_of_the_year_2200_is_a_dead_letter_and_leaves_its_own_contact_and_all_others_as_they_are() -> None:
    host = Host()
    for event_id, contact, at_us in (("e1", "c1", START_US), ("e2", "c1", YEAR_2200_US), ("e3", "c2", YEAR_2200_US)):
        found = take(Message(cart(event_id, contact, at_us)), START_US, host.view(START_US), IntakeSettings(CANONICAL))
        if isinstance(found, Brought):
            host.runner.run(Bundle([(one.key, encode(one.arrival)) for one in found.needed]))
        else:
            assert isinstance(found, DeadLetterRecord)
            assert (event_id, found.reason) in {("e2", DeadLetterReason.TIME_IN_FUTURE), ("e3", "time_in_future")}
    host.pass_to(START_US + 59 * MINUTE_US)
    assert host.rows == []
    host.pass_to(START_US + 2 * HOUR_US)
    assert [(one.decision, one.time_us) for one in host.runner.emitted] == [("fired", START_US + HOUR_US)]


def test_a_watermark_of_the_year_2200_decides_nothing_before_its_time_by_the_clock() -> None:
    """It is held as a drain is, from which a host cannot tell it: what is pending waits for the next wake."""
    host = Host()
    for number in range(4):
        host.give(f"e{number}", "cart.item_added", START_US + number * MINUTE_US, contact=f"c{number}")
    host.pass_to(START_US + 10 * MINUTE_US)
    host.pass_to(YEAR_2200_US, clock_us=START_US + 10 * MINUTE_US)
    host.give("e9", "order.completed", START_US + 30 * MINUTE_US, contact="c1")
    host.pass_to(YEAR_2200_US, clock_us=START_US + 59 * MINUTE_US)
    assert host.rows == []
    host.give("e10", "page.viewed", START_US + 2 * HOUR_US, contact="c0")
    host.pass_to(YEAR_2200_US, clock_us=START_US + 3 * HOUR_US)
    assert fired(host) == {"c0"}, "an event of its own wakes a contact"
    host.pass_to(2 * YEAR_2200_US, clock_us=START_US + 3 * HOUR_US)
    assert fired(host) == {"c0", "c2", "c3"}, "a watermark that moves wakes the others; c1 has bought"
    assert {one.time_us for one in host.runner.emitted} == {
        START_US + HOUR_US + number * MINUTE_US for number in (0, 2, 3)
    }


def fired(host: Host) -> set[str]:
    """Contacts that something has fired for."""
    return {json.loads(one.row)["contact_id"] for one in host.runner.emitted}
